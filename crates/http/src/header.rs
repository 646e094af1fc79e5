//! The headers that every answer has.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue,
    STRICT_TRANSPORT_SECURITY,
};
use medilink_domain::id::RequestId;

/// The header that names the request, in answers.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What keeps browsers from doing more with an answer than it is meant for.
const SECURITY: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    (
        "permissions-policy",
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
         magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// An answer of the API is never a page.
const API_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Swagger UI needs its own scripts and inline styles; nothing of it comes from elsewhere.
const DOCS_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     frame-ancestors 'none'; base-uri 'none'",
);

/// Browsers come over HTTPS for a year after they have read this. Of other names under the same
/// domain we know nothing.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What an answer is to browsers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Data, for programs.
    Data,
    /// A part of Swagger UI.
    Docs,
}

/// Writes the headers that every answer has. Health data is nobody's to keep on the way.
pub(crate) fn stamp(headers: &mut HeaderMap, id: RequestId, kind: Kind, https_only: bool) {
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in SECURITY {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if https_only {
        headers.insert(STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
    let (kept, policy) = match kind {
        Kind::Data => ("no-store", API_POLICY),
        Kind::Docs => ("public, max-age=3600", DOCS_POLICY),
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
}
