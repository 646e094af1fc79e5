//! Randomness, from the operating system.

use medilink_application::ports::Ids;
use uuid::{Builder, Uuid};

use crate::system;

/// Makes ids of UUID version 7: the millisecond, then 74 random bits.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    fn next(&self) -> Uuid {
        let mut random = [0; 10];
        if getrandom::fill(&mut random).is_err() {
            // No id may ever come twice. Without randomness a version 4 id would be as weak, so
            // the process has to end; systems that run servers always have some.
            std::process::abort();
        }
        let millis = u64::try_from(system::utc().timestamp_millis()).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_version_7_and_differ() {
        let (one, other) = (SystemIds.next(), SystemIds.next());

        assert_eq!(one.get_version_num(), 7);
        assert_ne!(one, other);
    }
}
