//! Pages of other origins: which of them may call the API from a browser.

use std::str::FromStr;

use actix_cors::{Cors, CorsError};
use actix_web::HttpResponse;
use actix_web::http::Uri;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, HeaderMap,
};

use crate::edge::{EntryError, entries};
use crate::problem::{Problem, ProblemKind, sentence};

/// How long a browser may keep what a preflight has said, in seconds.
const KEPT: usize = 3600;

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// What a page may send.
const SENT: [&str; 4] = ["authorization", "content-type", "if-match", "idempotency-key"];

/// What a page may read of an answer, besides its body.
const SHOWN: [&str; 7] = [
    "etag",
    "location",
    "retry-after",
    "ratelimit",
    "ratelimit-policy",
    "x-request-id",
    "idempotency-replayed",
];

/// The origins whose pages may call the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Every one.
    Any,
    /// These.
    Listed(Vec<String>),
}

impl Default for AllowedOrigins {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

impl FromStr for AllowedOrigins {
    type Err = EntryError;

    fn from_str(raw: &str) -> Result<Self, EntryError> {
        if entries(raw).any(|entry| entry == "*") {
            return Ok(Self::Any);
        }
        entries(raw).map(listed).collect::<Result<_, _>>().map(Self::Listed)
    }
}

/// Reads an origin, and returns it as browsers write it.
fn listed(entry: &str) -> Result<String, EntryError> {
    let origin = || {
        let uri: Uri = entry.parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let is_bare = uri.path() == "/" && uri.query().is_none();
        let is_plain = is_bare && !authority.as_str().contains(['@', '*']);
        let port = match (scheme, authority.port_u16()) {
            ("https", Some(443)) | ("http", Some(80)) | (_, None) => String::new(),
            (_, Some(port)) => format!(":{port}"),
        };
        let host = authority.host().to_ascii_lowercase();
        is_plain.then(|| format!("{scheme}://{host}{port}"))
    };
    origin().ok_or_else(|| EntryError::new(entry, "write an origin, like https://app.example.org"))
}

impl AllowedOrigins {
    /// Makes the layer that answers preflights, and tells browsers who may read an answer. No
    /// credentials of the browser's own are involved: tokens are sent by the page.
    pub(crate) fn cors(&self) -> Cors {
        let cors = Cors::default()
            .allowed_methods(METHODS)
            .allowed_headers(SENT)
            .expose_headers(SHOWN)
            .max_age(KEPT);
        match self {
            Self::Any => cors.allow_any_origin().send_wildcard(),
            Self::Listed(origins) => {
                origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
            }
        }
    }
}

/// Takes away what is said to pages that may not read the answer anyway.
pub(crate) fn hide_from_strangers(headers: &mut HeaderMap) {
    if !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.remove(ACCESS_CONTROL_EXPOSE_HEADERS);
    }
}

/// Says why a preflight was refused.
pub(crate) fn problem<B>(response: &HttpResponse<B>) -> Option<Problem> {
    let error = response.error()?.as_error::<CorsError>()?;
    Some(Problem::new(ProblemKind::MALFORMED, sentence(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_as_browsers_write_them() {
        let origins = " https://App.example.org/ ,http://localhost:3000,https://x.org:443";

        let read: AllowedOrigins = origins.parse().unwrap();

        let expected = ["https://app.example.org", "http://localhost:3000", "https://x.org"];
        assert_eq!(read, AllowedOrigins::Listed(expected.map(str::to_owned).into()));
    }

    #[test]
    fn a_star_is_every_origin() {
        assert_eq!("https://x.org,*".parse(), Ok(AllowedOrigins::Any));
        assert_eq!("".parse(), Ok(AllowedOrigins::default()));
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for wrong in [
            "example.org",
            "https://",
            "https://x.org/app",
            "https://x.org?a",
            "null",
            "https://*.x.org",
            "https://a@x.org",
        ] {
            assert!(wrong.parse::<AllowedOrigins>().is_err(), "{wrong}");
        }
    }
}
