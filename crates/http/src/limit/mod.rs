//! Limits: who asks too often is told when to come back. Each instance counts by itself.
//!
//! Every request of the API gets an [`Allowance`]. It is spent in the name of the client's address
//! before the handler, and of the user when somebody has signed in
//! ([`SignedIn`](crate::actor::SignedIn)). The answer then says how much is left.

mod allowance;
mod key;
mod policy;

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};
use governor::DefaultKeyedRateLimiter;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use medilink_domain::audit::Origin;

pub(crate) use self::allowance::Allowance;
pub(crate) use self::key::Key;
pub use self::policy::{POLICIES, Per, Place, Policy};
use crate::edge::Edge;
use crate::problem::Problem;

/// What counts requests. Its default counts none.
#[derive(Default)]
pub struct Limits(Vec<Arc<Limit>>);

impl Limits {
    /// Begins to count by policies.
    pub fn new(policies: &[Policy]) -> Self {
        Self(policies.iter().map(|policy| Arc::new(Limit::new(*policy))).collect())
    }

    /// Forgets everybody who has nothing used up any more. It is to be called now and then: else
    /// every address that ever came would be remembered.
    pub fn forget(&self) {
        for limit in &self.0 {
            limit.used.retain_recent();
            limit.used.shrink_to_fit();
        }
    }

    /// Returns what is allowed to a request, if anything counts it.
    fn allow(&self, method: &Method, path: &str) -> Option<Allowance> {
        let counting = self.0.iter().filter(|limit| limit.policy.counts(method, path));
        let limits: Vec<_> = counting.cloned().collect();
        (!limits.is_empty()).then(|| Allowance::new(limits))
    }
}

/// A policy, and what everybody has used up of it.
struct Limit {
    policy: Policy,
    used: DefaultKeyedRateLimiter<Key, StateInformationMiddleware>,
}

/// How somebody stands to a policy.
#[derive(Clone, Copy)]
struct Standing {
    policy: Policy,
    /// How many more may come at once.
    remaining: u32,
    /// Until when one more may come, at the latest.
    wait: Duration,
    refused: bool,
}

impl Limit {
    fn new(policy: Policy) -> Self {
        let used = DefaultKeyedRateLimiter::keyed(policy.rate()).with_middleware();
        Self { policy, used }
    }

    /// Counts one request for somebody.
    fn take(&self, key: &Key) -> Standing {
        let policy = self.policy;
        match self.used.check_key(key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Standing { policy, remaining, wait: policy.interval(), refused: false }
            }
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                Standing { policy, remaining: 0, wait, refused: true }
            }
        }
    }
}

/// Counts a request for the address that it comes from, and says in the answer what is left.
///
/// # Errors
///
/// Those of the layers within.
pub(crate) async fn count(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // The path as the router reads it: an encoded letter does not make another one.
    let (method, path) = (request.method(), request.match_info().as_str());
    let edge = request.app_data::<Data<Edge>>();
    let Some(allowance) = edge.and_then(|edge| edge.limits.allow(method, path)) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let address = request.extensions().get::<Origin>().and_then(|origin| origin.address);
    request.extensions_mut().insert(allowance.clone());
    let answer = match allowance.spend(&Key::of_address(address)) {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
        Err(refusal) => Ok(request.error_response(Problem::from(refusal))),
    };
    match answer {
        Ok(mut answer) => {
            allowance.write(answer.headers_mut());
            Ok(answer)
        }
        Err(mut error) => {
            error.add_response_mapper(move |mut response| {
                allowance.write(response.headers_mut());
                response
            });
            Err(error)
        }
    }
}

/// Makes a policy of tests, which counts what is posted to the path `/api/x`.
#[cfg(test)]
const fn a_policy(name: &'static str, per: Per, quota: u32, window: u32) -> Policy {
    Policy { name, place: Place::Post("/api/x"), per, quota, window }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn an_address(raw: &str) -> Key {
        Key::of_address(Some(raw.parse().unwrap()))
    }

    /// Counts a request for an address; returns how long to wait if it is refused.
    fn spend(limits: &Limits, address: &str) -> Result<(), Duration> {
        match limits.allow(&Method::POST, "/api/x").unwrap().spend(&an_address(address)) {
            Ok(()) => Ok(()),
            Err(medilink_application::Error::RateLimited { retry_after }) => Err(retry_after),
            Err(error) => panic!("a limit, not {error:?}"),
        }
    }

    #[test]
    fn a_quota_is_used_up_by_each_for_themself() {
        let limits = Limits::new(&[a_policy("a", Per::Address, 3, 3600)]);

        for _ in 0..3 {
            spend(&limits, "192.0.2.1").unwrap();
        }

        let wait = spend(&limits, "192.0.2.1").unwrap_err();
        assert!((1..=1200).contains(&wait.as_secs()), "{wait:?}");
        spend(&limits, "192.0.2.2").unwrap();
    }

    #[test]
    fn who_comes_back_in_time_is_served() {
        let limits = Limits::new(&[a_policy("a", Per::Address, 2, 1)]);
        while spend(&limits, "192.0.2.1").is_ok() {}

        for _ in 0..3 {
            if let Err(wait) = spend(&limits, "192.0.2.1") {
                // The clock of the limits and the one that people sleep by differ by a little.
                std::thread::sleep(wait + Duration::from_millis(5));
                spend(&limits, "192.0.2.1").unwrap();
            }
        }
    }

    #[test]
    fn who_has_nothing_used_up_is_forgotten_and_nobody_else() {
        let quick = a_policy("quick", Per::Address, 1000, 1);
        let slow = a_policy("slow", Per::Address, 1, 3600);
        let limits = Limits::new(&[quick, slow]);
        for last in 0..100 {
            spend(&limits, &format!("192.0.2.{last}")).unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));

        limits.forget();

        let remembered: Vec<_> = limits.0.iter().map(|limit| limit.used.len()).collect();
        assert_eq!(remembered, [0, 100]);
        assert!(spend(&limits, "192.0.2.7").is_err());
    }
}
