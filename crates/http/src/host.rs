//! The names that the server answers to. Without a list a page of any other name, made to point
//! here, would be of the same origin as the API (DNS rebinding).

use std::net::Ipv6Addr;
use std::str::FromStr;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HOST;
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::body::single;
use crate::edge::{Edge, EntryError, entries};
use crate::problem::{Problem, ProblemKind};

/// The names that the `Host` header may have: all, unless some are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<String>);

impl FromStr for AllowedHosts {
    type Err = EntryError;

    fn from_str(raw: &str) -> Result<Self, EntryError> {
        entries(raw).map(listed).collect::<Result<_, _>>().map(Self)
    }
}

/// Reads a name of the list; one that begins with a dot stands for its subdomains too.
fn listed(entry: &str) -> Result<String, EntryError> {
    let name = entry.to_ascii_lowercase();
    let unbracketed = name.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = unbracketed.parse::<Ipv6Addr>() {
        return Ok(format!("[{address}]"));
    }
    let labels = name.strip_prefix('.').unwrap_or(&name).split('.');
    let is_label = |label: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !label.is_empty() && label.bytes().all(is_part)
    };
    if labels.clone().all(is_label) {
        return Ok(name);
    }
    let remedy = "write a name without a port, like clinic.example.org, or .example.org for \
                  every name under it";
    Err(EntryError::new(entry, remedy))
}

impl AllowedHosts {
    /// Tells whether every name is allowed, none being listed.
    pub fn is_any(&self) -> bool {
        self.0.is_empty()
    }

    fn allow(&self, host: Option<&str>) -> bool {
        self.is_any() || host.and_then(name).is_some_and(|name| self.list(&name))
    }

    fn list(&self, name: &str) -> bool {
        self.0.iter().any(|listed| match listed.strip_prefix('.') {
            Some(domain) => {
                name.strip_suffix(domain).is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
            }
            None => listed == name,
        })
    }
}

/// Returns the name in a `Host` header, without its port and as the list writes it.
fn name(host: &str) -> Option<String> {
    let host = host.to_ascii_lowercase();
    let is_port = |rest: &str| {
        rest.strip_prefix(':').map_or(rest.is_empty(), |port| port.parse::<u16>().is_ok())
    };
    if let Some(rest) = host.strip_prefix('[') {
        let (address, rest) = rest.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        return is_port(rest).then(|| format!("[{address}]"));
    }
    let (name, port) = host.split_at(host.find(':').unwrap_or(host.len()));
    let name = name.strip_suffix('.').unwrap_or(name);
    (is_port(port) && !name.is_empty()).then(|| name.to_owned())
}

/// Refuses requests for servers of other names. Probes may call the server's health by its address.
///
/// # Errors
///
/// Those of the layers within.
pub(crate) async fn refuse_foreign(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // A request line with a whole address says whom it means; then the header does not count.
    let host = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => single(request.headers(), &HOST),
    };
    let is_probe = request.match_info().as_str().starts_with("/health/");
    let is_ours =
        request.app_data::<Data<Edge>>().is_none_or(|edge| edge.allowed_hosts.allow(host));
    if is_ours || is_probe {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let detail = "This server does not answer to the name in the `Host` header; whoever runs it \
                  lists the names that it has.";
    Ok(request.error_response(Problem::new(ProblemKind::MALFORMED, detail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(list: &str, host: &str) -> bool {
        list.parse::<AllowedHosts>().unwrap().allow(Some(host))
    }

    #[test]
    fn a_name_is_the_same_in_any_case_with_any_port_and_a_last_dot() {
        for host in ["clinic.example.org", "CLINIC.example.org:8000", "clinic.example.org."] {
            assert!(allow("other.example.org, Clinic.Example.org", host), "{host}");
        }
        for host in [
            "",
            ":80",
            "example.org",
            "a.clinic.example.org",
            "clinic.example.org:x",
            "u@x",
            "[::1",
        ] {
            assert!(!allow("clinic.example.org", host), "{host}");
        }
    }

    #[test]
    fn a_dot_before_a_name_stands_for_its_subdomains() {
        for host in ["example.org", "a.example.org", "a.b.example.org:80"] {
            assert!(allow(".example.org", host), "{host}");
        }
        for host in ["badexample.org", "example.org.evil.net", "org"] {
            assert!(!allow(".example.org", host), "{host}");
        }
    }

    #[test]
    fn an_address_is_a_name_too() {
        assert!(allow("192.0.2.1", "192.0.2.1:8000"));
        for listed in ["::1", "[0:0::1]"] {
            assert!(allow(listed, "[::1]:8000"), "{listed}");
        }
    }

    #[test]
    fn without_a_list_every_name_is_allowed_and_with_one_some_name_is_needed() {
        assert!(AllowedHosts::default().allow(None));
        assert!(!".example.org".parse::<AllowedHosts>().unwrap().allow(None));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for wrong in ["https://example.org", "example.org:80", "*", ".", "a..b", "ä.org", "a b"] {
            assert!(wrong.parse::<AllowedHosts>().is_err(), "{wrong}");
        }
    }
}
