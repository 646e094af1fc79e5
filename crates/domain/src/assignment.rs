//! Assignments: which doctors are assigned to a patient's care, and which of them comes first.
//!
//! A patient has one active assignment to each doctor at the most, and one active primary one. A new
//! primary one takes the place of the old.

use crate::change::Change;
use crate::doctor::Doctor;
use crate::id::{AssignmentId, DoctorId, PatientId, UserId};
use crate::patient::Patient;
use crate::policy::Action;
use crate::revision::Revision;
use crate::rule::{Rule, RuleCode};
use crate::text::{AssignmentNotes, Reason};
use crate::time::Timestamp;

/// A doctor assigned to a patient's care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The id.
    pub id: AssignmentId,
    /// Who cares.
    pub doctor: DoctorId,
    /// For whom.
    pub patient: PatientId,
    /// Who made that patient's record, and may see the assignment for it.
    pub patient_created_by: UserId,
    /// Whether the doctor comes first among the patient's, or did when it ended.
    pub is_primary: bool,
    /// Why the doctor is assigned.
    pub reason: Option<Reason>,
    /// What else there is to know.
    pub notes: Option<AssignmentNotes>,
    /// The user who made it.
    pub created_by: UserId,
    /// When it ended; it is active until then.
    pub ended_at: Option<Timestamp>,
    /// When it was taken away.
    pub archived_at: Option<Timestamp>,
    /// When it was made, and what has changed since.
    pub revision: Revision,
}

/// What an assignment says besides who cares for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignmentTerms {
    /// Whether the doctor comes first.
    pub is_primary: bool,
    /// Whether it begins; one that does not is kept for the record.
    pub is_active: bool,
    /// Why the doctor is assigned.
    pub reason: Option<Reason>,
    /// What else there is to know.
    pub notes: Option<AssignmentNotes>,
}

/// What somebody changes of an assignment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AssignmentChanges {
    /// Whether the doctor comes first.
    pub is_primary: Change<bool>,
    /// Whether it goes on.
    pub is_active: Change<bool>,
    /// Why the doctor is assigned.
    pub reason: Change<Option<Reason>>,
    /// What else there is to know.
    pub notes: Change<Option<AssignmentNotes>>,
}

impl AssignmentChanges {
    /// Returns what has to be allowed for them: ending an assignment is open to more people than
    /// changing one.
    pub fn action(&self) -> Action {
        let ends = Self { is_active: Change::Set(false), ..Self::default() };
        if *self == ends { Action::EndAssignment } else { Action::ChangeAssignment }
    }
}

/// Why an assignment is not made, or not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssignmentError {
    /// The doctor has another active assignment to the patient.
    #[error("{}", RuleCode::AlreadyAssigned.meaning())]
    AlreadyAssigned,
}

impl Rule for AssignmentError {
    fn code(&self) -> RuleCode {
        match self {
            Self::AlreadyAssigned => RuleCode::AlreadyAssigned,
        }
    }
}

impl Assignment {
    /// Assigns a doctor to a patient's care.
    ///
    /// The patient's other assignments have to [give way](Self::give_way) before it is kept.
    pub fn new(
        id: AssignmentId,
        doctor: &Doctor,
        patient: &Patient,
        terms: AssignmentTerms,
        by: UserId,
        now: Timestamp,
    ) -> Self {
        let AssignmentTerms { is_primary, is_active, reason, notes } = terms;
        Self {
            id,
            doctor: doctor.id,
            patient: patient.id,
            patient_created_by: patient.created_by,
            is_primary,
            reason,
            notes,
            created_by: by,
            ended_at: (!is_active).then_some(now),
            archived_at: None,
            revision: Revision::new(now),
        }
    }

    /// Tells whether it goes on.
    pub const fn is_active(&self) -> bool {
        self.ended_at.is_none()
    }

    /// Changes it. One that begins again, or comes first from now on, needs the patient's others to
    /// [give way](Self::give_way).
    pub fn change(&mut self, changes: AssignmentChanges, now: Timestamp) {
        let AssignmentChanges { is_primary, is_active, reason, notes } = changes;
        is_primary.apply(&mut self.is_primary);
        reason.apply(&mut self.reason);
        notes.apply(&mut self.notes);
        match is_active {
            Change::Set(true) => self.ended_at = None,
            Change::Set(false) => self.end(now),
            Change::Keep => {}
        }
        self.revision.touch(now);
    }

    /// Takes it away, and ends it with that.
    pub fn archive(&mut self, now: Timestamp) {
        self.end(now);
        self.archived_at = Some(now);
        self.revision.touch(now);
    }

    /// Gives way to another assignment that is about to be kept: where both go on and the other one
    /// comes first, this one no longer does. Tells whether that has changed it.
    ///
    /// # Errors
    ///
    /// [`AssignmentError::AlreadyAssigned`] if both go on and are of the same doctor and patient.
    pub fn give_way(&mut self, other: &Self, now: Timestamp) -> Result<bool, AssignmentError> {
        let both_go_on = self.is_active() && other.is_active();
        if self.id == other.id || self.patient != other.patient || !both_go_on {
            return Ok(false);
        }
        if self.doctor == other.doctor {
            return Err(AssignmentError::AlreadyAssigned);
        }
        let gives_way = self.is_primary && other.is_primary;
        if gives_way {
            self.is_primary = false;
            self.revision.touch(now);
        }
        Ok(gives_way)
    }

    /// Notes when it ended, unless it had before.
    fn end(&mut self, now: Timestamp) {
        self.ended_at.get_or_insert(now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::doctor::DoctorProfile;
    use crate::id::Uuid;
    use crate::patient::PatientDetails;
    use crate::time::at;
    use crate::zone::Zone;

    const NOW: &str = "2030-01-06T12:00:00Z";
    const LATER: &str = "2030-01-07T12:00:00Z";

    fn assign(id: u128, doctor: u128, patient: u128, terms: AssignmentTerms) -> Assignment {
        let user = UserId::new(Uuid::from_u128(5));
        let doctor = DoctorId::new(Uuid::from_u128(doctor));
        let doctor = Doctor::new(doctor, DoctorProfile::blank(Zone::utc()), None, at(NOW));
        let patient = PatientId::new(Uuid::from_u128(patient));
        let patient = Patient::new(patient, PatientDetails::default(), None, user, at(NOW));
        let id = AssignmentId::new(Uuid::from_u128(id));
        Assignment::new(id, &doctor, &patient, terms, user, at(NOW))
    }

    fn terms(is_primary: bool, is_active: bool) -> AssignmentTerms {
        AssignmentTerms { is_primary, is_active, reason: None, notes: None }
    }

    fn set_active(is_active: bool) -> AssignmentChanges {
        AssignmentChanges { is_active: Change::Set(is_active), ..AssignmentChanges::default() }
    }

    #[test]
    fn an_assignment_is_active_until_it_ends() {
        let mut assignment = assign(1, 3, 4, terms(false, true));
        assert!(assignment.is_active());

        assignment.change(set_active(false), at(NOW));
        assignment.change(set_active(false), at(LATER));

        assert_eq!(assignment.ended_at, Some(at(NOW)), "it ended once");
        assert_eq!(assignment.revision.version, 3);
        assignment.change(set_active(true), at(LATER));
        assert!(assignment.is_active());
        assert_eq!(assign(1, 3, 4, terms(true, false)).ended_at, Some(at(NOW)));
    }

    #[test]
    fn what_is_taken_away_has_ended() {
        let mut assignment = assign(1, 3, 4, terms(true, true));

        assignment.archive(at(LATER));

        assert_eq!(
            (assignment.ended_at, assignment.archived_at),
            (Some(at(LATER)), Some(at(LATER)))
        );
        assert_eq!(assignment.revision.version, 2);
    }

    #[test]
    fn ending_alone_is_less_than_changing() {
        let notes = Change::Set(None);

        assert_eq!(set_active(false).action(), Action::EndAssignment);
        for more in [
            AssignmentChanges::default(),
            set_active(true),
            AssignmentChanges { notes, ..set_active(false) },
            AssignmentChanges { is_primary: Change::Set(false), ..set_active(false) },
        ] {
            assert_eq!(more.action(), Action::ChangeAssignment, "{more:?}");
        }
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let reason = Reason::parse("Diabetes").ok();
        let mut assignment =
            assign(1, 3, 4, AssignmentTerms { reason: reason.clone(), ..terms(true, true) });
        let notes = AssignmentNotes::parse("Twice a year").ok();

        assignment.change(
            AssignmentChanges { notes: Change::Set(notes.clone()), ..AssignmentChanges::default() },
            at(LATER),
        );

        assert_eq!((assignment.reason, assignment.notes), (reason, notes));
        assert!(assignment.is_primary && assignment.ended_at.is_none());
        assert_eq!(assignment.revision.updated_at, at(LATER));
    }

    #[test]
    fn a_new_primary_takes_the_place_of_the_old() {
        let mut old = assign(1, 3, 4, terms(true, true));
        let new = assign(2, 30, 4, terms(true, true));

        assert_eq!(old.give_way(&new, at(LATER)), Ok(true));

        assert!(!old.is_primary && old.is_active());
        assert_eq!((old.revision.version, old.revision.updated_at), (2, at(LATER)));
    }

    #[test]
    fn nobody_gives_way_to_oneself_or_for_nothing() {
        let first = assign(1, 3, 4, terms(true, true));
        for other in [
            first.clone(),
            assign(2, 30, 4, terms(false, true)),
            assign(2, 30, 4, terms(true, false)),
            assign(2, 30, 40, terms(true, true)),
            assign(2, 3, 4, terms(true, false)),
        ] {
            let mut asked = first.clone();
            assert_eq!(asked.give_way(&other, at(LATER)), Ok(false), "{other:?}");
            assert_eq!(asked, first);
        }
    }

    #[test]
    fn a_doctor_is_assigned_to_a_patient_once() {
        let mut first = assign(1, 3, 4, terms(false, true));
        let again = assign(2, 3, 4, terms(false, true));

        let refused = first.give_way(&again, at(LATER)).unwrap_err();

        assert_eq!(refused.code().as_str(), "already-assigned");
    }

    #[derive(Debug, Clone)]
    enum Step {
        Assign { doctor: u128, patient: u128, is_primary: bool, is_active: bool },
        Change { which: prop::sample::Index, is_primary: Option<bool>, is_active: Option<bool> },
        Archive { which: prop::sample::Index },
    }

    fn any_step() -> impl Strategy<Value = Step> {
        let which = any::<prop::sample::Index>();
        let flag = any::<Option<bool>>();
        prop_oneof![
            (0..3_u128, 0..3_u128, any::<bool>(), any::<bool>()).prop_map(
                |(doctor, patient, is_primary, is_active)| Step::Assign {
                    doctor,
                    patient,
                    is_primary,
                    is_active
                }
            ),
            (which, flag.clone(), flag).prop_map(|(which, is_primary, is_active)| Step::Change {
                which,
                is_primary,
                is_active
            }),
            any::<prop::sample::Index>().prop_map(|which| Step::Archive { which }),
        ]
    }

    /// Keeps an assignment as the use cases do: all the others give way, or nothing happens. One that
    /// was taken away is found by nobody.
    fn keep(all: &mut Vec<Assignment>, wanted: Assignment) {
        let mut after = all.clone();
        after.retain(|other| other.id != wanted.id);
        if after.iter_mut().try_for_each(|it| it.give_way(&wanted, at(LATER)).map(drop)).is_ok() {
            after.extend(Some(wanted).filter(|it| it.archived_at.is_none()));
            *all = after;
        }
    }

    proptest! {
        #[test]
        fn whatever_is_done_a_patient_has_one_primary_and_each_doctor_once(
            steps in prop::collection::vec(any_step(), 0..40)
        ) {
            let flag = |set: Option<bool>| set.map_or(Change::Keep, Change::Set);
            let mut all: Vec<Assignment> = Vec::new();
            for (id, step) in (100..).zip(steps) {
                let chosen = |which: prop::sample::Index| {
                    (!all.is_empty()).then(|| which.get(&all).clone())
                };
                let wanted = match step {
                    Step::Assign { doctor, patient, is_primary, is_active } => {
                        Some(assign(id, doctor, patient, terms(is_primary, is_active)))
                    }
                    Step::Change { which, is_primary, is_active } => {
                        chosen(which).map(|mut it| {
                            let (is_primary, is_active) = (flag(is_primary), flag(is_active));
                            let rest = AssignmentChanges::default();
                            let changes = AssignmentChanges { is_primary, is_active, ..rest };
                            it.change(changes, at(LATER));
                            it
                        })
                    }
                    Step::Archive { which } => chosen(which).map(|mut it| {
                        it.archive(at(LATER));
                        it
                    }),
                };
                if let Some(wanted) = wanted {
                    keep(&mut all, wanted);
                }

                let active = || all.iter().filter(|it| it.is_active());
                for one in active() {
                    let twins = active().filter(|it| {
                        (it.doctor, it.patient) == (one.doctor, one.patient)
                    });
                    prop_assert_eq!(twins.count(), 1);
                    let firsts = active().filter(|it| it.is_primary && it.patient == one.patient);
                    prop_assert!(firsts.count() <= 1);
                }
            }
        }
    }
}
