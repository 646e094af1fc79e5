//! Whose requests are counted together.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use medilink_domain::id::UserId;

use super::policy::Per;

/// Whose requests are counted together.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Address(IpAddr),
    User(UserId),
}

impl Key {
    /// Returns the key of an address. A client has a whole network of version 6 to itself, and could
    /// come from another address of it each time.
    pub(crate) fn of_address(address: Option<IpAddr>) -> Self {
        Self::Address(match address {
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            Some(address @ IpAddr::V4(_)) => address,
            None => Ipv4Addr::UNSPECIFIED.into(),
        })
    }

    pub(super) fn per(&self) -> Per {
        match self {
            Self::Address(_) => Per::Address,
            Self::User(_) => Per::User,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn an_address(raw: &str) -> Key {
        Key::of_address(Some(raw.parse().unwrap()))
    }

    #[test]
    fn a_network_of_version_6_is_one_client() {
        assert!(an_address("2001:db8:1:2::1") == an_address("2001:db8:1:2:ffff::"));
        assert!(an_address("2001:db8:1:2::1") != an_address("2001:db8:1:3::1"));
        assert!(an_address("192.0.2.1") != an_address("192.0.2.2"));
    }
}
