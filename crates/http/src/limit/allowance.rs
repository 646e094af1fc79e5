//! What is allowed to one request, and what its answer says of that.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use medilink_application::{Error, Result};

use super::key::Key;
use super::policy::Policy;
use super::{Limit, Standing};
use crate::problem::whole_seconds;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What is allowed to one request.
#[derive(Clone)]
pub(crate) struct Allowance(Rc<Counted>);

struct Counted {
    limits: Vec<Arc<Limit>>,
    spent: RefCell<Vec<Standing>>,
}

impl Allowance {
    /// Allows a request what each of these limits allows.
    pub(super) fn new(limits: Vec<Arc<Limit>>) -> Self {
        Self(Rc::new(Counted { limits, spent: RefCell::default() }))
    }

    /// Returns what is allowed to a request, if anything counts it.
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get().cloned()
    }

    /// Counts the request for somebody, by each policy that counts such requests.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`] if one of them has nothing left.
    pub(crate) fn spend(&self, key: &Key) -> Result<()> {
        let per = key.per();
        let counting = self.0.limits.iter().filter(|limit| limit.policy.per == per);
        let taken: Vec<_> = counting.map(|limit| limit.take(key)).collect();
        let refused = taken.iter().any(|standing| standing.refused);
        self.0.spent.borrow_mut().extend(taken);
        if refused { Err(Error::RateLimited { retry_after: self.retry_after() }) } else { Ok(()) }
    }

    /// Returns after how long the request will be served: no policy that counts it refuses then, not
    /// even one that has not been asked yet, since each gives one more within its interval.
    fn retry_after(&self) -> Duration {
        let spent = self.0.spent.borrow();
        let wait = |limit: &Arc<Limit>| {
            let policy = limit.policy;
            match spent.iter().find(|standing| standing.policy == policy) {
                Some(standing) if 0 < standing.remaining => Duration::ZERO,
                Some(standing) => standing.wait,
                None => policy.interval(),
            }
        };
        self.0.limits.iter().map(wait).max().unwrap_or_default()
    }

    /// Writes into an answer which policy was the tightest, and what is left of it
    /// (draft-ietf-httpapi-ratelimit-headers-10).
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let spent = self.0.spent.borrow();
        let tightness = |it: &&Standing| (!it.refused, it.remaining, Reverse(it.wait));
        let Some(tightest) = spent.iter().min_by_key(tightness) else { return };
        let Standing { policy: Policy { name, quota, window, .. }, remaining, wait, .. } = tightest;
        let policy = format!("\"{name}\";q={quota};w={window}");
        let standing = format!("\"{name}\";r={remaining};t={}", whole_seconds(*wait));
        for (header, value) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, standing)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(header, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::id::{UserId, Uuid};

    use super::super::a_policy;
    use super::*;
    use crate::limit::Per;

    fn an_allowance(policies: &[Policy]) -> Allowance {
        let limits = policies.iter().map(|policy| Arc::new(Limit::new(*policy)));
        Allowance::new(limits.collect())
    }

    fn an_address() -> Key {
        Key::of_address(Some([192, 0, 2, 1].into()))
    }

    fn a_user() -> Key {
        Key::User(UserId::new(Uuid::from_u128(7)))
    }

    #[test]
    fn a_time_to_wait_counts_what_has_not_been_asked_yet() {
        let allowance = an_allowance(&[
            a_policy("address", Per::Address, 1, 60),
            a_policy("user", Per::User, 1, 600),
        ]);
        allowance.spend(&an_address()).unwrap();

        let Err(Error::RateLimited { retry_after }) = allowance.spend(&an_address()) else {
            panic!("it is refused");
        };

        assert_eq!(retry_after, Duration::from_mins(10));
    }

    #[test]
    fn an_answer_tells_of_the_tightest_policy() {
        let allowance = an_allowance(&[
            a_policy("wide", Per::Address, 30, 60),
            a_policy("narrow", Per::User, 20, 30),
        ]);
        let written = || {
            let mut headers = HeaderMap::new();
            allowance.write(&mut headers);
            [RATE_LIMIT_POLICY, RATE_LIMIT].map(|name| headers.get(name).cloned())
        };
        let expected =
            |values: [&'static str; 2]| values.map(|value| Some(HeaderValue::from_static(value)));

        assert_eq!(written(), [None, None]);
        allowance.spend(&an_address()).unwrap();
        assert_eq!(written(), expected([r#""wide";q=30;w=60"#, r#""wide";r=29;t=2"#]));
        allowance.spend(&a_user()).unwrap();
        assert_eq!(written(), expected([r#""narrow";q=20;w=30"#, r#""narrow";r=19;t=2"#]));
    }
}
