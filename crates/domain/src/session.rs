//! Sessions: one sign-in on one device, which tokens point to until it ends.
//!
//! An access token holds for minutes and says which session it belongs to. A refresh token
//! continues the session: it is used once, and what follows it is good for the next time. Whoever
//! presents one that was used before has a copy of it, or is the thief of one; nobody can tell, so
//! the session ends.

use std::net::IpAddr;

use chrono::TimeDelta;

use crate::id::{SessionId, UserId};
use crate::text::DeviceName;
use crate::time::Timestamp;

/// One sign-in of a user.
///
/// A token is only as good as its session: ending the session ends every token made from it, on
/// the next request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The id, which the tokens carry.
    pub id: SessionId,
    /// Who signed in.
    pub user: UserId,
    /// The SHA-256 hash of the refresh token that continues the session.
    pub refresh_hash: [u8; 32],
    /// What the device calls itself, if it says so.
    pub device: Option<DeviceName>,
    /// The address that they signed in from, if it is known.
    pub address: Option<IpAddr>,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When the session was last continued; at first, when they signed in.
    pub refreshed_at: Timestamp,
    /// When the session ends by itself, unless it is continued before.
    pub expires_at: Timestamp,
    /// When somebody ended it.
    pub ended_at: Option<Timestamp>,
}

/// What a refresh token that is presented is to its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// The one that continues it.
    Current,
    /// One that has continued it before.
    Used {
        /// When it did.
        at: Timestamp,
    },
}

/// What became of a session that somebody wanted to continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continuation {
    /// It goes on, and the next refresh token is the one that follows.
    Continued,
    /// It was continued a moment ago, and gets the same answer again.
    Repeated,
    /// It was over before.
    Over,
    /// The token had been used before, so the session has ended now.
    Ended,
}

impl Session {
    /// How long a session that is over is kept, for those who look into what has happened.
    pub const KEPT: TimeDelta = TimeDelta::days(30);

    /// How long after its use a refresh token gets the same answer again, so that two tabs that
    /// refresh at once, or an answer that is lost on the way, sign nobody out.
    pub const GRACE: TimeDelta = TimeDelta::seconds(10);

    /// Tells whether it has ended, by itself or not.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.ended_at.is_some() || self.expires_at <= now
    }

    /// Ends it, for ever.
    pub fn end(&mut self, now: Timestamp) {
        self.ended_at.get_or_insert(now);
    }

    /// Continues it with a refresh token, of which another follows.
    ///
    /// A token that was used before is answered with the one that followed for [`Self::GRACE`], as
    /// long as that one is unused. Any other use of it ends the session.
    pub fn refresh(
        &mut self,
        token: Presented,
        follows: [u8; 32],
        lifetime: TimeDelta,
        now: Timestamp,
    ) -> Continuation {
        if self.is_over(now) {
            return Continuation::Over;
        }
        match token {
            Presented::Current => {
                self.refresh_hash = follows;
                self.refreshed_at = now;
                self.expires_at = now.saturating_add(lifetime);
                Continuation::Continued
            }
            Presented::Used { at }
                if now <= at.saturating_add(Self::GRACE) && self.refresh_hash == follows =>
            {
                Continuation::Repeated
            }
            Presented::Used { .. } => {
                self.end(now);
                Continuation::Ended
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Uuid;
    use crate::time::at;

    const FIRST: [u8; 32] = [1; 32];
    const SECOND: [u8; 32] = [2; 32];
    const THIRD: [u8; 32] = [3; 32];

    fn a_session() -> Session {
        let now = noon(0);
        Session {
            id: SessionId::new(Uuid::from_u128(1)),
            user: UserId::new(Uuid::from_u128(2)),
            refresh_hash: FIRST,
            device: None,
            address: None,
            created_at: now,
            refreshed_at: now,
            expires_at: now.saturating_add(TimeDelta::days(7)),
            ended_at: None,
        }
    }

    /// So many seconds after noon.
    fn noon(seconds: i64) -> Timestamp {
        at("2030-01-07T12:00:00Z").saturating_add(TimeDelta::seconds(seconds))
    }

    fn refresh(
        session: &mut Session,
        token: Presented,
        follows: [u8; 32],
        now: i64,
    ) -> Continuation {
        session.refresh(token, follows, TimeDelta::days(7), noon(now))
    }

    #[test]
    fn a_session_goes_on_for_its_lifetime_from_its_last_use() {
        let mut session = a_session();

        let outcome = refresh(&mut session, Presented::Current, SECOND, 600);

        assert_eq!(outcome, Continuation::Continued);
        assert_eq!((session.refresh_hash, session.refreshed_at), (SECOND, noon(600)));
        assert_eq!(session.expires_at, noon(600 + 7 * 24 * 3600));
    }

    #[test]
    fn a_token_that_was_just_used_gets_the_same_answer_for_ten_seconds() {
        let mut session = a_session();
        refresh(&mut session, Presented::Current, SECOND, 0);
        let before = session.clone();
        let used = Presented::Used { at: noon(0) };

        assert_eq!(refresh(&mut session, used, SECOND, 10), Continuation::Repeated);
        assert_eq!(session, before);
        assert_eq!(refresh(&mut session, used, SECOND, 11), Continuation::Ended);
        assert!(session.is_over(noon(11)));
    }

    #[test]
    fn a_token_whose_successor_was_used_ends_the_session() {
        let mut session = a_session();
        refresh(&mut session, Presented::Current, SECOND, 0);
        refresh(&mut session, Presented::Current, THIRD, 1);

        let outcome = refresh(&mut session, Presented::Used { at: noon(0) }, SECOND, 2);

        assert_eq!(outcome, Continuation::Ended);
        assert_eq!(session.ended_at, Some(noon(2)));
    }

    #[test]
    fn nothing_continues_a_session_that_is_over() {
        let mut ended = a_session();
        ended.end(noon(5));
        let mut expired = a_session();

        assert_eq!(refresh(&mut ended, Presented::Current, SECOND, 6), Continuation::Over);
        let week = 7 * 24 * 3600;
        assert_eq!(refresh(&mut expired, Presented::Current, SECOND, week), Continuation::Over);
        assert_eq!(expired.refresh_hash, FIRST);
    }

    #[test]
    fn a_session_ends_once() {
        let mut session = a_session();
        session.end(noon(5));
        session.end(noon(9));

        assert_eq!(session.ended_at, Some(noon(5)));
    }
}
