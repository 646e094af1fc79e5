//! Bodies and paths: what a request brings, read once it is known who sends it.
//!
//! An extractor of this file never fails by itself. It keeps what was sent, and the handler reads
//! it after [`SignedIn`]: somebody unknown learns nothing of what would be
//! wrong with a request of theirs.

use std::marker::PhantomData;
use std::str::FromStr;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, IF_MATCH,
};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use futures_util::future::{LocalBoxFuture, Ready, ready};
use medilink_application::call::Expected;
use medilink_application::error::FieldErrors;
use medilink_application::idempotency::IdempotencyKey;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

use crate::actor::SignedIn;
use crate::field::Rest;
use crate::problem::{Problem, ProblemKind};
use crate::surrogate::halves;

/// The largest body that is read.
pub(crate) const LARGEST: usize = 256 * 1024;

/// How long a client may take to send it.
const PATIENCE: Duration = Duration::from_secs(10);

/// A JSON body that was sent.
pub(crate) struct Body<T> {
    sent: Result<Bytes, Problem>,
    is_json: bool,
    key: Result<Option<String>, FieldErrors>,
    target: String,
    shape: PhantomData<T>,
}

impl<T: 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let payload = payload.take();
        let is_json = is_json(request.headers());
        let key = idempotency_key(request.headers());
        let target = format!("{} {}", request.method(), request.path());
        let announced = announced_length(request.headers());
        Box::pin(async move {
            let sent = collect(payload, announced).await;
            Ok(Self { sent, is_json, key, target, shape: PhantomData })
        })
    }
}

/// Returns how long the body claims to be.
fn announced_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn collect(payload: Payload, announced: Option<usize>) -> Result<Bytes, Problem> {
    if announced.is_some_and(|length| LARGEST < length) {
        return Err(Problem::plain(ProblemKind::PAYLOAD_TOO_LARGE));
    }
    match tokio::time::timeout(PATIENCE, read_all(payload)).await {
        Ok(body) => body,
        Err(_) => Err(Problem::plain(ProblemKind::REQUEST_TIMEOUT)),
    }
}

async fn read_all(mut payload: Payload) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error: PayloadError| {
            tracing::debug!(%error, "a body broke off");
            Problem::new(ProblemKind::MALFORMED, "The body broke off.")
        })?;
        if LARGEST < body.len() + chunk.len() {
            return Err(Problem::plain(ProblemKind::PAYLOAD_TOO_LARGE));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

impl<T: DeserializeOwned> Body<T> {
    /// Reads the body.
    pub(crate) fn read(self) -> Result<T, Problem> {
        let sent = self.sent?;
        if !self.is_json {
            return Err(Problem::plain(ProblemKind::UNSUPPORTED_MEDIA_TYPE));
        }
        parse(&sent)
    }

    /// Reads a body all of whose fields may be missing, as may be the body itself.
    pub(crate) fn read_or_empty(self) -> Result<T, Problem> {
        match &self.sent {
            Ok(sent) if sent.is_empty() => parse(b"{}"),
            Ok(_) | Err(_) => self.read(),
        }
    }

    /// Reads the body of an operation that is done once however often it is sent, and so takes an
    /// `Idempotency-Key`. The caller is known from here on to send this very request.
    pub(crate) fn read_once(self, caller: SignedIn) -> Result<(SignedIn, T), Problem> {
        let caller = caller.sending(self.idempotency()?);
        Ok((caller, self.read()?))
    }

    /// Reads the body of such an operation that may be missing.
    pub(crate) fn read_once_or_empty(self, caller: SignedIn) -> Result<(SignedIn, T), Problem> {
        let caller = caller.sending(self.idempotency()?);
        Ok((caller, self.read_or_empty()?))
    }

    /// Returns what makes a second request the same one, if the client cares.
    ///
    /// The fingerprint is of method, path and body: the same key for anything else is a mistake.
    fn idempotency(&self) -> Result<Option<IdempotencyKey>, Problem> {
        let Some(key) = self.key.clone()? else { return Ok(None) };
        let sent = self.sent.clone()?;
        let fingerprint = Sha256::new()
            .chain_update(self.target.as_bytes())
            .chain_update(b"\n")
            .chain_update(&sent)
            .finalize()
            .into();
        Ok(Some(IdempotencyKey { key, fingerprint }))
    }
}

/// A body that says nothing.
#[derive(Deserialize)]
struct Nothing {
    #[serde(flatten)]
    unknown: Rest,
}

impl Body<Nothing> {
    /// Reads the body of such an operation that takes none, and refuses whatever it says.
    fn read_nothing_once(self, caller: SignedIn) -> Result<SignedIn, Problem> {
        let (caller, Nothing { unknown }) = self.read_once_or_empty(caller)?;
        let mut errors = FieldErrors::default();
        unknown.refuse(&mut errors);
        errors.check()?;
        Ok(caller)
    }
}

fn parse<T: DeserializeOwned>(sent: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(sent).map_err(|error| {
        if let Some(halves) = halves(sent) {
            return halves.into();
        }
        let (line, column) = (error.line(), error.column());
        let detail = match error.classify() {
            Category::Syntax if error.to_string().starts_with("number out of range") => {
                format!("A number in the body is out of range, at line {line}, column {column}.")
            }
            Category::Syntax | Category::Io => {
                format!("The body is not valid JSON, at line {line}, column {column}.")
            }
            Category::Eof => "The body is not valid JSON: it ends too soon.".to_owned(),
            Category::Data if error.to_string().starts_with("duplicate field") => {
                format!("The body names a field twice, at line {line}, column {column}.")
            }
            Category::Data => "The body has to be one JSON object.".to_owned(),
        };
        Problem::new(ProblemKind::MALFORMED, detail)
    })
}

/// Tells whether a body is JSON, in UTF-8, as it is.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = single(headers, &CONTENT_TYPE) else { return false };
    let mut parts = kind.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let is_utf8 = |part: &str| match part.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    let is_plain = headers
        .get(CONTENT_ENCODING)
        .is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    essence.eq_ignore_ascii_case("application/json") && parts.all(is_utf8) && is_plain
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, FieldErrors> {
    const NAME: HeaderName = HeaderName::from_static("idempotency-key");
    if !headers.contains_key(&NAME) {
        return Ok(None);
    }
    let visible =
        |key: &&str| (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    match single(headers, &NAME).filter(visible) {
        Some(key) => Ok(Some(key.to_owned())),
        None => Err(FieldErrors::of(
            "Idempotency-Key",
            "write it once, 1 to 255 visible ASCII characters, no spaces",
        )),
    }
}

/// Returns the value of a header that stands there once.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name);
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

/// The id in a path.
pub(crate) struct Id<T>(Option<T>);

impl<T: FromStr> FromRequest for Id<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.match_info().get("id").and_then(|raw| raw.parse().ok()))))
    }
}

impl<T> Id<T> {
    /// Reads the id. What is no id names no record.
    pub(crate) fn read(self) -> Result<T, Problem> {
        self.0.ok_or_else(|| Problem::plain(ProblemKind::NOT_FOUND))
    }
}

/// A request to do something to one record that says no more than which record, and in which versions.
pub(crate) struct Bare<T> {
    id: Id<T>,
    expected: IfMatch,
    body: Body<Nothing>,
}

impl<T: FromStr + 'static> FromRequest for Bare<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let id = Id::from_request(request, payload);
        let expected = IfMatch::from_request(request, payload);
        let body = Body::from_request(request, payload);
        Box::pin(
            async move { Ok(Self { id: id.await?, expected: expected.await?, body: body.await? }) },
        )
    }
}

impl<T> Bare<T> {
    /// Reads the request, and refuses whatever a body says. The caller is known from here on to send
    /// this very request.
    pub(crate) fn read_once(self, caller: SignedIn) -> Result<(SignedIn, T, Expected), Problem> {
        let caller = self.body.read_nothing_once(caller)?;
        Ok((caller, self.id.read()?, self.expected.read()?))
    }
}

/// What a client may say about a request that writes.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it documents a header that `Body::read_once` reads")]
pub(crate) struct IdempotencyHeader {
    /// Makes a second request with the same key the same request, for 24 hours: what it did is
    /// answered again, marked `Idempotency-Replayed`, and not done again.
    #[param(
        rename = "Idempotency-Key", value_type = String, required = false, pattern = "^[!-~]{1,255}$"
    )]
    key: Option<String>,
}

/// What a client may say about the record that a request changes.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it documents a header that `IfMatch` reads")]
pub(crate) struct IfMatchHeader {
    /// The `ETag` that you have read; the change is refused if the record is another by now.
    #[param(
        rename = "If-Match", value_type = String, required = false, example = "\"1\"",
        pattern = r#"^(\*|(W/)?"[^",]*"( *, *(W/)?"[^",]*")*)$"#
    )]
    tag: Option<String>,
}

/// The versions of a record that a client is willing to change.
pub(crate) struct IfMatch(Result<Expected, Problem>);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut headers = request.headers().get_all(IF_MATCH).peekable();
        if headers.peek().is_none() {
            return ready(Ok(Self(Ok(Expected::Any))));
        }
        // What is no text is no tag.
        ready(Ok(Self(expected(headers.map(|header| header.to_str().unwrap_or("?"))))))
    }
}

impl IfMatch {
    /// Reads the versions.
    pub(crate) fn read(self) -> Result<Expected, Problem> {
        self.0
    }
}

/// Reads entity tags. One that is not ours, or is weak, matches no version.
fn expected<'a>(headers: impl Iterator<Item = &'a str>) -> Result<Expected, Problem> {
    let no_tag = || {
        let detail = "`If-Match` takes an `ETag` with its quotes, like \"1\".";
        Problem::new(ProblemKind::MALFORMED, detail)
    };
    let mut tags = headers.flat_map(elements).peekable();
    tags.peek().ok_or_else(no_tag)?;
    let mut versions = Vec::new();
    for tag in tags {
        if tag == "*" {
            return Ok(Expected::Any);
        }
        let opaque = tag.strip_prefix("W/").unwrap_or(tag);
        let inner = opaque.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
        let inner = inner.filter(|inner| !inner.contains('"')).ok_or_else(no_tag)?;
        let version = inner.parse::<i64>().ok().filter(|_| opaque == tag);
        // A tag is a text: "01" is not the tag of version 1.
        versions.extend(version.filter(|version| inner == version.to_string()));
    }
    Ok(Expected::OneOf(versions))
}

/// Returns the elements of a list: what stands between its commas, but for those within quotes. Empty
/// ones count for nothing (RFC 9110, 5.6.1).
fn elements(list: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    let elements = list.split(move |c| {
        is_quoted ^= c == '"';
        c == ',' && !is_quoted
    });
    elements.map(str::trim).filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &'static str) -> Option<Expected> {
        expected([header].into_iter()).ok()
    }

    #[test]
    fn an_entity_tag_names_a_version() {
        assert_eq!(read(r#""3""#), Some(Expected::OneOf(vec![3])));
        assert_eq!(read(r#""3", "4""#), Some(Expected::OneOf(vec![3, 4])));
        assert_eq!(read(r#"  ,"3",, "4","#), Some(Expected::OneOf(vec![3, 4])));
        assert_eq!(read("*"), Some(Expected::Any));
    }

    #[test]
    fn a_tag_that_is_weak_or_not_ours_matches_nothing() {
        for header in [r#"W/"3""#, "\"abc\"", "\"\"", "\"03\"", "\"+3\"", "\"3,4\"", "\",\""] {
            assert_eq!(read(header), Some(Expected::OneOf(vec![])), "{header}");
        }
    }

    #[test]
    fn what_is_no_tag_is_told_how_to_write_one() {
        for header in ["3", "", " , ", "\"", "abc", "\"3", "3\"", "\"3\" \"4\"", "\"3\", \"4"] {
            assert_eq!(read(header), None, "{header}");
        }
    }
}
