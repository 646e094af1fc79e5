//! Attempts to sign in: how often they have failed of late, and how long the next one has to wait.
//!
//! Passwords are guessed by trying. Each account counts the attempts that failed, whoever made
//! them and wherever: strangers are slowed down and then stopped for the day. Devices that have
//! signed in to the account before are counted apart, so that nobody locks an owner out by guessing;
//! and whoever is signed in and tries the current password in order to change it is counted apart
//! from both, so that a session in the wrong hands keeps no owner from signing in.

use chrono::TimeDelta;

use crate::choice::choice;
use crate::time::Timestamp;

choice! {
    /// How well whoever tries a password is known to the account.
    pub enum Familiarity {
        /// Their device never signed in to it.
        Stranger = "stranger",
        /// It did.
        Known = "known",
        /// They are signed in, and want another password.
        SignedIn = "signed_in",
    }
}

impl Familiarity {
    /// Returns how many attempts may fail in a day: 100 for an account, of which its owner's own
    /// devices have 10 to themselves, and those who are signed in another 10.
    const fn most_a_day(self) -> u32 {
        match self {
            Self::Stranger => 80,
            Self::Known | Self::SignedIn => 10,
        }
    }
}

/// The attempts at one account that have failed of late, or may still fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// How many have failed since one succeeded.
    pub in_a_row: u32,
    /// When the last one began.
    pub last_at: Timestamp,
    /// How many have failed since the day began.
    pub in_day: u32,
    /// When the day began: 24 hours, from the first attempt of them.
    pub day_began_at: Timestamp,
}

/// An attempt that came too soon after others that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts have failed; wait")]
pub struct TooSoon {
    /// How long to wait.
    pub wait: TimeDelta,
}

impl Attempts {
    /// How many may fail in a row before anybody waits: people mistype.
    const FREE: u32 = 5;

    /// The longest that anybody waits for having failed in a row.
    const LONGEST: TimeDelta = TimeDelta::minutes(15);

    /// For how long what failed is remembered.
    pub const DAY: TimeDelta = TimeDelta::hours(24);

    /// Begins with an account at which nobody has failed.
    pub const fn none(now: Timestamp) -> Self {
        Self { in_a_row: 0, last_at: now, in_day: 0, day_began_at: now }
    }

    /// Counts an attempt that is about to be made. It counts as failed until it is forgiven, so
    /// that many at once are counted like one after the other.
    ///
    /// Five in a row are free. Then the next waits for 1, 2, 4 … 900 seconds after the last.
    ///
    /// # Errors
    ///
    /// [`TooSoon`] if it has to wait; it is not counted then, and must not be made.
    pub fn count(&mut self, familiarity: Familiarity, now: Timestamp) -> Result<(), TooSoon> {
        if self.day_began_at.saturating_add(Self::DAY) <= now {
            self.in_day = 0;
            self.day_began_at = now;
        }
        if self.last_at.saturating_add(Self::DAY) <= now {
            self.in_a_row = 0;
        }
        let from = self.opens_at(familiarity);
        if now < from {
            return Err(TooSoon { wait: from.as_utc() - now.as_utc() });
        }
        self.in_a_row += 1;
        self.in_day += 1;
        self.last_at = now;
        Ok(())
    }

    /// Takes back an attempt that was counted, because it succeeded: nobody waits any longer.
    pub const fn forgive(&mut self) {
        self.in_a_row = 0;
        self.in_day = self.in_day.saturating_sub(1);
    }

    /// Takes back an attempt that was counted at an instant and proved nothing, since nobody looked
    /// at the password. It is as if it had not been, but for what others have tried meanwhile.
    pub fn take_back(&mut self, counted_at: Timestamp) {
        self.in_a_row = self.in_a_row.saturating_sub(1);
        if self.day_began_at <= counted_at {
            self.in_day = self.in_day.saturating_sub(1);
        }
        if self.last_at == counted_at {
            // It did not have to wait, so neither has whoever comes next.
            self.last_at = counted_at.saturating_add(-self.wait());
        }
    }

    /// Returns the instant from which the next attempt may be made.
    fn opens_at(&self, familiarity: Familiarity) -> Timestamp {
        if familiarity.most_a_day() <= self.in_day {
            return self.day_began_at.saturating_add(Self::DAY);
        }
        self.last_at.saturating_add(self.wait())
    }

    /// Returns for how long the next attempt waits after the last.
    fn wait(&self) -> TimeDelta {
        let Some(doublings) = self.in_a_row.checked_sub(Self::FREE) else {
            return TimeDelta::zero();
        };
        let seconds = 1_i64.checked_shl(doublings).filter(|seconds| 0 < *seconds);
        let wait = seconds.and_then(TimeDelta::try_seconds).unwrap_or(Self::LONGEST);
        wait.min(Self::LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::at;

    fn noon(seconds: i64) -> Timestamp {
        at("2030-01-07T12:00:00Z").saturating_add(TimeDelta::seconds(seconds))
    }

    /// Tries again and again, as soon as it may, and returns how long it waited each time.
    fn waits(familiarity: Familiarity, attempts: usize) -> Vec<i64> {
        let mut account = Attempts::none(noon(0));
        let mut now = 0;
        let mut waits = Vec::new();
        while waits.len() < attempts {
            let wait = match account.count(familiarity, noon(now)) {
                Ok(()) => 0,
                Err(TooSoon { wait }) => {
                    account.count(familiarity, noon(now + wait.num_seconds() - 1)).unwrap_err();
                    now += wait.num_seconds();
                    account.count(familiarity, noon(now)).unwrap();
                    wait.num_seconds()
                }
            };
            waits.push(wait);
        }
        waits
    }

    #[test]
    fn five_failures_are_free_and_then_each_waits_twice_as_long() {
        let waits = waits(Familiarity::Stranger, 18);

        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
    }

    #[test]
    fn an_account_is_tried_a_hundred_times_a_day_and_no_more() {
        let most_of =
            [(Familiarity::Stranger, 80), (Familiarity::Known, 10), (Familiarity::SignedIn, 10)];
        for (familiarity, most) in most_of {
            let waits = waits(familiarity, most + 1);
            let day: i64 = waits.iter().sum();

            assert!(900 < waits[most], "{familiarity}");
            assert_eq!(day, 24 * 3600, "{familiarity}");
        }
        assert_eq!(most_of.iter().map(|(_, most)| most).sum::<usize>(), 100);
        assert_eq!(most_of.len(), Familiarity::ALL.len());
    }

    #[test]
    fn many_at_once_are_counted_like_one_after_the_other() {
        let mut account = Attempts::none(noon(0));

        let begun = (0..64).filter(|_| account.count(Familiarity::Stranger, noon(0)).is_ok());

        assert_eq!(begun.count(), 5);
    }

    #[test]
    fn whoever_succeeds_waits_no_longer_but_what_failed_in_the_day_is_remembered() {
        let mut account = Attempts::none(noon(0));
        for _ in 0..5 {
            account.count(Familiarity::Stranger, noon(0)).unwrap();
        }
        account.count(Familiarity::Stranger, noon(1)).unwrap();

        account.forgive();

        assert_eq!((account.in_a_row, account.in_day), (0, 5));
        assert!(account.count(Familiarity::Stranger, noon(1)).is_ok());
    }

    #[test]
    fn what_was_taken_back_makes_nobody_wait() {
        let mut account = Attempts::none(noon(0));
        let mut now = 0;
        for failed in 0..12 {
            now += account.wait().num_seconds();
            account.count(Familiarity::Stranger, noon(now)).unwrap();

            account.take_back(noon(now));

            assert_eq!((account.in_a_row, account.in_day), (failed, failed));
            account.count(Familiarity::Stranger, noon(now)).unwrap();
        }
    }

    #[test]
    fn what_is_taken_back_on_the_next_day_is_not_taken_from_that_one() {
        let mut account = Attempts::none(noon(0));
        account.count(Familiarity::Stranger, noon(0)).unwrap();
        let next_day = noon(24 * 3600);
        account.count(Familiarity::Stranger, next_day).unwrap();

        account.take_back(noon(0));

        assert_eq!((account.in_day, account.last_at), (1, next_day));
    }

    #[test]
    fn a_quiet_day_is_a_new_beginning() {
        let mut account = Attempts::none(noon(0));
        for _ in 0..5 {
            account.count(Familiarity::Stranger, noon(0)).unwrap();
        }

        assert!(account.count(Familiarity::Stranger, noon(24 * 3600)).is_ok());
        assert_eq!((account.in_a_row, account.in_day), (1, 1));
    }

    proptest! {
        #[test]
        fn however_one_tries_no_day_has_more_attempts_than_it_may(
            pauses in proptest::collection::vec(0_i64..2_000, 0..400),
        ) {
            let mut account = Attempts::none(noon(0));
            let (mut now, mut made) = (0, Vec::new());
            for pause in pauses {
                now += pause;
                if account.count(Familiarity::Stranger, noon(now)).is_ok() {
                    made.push(now);
                }
            }
            let day = 24 * 3600;
            let first = made.first().copied().unwrap_or_default();
            prop_assert!(made.iter().filter(|at| **at < first + day).count() <= 80);
        }

        #[test]
        fn attempts_that_were_taken_back_change_nothing_for_the_others(
            attempts in proptest::collection::vec((0_i64..600, any::<bool>()), 0..120),
        ) {
            let (mut with, mut without) = (Attempts::none(noon(0)), Attempts::none(noon(0)));
            let mut now = 0;
            for (pause, is_made) in attempts {
                now += pause;
                let counted = with.count(Familiarity::Stranger, noon(now));
                if is_made {
                    prop_assert_eq!(without.count(Familiarity::Stranger, noon(now)), counted);
                } else if counted.is_ok() {
                    with.take_back(noon(now));
                }
            }
        }
    }
}
