//! Inspections: what is wrong with the audit trail, if anything is.
//!
//! An [`Inspection`] is shown every seal, chain by chain and in order, with its entry, and then every
//! entry that no seal names. It remembers no more than where it is and what it found first.

use std::collections::BTreeMap;
use std::fmt;

use chrono::TimeDelta;

use crate::checkpoint::Checkpoint;
use crate::id::{AuditEntryId, ChainId};
use crate::seal::{Head, Seal, StoredEntry};
use crate::time::Timestamp;

/// How many flaws are named. The others are counted.
const NAMED: usize = 20;

/// Something about the trail that nothing but a change from outside explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The entry is not what was sealed.
    Changed(AuditEntryId),
    /// The entry that was sealed is not there.
    Missing(AuditEntryId),
    /// The seal of the entry does not follow the one before.
    Displaced(AuditEntryId),
    /// Seals are not there, from one number to another.
    Gap(ChainId, u64, u64),
    /// The entry was never sealed, and does not wait for it either.
    Unsealed(AuditEntryId),
    /// The chain has another seal where the checkpoint was taken.
    Rewritten(ChainId, u64),
    /// The chain is shorter than it was at the checkpoint.
    Shortened(ChainId, u64, u64),
    /// The chain of the checkpoint is not there.
    Gone(ChainId),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(entry) => write!(f, "entry {entry} was changed after it was sealed"),
            Self::Missing(entry) => write!(f, "entry {entry} is missing: it was taken out"),
            Self::Displaced(entry) => write!(
                f,
                "entry {entry} is out of order: its seal does not follow the one before it, so that \
                seals were moved, changed, put in or taken out"
            ),
            Self::Gap(chain, from, to) => {
                write!(f, "chain {chain} lacks its seals {from} to {to}: they were taken out")
            }
            Self::Unsealed(entry) => {
                write!(f, "entry {entry} was never sealed: it or its seal comes from elsewhere")
            }
            Self::Rewritten(chain, number) => {
                write!(f, "chain {chain} is not that of the checkpoint: seal {number} is another")
            }
            Self::Shortened(chain, length, was) => {
                write!(f, "chain {chain} was cut off: it has {length} seals, and once had {was}")
            }
            Self::Gone(chain) => write!(f, "chain {chain} of the checkpoint is gone"),
        }
    }
}

/// What an inspection has found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// The first flaws, in the order of the trail.
    pub flaws: Vec<Flaw>,
    /// How many there are.
    pub flawed: u64,
    /// How many entries are sealed.
    pub sealed: u64,
    /// How many entries wait to be sealed.
    pub waiting: u64,
    /// How many were sealed long after they were written: after a crash, or after the update that
    /// brought seals. Or somebody has written them behind the program's back.
    pub late: u64,
    /// The first of them.
    pub first_late: Option<AuditEntryId>,
    /// Where the chains end.
    pub checkpoint: Checkpoint,
}

/// The state of an inspection.
#[derive(Debug, Default)]
pub struct Inspection {
    noted: BTreeMap<ChainId, Head>,
    head: Option<Head>,
    heads: Vec<Head>,
    findings: Findings,
}

impl Inspection {
    /// After this time a seal comes late.
    const PROMPT: TimeDelta = TimeDelta::minutes(10);

    /// Begins, and remembers a checkpoint that was taken before.
    pub fn since(checkpoint: &Checkpoint) -> Self {
        let noted = checkpoint.heads().iter().map(|head| (head.chain, *head)).collect();
        Self { noted, ..Self::default() }
    }

    /// Looks at the next seal and its entry. `None` stands for an entry that is not there, and
    /// [`Unreadable`] for one that cannot be read as an entry.
    pub fn look_at(&mut self, seal: &Seal, entry: Result<Option<&StoredEntry>, Unreadable>) {
        let before = match self.head {
            Some(head) if head.chain == seal.chain => head,
            Some(_) | None => {
                self.end_chain();
                Head::before_all(seal.chain)
            }
        };
        self.findings.sealed += 1;
        if seal.number != before.length + 1 {
            self.note(Flaw::Gap(seal.chain, before.length + 1, seal.number.saturating_sub(1)));
        } else if !before.is_followed_by(seal) {
            self.note(Flaw::Displaced(seal.entry));
        }
        match entry {
            Ok(Some(entry)) if entry.digest() == seal.digest => self.mind_the_time(seal, entry),
            Ok(Some(_)) | Err(Unreadable) => self.note(Flaw::Changed(seal.entry)),
            Ok(None) => self.note(Flaw::Missing(seal.entry)),
        }
        // From here on the chain is held to what is there: one change is one flaw.
        let head = seal.as_head();
        if let Some(noted) = self.noted.get(&head.chain)
            && noted.length == head.length
            && noted.hash != head.hash
        {
            self.note(Flaw::Rewritten(head.chain, head.length));
        }
        self.head = Some(head);
    }

    /// Looks at an entry that no seal names.
    pub fn look_at_unsealed(&mut self, entry: AuditEntryId, waits: bool) {
        if waits {
            self.findings.waiting += 1;
        } else {
            self.note(Flaw::Unsealed(entry));
        }
    }

    /// Ends, when everything was looked at.
    pub fn end(mut self) -> Findings {
        self.end_chain();
        let heads: BTreeMap<_, _> =
            self.heads.iter().map(|head| (head.chain, head.length)).collect();
        for noted in std::mem::take(&mut self.noted).into_values() {
            match heads.get(&noted.chain) {
                None => self.note(Flaw::Gone(noted.chain)),
                Some(length) if *length < noted.length => {
                    self.note(Flaw::Shortened(noted.chain, *length, noted.length));
                }
                Some(_) => {}
            }
        }
        Findings { checkpoint: Checkpoint::of(self.heads), ..self.findings }
    }

    fn end_chain(&mut self) {
        self.heads.extend(self.head.take());
    }

    fn mind_the_time(&mut self, seal: &Seal, entry: &StoredEntry) {
        let written = Timestamp::new(entry.at).unwrap_or(Timestamp::EPOCH);
        if written.saturating_add(Self::PROMPT) < seal.at {
            self.findings.late += 1;
            self.findings.first_late.get_or_insert(seal.entry);
        }
    }

    fn note(&mut self, flaw: Flaw) {
        self.findings.flawed += 1;
        if self.findings.flaws.len() < NAMED {
            self.findings.flaws.push(flaw);
        }
    }
}

/// An entry whose columns hold something else than an entry has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::Uuid;
    use crate::seal::a_stored_entry;
    use crate::time::at;

    type Chain = Vec<(Seal, Option<StoredEntry>)>;

    fn chain_id(number: u128) -> ChainId {
        ChainId::new(Uuid::from_u128(number))
    }

    /// Seals entries into a chain, a second after they were written.
    fn a_chain(number: u128, entries: u128) -> Chain {
        let mut head = Head::before_all(chain_id(number));
        let entries = (0..entries).map(|entry| a_stored_entry(number * 1000 + entry));
        let sealed = entries.map(|entry| {
            let id = AuditEntryId::new(entry.id);
            (head.seal(id, entry.digest(), at("2030-01-07T09:00:01Z")), Some(entry))
        });
        sealed.collect()
    }

    fn inspect(chains: &[Chain], checkpoint: &Checkpoint) -> Findings {
        let mut inspection = Inspection::since(checkpoint);
        for (seal, entry) in chains.iter().flatten() {
            inspection.look_at(seal, Ok(entry.as_ref()));
        }
        inspection.end()
    }

    fn flaws(chain: Chain) -> Vec<Flaw> {
        inspect(&[chain, a_chain(2, 3)], &Checkpoint::default()).flaws
    }

    #[test]
    fn a_trail_that_nobody_touched_has_no_flaws_and_fits_every_earlier_checkpoint() {
        let chains = [a_chain(1, 5), a_chain(2, 3)];
        let earlier = inspect(&[a_chain(1, 2)], &Checkpoint::default()).checkpoint;

        let findings = inspect(&chains, &earlier);

        assert_eq!((findings.flaws, findings.sealed, findings.late), (vec![], 8, 0));
        assert!(inspect(&chains, &findings.checkpoint).flaws.is_empty());
        assert_eq!(findings.checkpoint.heads().len(), 2);
    }

    #[test]
    fn each_change_is_named_and_nothing_else() {
        let id = |number: u128| AuditEntryId::new(Uuid::from_u128(1000 + number));

        let mut changed = a_chain(1, 5);
        changed[2].1.as_mut().unwrap().outcome = "denied".to_owned();
        assert_eq!(flaws(changed), [Flaw::Changed(id(2))]);

        let mut missing = a_chain(1, 5);
        missing[2].1 = None;
        assert_eq!(flaws(missing), [Flaw::Missing(id(2))]);

        let mut cut_out = a_chain(1, 5);
        cut_out.drain(1..3);
        assert_eq!(flaws(cut_out), [Flaw::Gap(chain_id(1), 2, 3)]);

        let mut beheaded = a_chain(1, 5);
        beheaded.remove(0);
        assert_eq!(flaws(beheaded), [Flaw::Gap(chain_id(1), 1, 1)]);

        let mut closed_up = a_chain(1, 5);
        closed_up.remove(2);
        for (seal, _) in &mut closed_up[2..] {
            seal.number -= 1;
        }
        assert_eq!(flaws(closed_up), [Flaw::Displaced(id(3)), Flaw::Displaced(id(4))]);

        let mut swapped = a_chain(1, 5);
        let [one, other] = [swapped[1].0.entry, swapped[2].0.entry];
        (swapped[1].0.entry, swapped[2].0.entry) = (other, one);
        let entry = swapped[1].1.clone();
        swapped[1].1 = std::mem::replace(&mut swapped[2].1, entry);
        let expected = [2, 1].map(id).map(|id| [Flaw::Displaced(id), Flaw::Changed(id)]).concat();
        assert_eq!(flaws(swapped), expected);

        let mut unreadable = Inspection::default();
        unreadable.look_at(&a_chain(1, 1)[0].0, Err(Unreadable));
        assert_eq!(unreadable.end().flaws, [Flaw::Changed(id(0))]);
    }

    #[test]
    fn an_end_that_was_cut_off_is_found_with_a_checkpoint() {
        let checkpoint =
            inspect(&[a_chain(1, 5), a_chain(2, 3)], &Checkpoint::default()).checkpoint;

        let cut = [a_chain(1, 4), a_chain(2, 3)];
        assert!(inspect(&cut, &Checkpoint::default()).flaws.is_empty(), "nothing else tells");
        assert_eq!(inspect(&cut, &checkpoint).flaws, [Flaw::Shortened(chain_id(1), 4, 5)]);
        assert_eq!(inspect(&[a_chain(1, 5)], &checkpoint).flaws, [Flaw::Gone(chain_id(2))]);
    }

    #[test]
    fn a_chain_that_was_made_anew_is_found_with_a_checkpoint() {
        let checkpoint = inspect(&[a_chain(1, 3)], &Checkpoint::default()).checkpoint;
        let mut head = Head::before_all(chain_id(1));
        let anew = (0..5).map(|number| {
            let entry = StoredEntry { action: "sign_in".to_owned(), ..a_stored_entry(number) };
            let id = AuditEntryId::new(entry.id);
            (head.seal(id, entry.digest(), at("2030-01-07T09:00:01Z")), Some(entry))
        });
        let anew = [anew.collect()];

        assert!(inspect(&anew, &Checkpoint::default()).flaws.is_empty(), "nothing else tells");
        assert_eq!(inspect(&anew, &checkpoint).flaws, [Flaw::Rewritten(chain_id(1), 3)]);
    }

    #[test]
    fn what_waits_is_counted_and_what_nobody_sealed_is_a_flaw() {
        let [waiting, foreign] = [1, 2].map(|id| AuditEntryId::new(Uuid::from_u128(id)));
        let mut inspection = Inspection::default();

        inspection.look_at_unsealed(waiting, true);
        inspection.look_at_unsealed(foreign, false);

        let findings = inspection.end();
        assert_eq!((findings.waiting, findings.flaws), (1, vec![Flaw::Unsealed(foreign)]));
    }

    #[test]
    fn what_was_sealed_long_after_it_was_written_is_remarked_on() {
        let entry = a_stored_entry(1);
        let mut head = Head::before_all(chain_id(1));
        let id = AuditEntryId::new(entry.id);
        let seal = head.seal(id, entry.digest(), at("2030-01-07T09:10:01Z"));
        let mut inspection = Inspection::default();

        inspection.look_at(&seal, Ok(Some(&entry)));

        let findings = inspection.end();
        assert_eq!((findings.flawed, findings.late, findings.first_late), (0, 1, Some(id)));
    }

    #[test]
    fn however_much_is_wrong_the_first_are_named_and_all_are_counted() {
        let mut chain = a_chain(1, 500);
        for (_, entry) in &mut chain {
            *entry = None;
        }

        let findings = inspect(&[chain], &Checkpoint::default());

        assert_eq!((findings.flaws.len(), findings.flawed), (NAMED, 500));
    }

    proptest! {
        /// Whatever is done to a chain but for cutting off its end shows, and with a checkpoint that too.
        #[test]
        fn no_chain_is_changed_unseen(length in 2_u128..12, which in any::<prop::sample::Index>(), how in 0..6) {
            let mut chain = a_chain(1, length);
            let checkpoint = inspect(&[chain.clone()], &Checkpoint::default()).checkpoint;
            let which = which.index(chain.len());
            let is_last = which + 1 == chain.len();
            match how {
                0 => chain[which].1.as_mut().unwrap().action = "other".to_owned(),
                1 => chain[which].1 = None,
                2 => { chain.remove(which); }
                3 => chain[which].0.at = at("2030-01-07T09:00:02Z"),
                4 => chain.swap(which, (which + 1) % usize::try_from(length).unwrap()),
                _ => chain[which].0.digest = a_stored_entry(77).digest(),
            }

            let seen = inspect(&[chain.clone()], &Checkpoint::default()).flawed;
            prop_assert_eq!(seen == 0, how == 2 && is_last);
            prop_assert!(0 < inspect(&[chain], &checkpoint).flawed);
        }
    }
}
