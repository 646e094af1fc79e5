//! Refusals of somebody unknown: counted for each address and minute, for there may be any number.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{TimeDelta, Timelike};

use crate::time::Timestamp;

/// How often somebody unknown was refused in one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// The beginning of the minute.
    pub minute: Timestamp,
    /// The address that they came from; `None` for addresses too many to be told apart, or unknown.
    pub address: Option<IpAddr>,
    /// How often.
    pub count: u32,
}

/// What was counted and not written down yet. It never holds more than a fixed number of addresses.
#[derive(Debug, Default)]
pub struct Refusals(BTreeMap<(Timestamp, Option<IpAddr>), u32>);

impl Refusals {
    /// How many addresses and minutes are told apart at the most.
    pub const MOST: usize = 1000;

    /// Counts a refusal. Once there are too many addresses, further ones are counted together.
    pub fn count(&mut self, address: Option<IpAddr>, now: Timestamp) {
        self.add(Refused { minute: minute(now), address, count: 1 });
    }

    /// Takes what was counted in minutes that are over.
    pub fn take_ended(&mut self, now: Timestamp) -> Vec<Refused> {
        let goes_on = self.0.split_off(&(minute(now), None));
        let ended = std::mem::replace(&mut self.0, goes_on);
        refused(ended)
    }

    /// Takes everything.
    pub fn take_all(&mut self) -> Vec<Refused> {
        refused(std::mem::take(&mut self.0))
    }

    /// Puts back what could not be written down.
    pub fn put_back(&mut self, refused: Vec<Refused>) {
        for refused in refused {
            self.add(refused);
        }
    }

    fn add(&mut self, Refused { minute, address, count }: Refused) {
        let is_full = Self::MOST <= self.0.len();
        let known = (minute, address);
        let key = if is_full && !self.0.contains_key(&known) { (minute, None) } else { known };
        let counted = self.0.entry(key).or_default();
        *counted = counted.saturating_add(count);
    }
}

fn refused(counted: BTreeMap<(Timestamp, Option<IpAddr>), u32>) -> Vec<Refused> {
    let refused = counted.into_iter();
    refused.map(|((minute, address), count)| Refused { minute, address, count }).collect()
}

fn minute(now: Timestamp) -> Timestamp {
    now.saturating_add(TimeDelta::seconds(-i64::from(now.as_utc().second())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn address(number: usize) -> IpAddr {
        let [.., a, b] = number.to_be_bytes();
        IpAddr::from([10, 0, a, b])
    }

    #[test]
    fn refusals_are_counted_for_each_address_and_minute() {
        let mut refusals = Refusals::default();
        let [first, second] = ["2030-01-07T09:00:00Z", "2030-01-07T09:01:00Z"].map(at);
        for now in ["2030-01-07T09:00:00Z", "2030-01-07T09:00:59Z", "2030-01-07T09:01:00Z"] {
            refusals.count(Some(address(1)), at(now));
        }
        refusals.count(Some(address(2)), first);

        let ended = refusals.take_ended(at("2030-01-07T09:01:30Z"));

        let refused = |minute, address, count| Refused { minute, address: Some(address), count };
        assert_eq!(ended, [refused(first, address(1), 2), refused(first, address(2), 1)]);
        assert!(refusals.take_ended(at("2030-01-07T09:01:59Z")).is_empty());
        assert_eq!(refusals.take_all(), [refused(second, address(1), 1)]);
        assert!(refusals.take_all().is_empty());
    }

    #[test]
    fn what_was_put_back_is_added_to_what_came_meanwhile() {
        let mut refusals = Refusals::default();
        let now = at("2030-01-07T09:00:30Z");
        refusals.count(Some(address(1)), now);
        let taken = refusals.take_all();
        refusals.count(Some(address(1)), now);

        refusals.put_back(taken);

        assert_eq!(refusals.take_all()[0].count, 2);
    }

    #[test]
    fn however_many_addresses_there_are_no_refusal_is_lost_and_few_are_remembered() {
        let mut refusals = Refusals::default();
        let now = at("2030-01-07T09:00:30Z");
        let many = 3 * Refusals::MOST;
        for number in 0..many {
            refusals.count(Some(address(number)), now);
            refusals.count(Some(address(0)), now);
        }

        let counted = refusals.take_all();

        assert_eq!(counted.len(), Refusals::MOST + 1);
        let sum: u32 = counted.iter().map(|refused| refused.count).sum();
        assert_eq!(usize::try_from(sum), Ok(2 * many));
        let together = counted.iter().find(|refused| refused.address.is_none()).unwrap();
        assert_eq!(usize::try_from(together.count), Ok(many - Refusals::MOST));
    }
}
