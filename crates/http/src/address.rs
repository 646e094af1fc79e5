//! The address of the client: the peer's, or what a proxy that is trusted says.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use actix_web::http::header::{HeaderMap, X_FORWARDED_FOR};
use ipnet::IpNet;

use crate::edge::{EntryError, entries};

/// The proxies whose word about a client's address is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl FromStr for TrustedProxies {
    type Err = EntryError;

    fn from_str(raw: &str) -> Result<Self, EntryError> {
        entries(raw).map(network).collect::<Result<_, _>>().map(Self)
    }
}

fn network(entry: &str) -> Result<IpNet, EntryError> {
    let address = entry.parse::<IpAddr>().map(IpNet::from);
    let network = address.or_else(|_| entry.parse::<IpNet>()).map_err(|_| {
        EntryError::new(entry, "write an address or a network, like 10.1.2.3 or 10.0.0.0/8")
    })?;
    if network.prefix_len() == 0 {
        // Everybody would be a proxy, and say of themself what they like.
        return Err(EntryError::new(entry, "name the networks of your proxies, not everybody's"));
    }
    Ok(network)
}

impl TrustedProxies {
    /// Tells whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the address of the client.
    ///
    /// It is read backwards, from the peer towards the client: each proxy that is trusted has
    /// written down who came to it, so the first address that is no trusted proxy is the client's.
    /// What stands further left is the client's own word, and is not looked at. Where somebody
    /// trusted has written what is no address, the trail ends with them.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut hop = peer.to_canonical();
        if !self.trust(hop) {
            return hop;
        }
        for entry in forwarded(headers) {
            let Some(address) = address(entry) else { break };
            hop = address;
            if !self.trust(hop) {
                break;
            }
        }
        hop
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Returns the entries of all `X-Forwarded-For` lines, the last one first. They are bytes: what a
/// client has sent before them need not be text, and must not hide them.
fn forwarded(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines: Vec<_> = headers.get_all(X_FORWARDED_FOR).collect();
    let lines = lines.into_iter().rev();
    lines
        .flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|entry| !entry.is_empty())
}

/// Reads an address as proxies write it: some add the port, or brackets.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let entry = str::from_utf8(entry).ok()?;
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    let address = entry
        .parse::<IpAddr>()
        .or_else(|_| entry.parse::<SocketAddr>().map(|address| address.ip()))
        .ok()
        .or_else(|| bracketed().map(IpAddr::from))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    /// Returns the client's address, as text, for a peer behind these lines of the header.
    fn client(proxies: &str, peer: &str, lines: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_bytes(line).unwrap());
        }
        let proxies: TrustedProxies = proxies.parse().unwrap();
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn nobody_but_a_trusted_proxy_says_who_a_client_is() {
        assert_eq!(client("", "192.0.2.1", &[b"198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.0/8", "192.0.2.1", &[b"198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &[b"198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_is_the_clients() {
        let proxies = "10.0.0.0/8, 2001:db8::/32,192.0.2.9";

        assert_eq!(client(proxies, "10.0.0.1", &[b"1.1.1.1, 2.2.2.2, 10.0.0.2"]), "2.2.2.2");
        assert_eq!(client(proxies, "10.0.0.1", &[b"1.1.1.1", b"2.2.2.2 ,192.0.2.9"]), "2.2.2.2");
        assert_eq!(client(proxies, "2001:db8::1", &[b"2.2.2.2,2001:db8::2"]), "2.2.2.2");
        assert_eq!(client(proxies, "10.0.0.1", &[b"10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(client(proxies, "10.0.0.1", &[b"1.1.1.1, ,", b""]), "1.1.1.1");
    }

    #[test]
    fn what_is_no_address_ends_the_trail_at_the_last_trusted_hop() {
        for wrong in [&b"unknown"[..], b"_hidden", b"1.1.1.1.1", b"1.1.1.1 2.2.2.2", b"\xff"] {
            let line = [b"2.2.2.2, ", wrong, b", 10.0.0.2"].concat();
            let found = client("10.0.0.0/8", "10.0.0.1", &[&line]);
            assert_eq!(found, "10.0.0.2");
        }
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &[b"\xff\xff, 1.1.1.1"]), "1.1.1.1");
    }

    #[test]
    fn an_address_may_come_with_its_port_or_in_brackets() {
        for line in [&b"2001:db8::7"[..], b"[2001:db8::7]", b"[2001:db8::7]:443"] {
            assert_eq!(client("10.0.0.1", "10.0.0.1", &[line]), "2001:db8::7");
        }
        assert_eq!(client("10.0.0.1", "10.0.0.1", &[b"1.1.1.1:99"]), "1.1.1.1");
    }

    #[test]
    fn an_address_of_version_4_is_the_same_within_one_of_version_6() {
        assert_eq!(client("10.0.0.0/8", "::ffff:10.0.0.1", &[b"::ffff:1.1.1.1"]), "1.1.1.1");
    }

    #[test]
    fn what_is_no_network_and_what_is_everybodys_is_refused() {
        for wrong in ["10.0.0.0/33", "proxy.example.org", "10.0.0.1 10.0.0.2", "0.0.0.0/0", "::/0"]
        {
            assert!(wrong.parse::<TrustedProxies>().is_err(), "{wrong}");
        }
    }
}
