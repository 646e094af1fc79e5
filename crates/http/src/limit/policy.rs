//! How often somebody may ask: the table.

use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::http::Method;
use governor::Quota;

/// How often something may be asked for.
///
/// The quota can be used up at once, and comes back evenly over the window: 30 in 60 seconds is one
/// more every 2 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// What it is called in answers.
    pub name: &'static str,
    /// Which requests it counts.
    pub place: Place,
    /// Whose requests it counts together.
    pub per: Per,
    /// How many may come at once, at least one.
    pub quota: u32,
    /// In how many seconds all of them have come back, at least one.
    pub window: u32,
}

/// The requests that a policy counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Every request of the API.
    Api,
    /// What is posted to this path.
    Post(&'static str),
}

/// Whose requests a policy counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// Those from an address; of version 6, from its network of 64 bits, which one client has.
    Address,
    /// Those of somebody signed in.
    User,
}

/// What every installation holds people to, unless it switches limits off. The general policy is
/// 1,200 a minute, of which 300 may come at once.
///
/// None counts for an account: whoever knows a name could use it up for its owner. An account counts
/// the attempts that fail, on all instances together, and those of its owner's devices apart.
pub const POLICIES: &[Policy] = &[
    policy("general", Place::Api, Per::Address, 300, 15),
    policy("sign-in", Place::Post("/api/v1/auth/login"), Per::Address, 30, 60),
    policy("registration", Place::Post("/api/v1/auth/register"), Per::Address, 20, 60),
    policy("set-up", Place::Post("/api/v1/auth/setup"), Per::Address, 20, 60),
    policy("refresh", Place::Post("/api/v1/auth/refresh"), Per::Address, 120, 60),
    policy("booking", Place::Post("/api/v1/appointments"), Per::User, 60, 60),
];

const fn policy(name: &'static str, place: Place, per: Per, quota: u32, window: u32) -> Policy {
    Policy { name, place, per, quota, window }
}

impl Policy {
    /// Tells whether it counts a request.
    pub(super) fn counts(&self, method: &Method, path: &str) -> bool {
        match self.place {
            Place::Api => path == "/api" || path.starts_with("/api/"),
            Place::Post(counted) => *method == Method::POST && path == counted,
        }
    }

    /// Returns how long it takes until one more request may come, at most.
    pub(super) fn interval(&self) -> Duration {
        Duration::from_secs(self.window.max(1).into()) / self.quota.max(1)
    }

    /// Returns the policy as the limiter takes it.
    pub(super) fn rate(&self) -> Quota {
        let at_once = NonZeroU32::new(self.quota).unwrap_or(NonZeroU32::MIN);
        // An interval is only zero if more than a thousand million come in a second.
        Quota::with_period(self.interval())
            .unwrap_or(Quota::per_second(at_once))
            .allow_burst(at_once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_general_policy_counts_the_whole_api_and_nothing_else() {
        let names = |method: &Method, path: &str| -> Vec<_> {
            let counting = POLICIES.iter().filter(|policy| policy.counts(method, path));
            counting.map(|policy| policy.name).collect()
        };

        assert_eq!(names(&Method::GET, "/api/v1/doctors"), ["general"]);
        assert_eq!(names(&Method::GET, "/api/v1/auth/login"), ["general"]);
        assert_eq!(names(&Method::POST, "/api/v1/auth/login"), ["general", "sign-in"]);
        assert_eq!(names(&Method::POST, "/api/v1/auth/refresh"), ["general", "refresh"]);
        for open in ["/", "/docs/", "/openapi.json", "/health/live", "/problems/stale", "/apiary"] {
            assert!(names(&Method::GET, open).is_empty(), "{open}");
        }
    }

    #[test]
    fn no_two_policies_share_a_name_and_each_gives_back_what_it_says() {
        for policy in POLICIES {
            let named = POLICIES.iter().filter(|other| other.name == policy.name).count();
            assert_eq!(named, 1, "{}", policy.name);
            let whole = policy.rate().burst_size_replenished_in();
            assert_eq!(whole, Duration::from_secs(policy.window.into()), "{}", policy.name);
            assert_eq!(policy.rate().burst_size().get(), policy.quota, "{}", policy.name);
        }
    }
}
