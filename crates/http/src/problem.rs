//! Problems: the one shape of every answer that is not what was asked for (RFC 9457).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use medilink_application::Error;
use medilink_application::availability::FreeTimeView;
use medilink_application::error::{FieldErrors, StoreError};
use medilink_domain::archive::Blocking;
use medilink_domain::id::{RequestId, Uuid};
use medilink_domain::policy::Action;
use medilink_domain::rule::RuleCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, Type};

/// The request of examples.
const EXAMPLE: Uuid = Uuid::from_u128(0x0198_c5a2_7b1e_7cc3_98c4_dc0c_0c07_398f);

/// One kind of problem. Clients switch on its code; the list is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemKind {
    /// The code.
    pub code: &'static str,
    /// The status that it is answered with.
    pub status: u16,
    /// What it is called.
    pub title: &'static str,
    /// What it means, and what to do about it.
    pub meaning: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $status:literal $code:literal, $title:literal, $meaning:literal;)*) => {
        impl ProblemKind {
            $(pub(crate) const $name: Self =
                Self { code: $code, status: $status, title: $title, meaning: $meaning };)*

            const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

kinds! {
    MALFORMED = 400 "malformed", "Malformed request",
        "The request cannot be read: its JSON, its query or its headers are broken.";
    AUTHENTICATION_REQUIRED = 401 "authentication-required", "Authentication required",
        "Send a valid access token as `Authorization: Bearer …`. If it has expired, refresh it, or sign in \
        again.";
    WRONG_CREDENTIALS = 401 "wrong-credentials", "Wrong credentials",
        "The user name or the password is wrong.";
    REFRESH_TOKEN_REFUSED = 401 "refresh-token-refused", "Refresh token refused",
        "The refresh token is unknown, was used before, or belongs to a session that is over. Log in \
        again.";
    FORBIDDEN = 403 "forbidden", "Forbidden",
        "You may know of this, but not do it.";
    APPROVAL_PENDING = 403 "approval-pending", "Approval pending",
        "An administrator has to approve your account before you can do this.";
    NOT_FOUND = 404 "not-found", "Not found",
        "It does not exist, or you may not know that it does.";
    METHOD_NOT_ALLOWED = 405 "method-not-allowed", "Method not allowed",
        "Nothing here answers to this method; the `Allow` header says what does.";
    REQUEST_TIMEOUT = 408 "request-timeout", "Request timeout",
        "The body did not arrive within 10 seconds. Send it again.";
    STALE = 412 "stale", "Stale",
        "The record changed after you read it. Read it again, then send its new `ETag`.";
    PAYLOAD_TOO_LARGE = 413 "payload-too-large", "Payload too large",
        "The body is larger than 256 KiB. Send less at once.";
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported-media-type", "Unsupported media type",
        "Send the body as `application/json`, in UTF-8 and without a content encoding.";
    INVALID = 422 "invalid", "Invalid fields",
        "Some fields are wrong; `errors` names each of them, and what to do.";
    KEY_REUSED = 422 "idempotency-key-reused", "Idempotency key reused",
        "The `Idempotency-Key` was used for another request. Make a new one for each request.";
    RATE_LIMITED = 429 "rate-limited", "Too many requests",
        "You have asked too often, or tried too many wrong passwords. Try again after `Retry-After` \
        seconds.";
    INTERNAL = 500 "internal", "Internal error",
        "Something went wrong here. Tell us the `request_id`.";
    UNAVAILABLE = 503 "unavailable", "Unavailable",
        "Too much is going on, or the database does not answer. Try again after `Retry-After`.";
}

impl ProblemKind {
    /// Returns the kind of what a rule refuses.
    pub(crate) const fn of_rule(code: RuleCode) -> Self {
        Self { code: code.as_str(), status: 409, title: code.title(), meaning: code.meaning() }
    }

    /// Returns the kind that stands for a status that the framework answers by itself.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.status == status.as_u16())
            .unwrap_or(if status.is_server_error() { Self::INTERNAL } else { Self::MALFORMED })
    }
}

/// Returns every kind of problem, in the order of their status.
pub fn catalogue() -> Vec<ProblemKind> {
    let rules = RuleCode::ALL.iter().map(|code| ProblemKind::of_rule(*code));
    let mut kinds: Vec<_> = ProblemKind::ALL.iter().copied().chain(rules).collect();
    kinds.sort_by_key(|kind| kind.status);
    kinds
}

/// What went wrong with a request, and what to do about it.
///
/// It is boxed: handlers hand it about in every `Result`, and rarely have one.
#[derive(Debug, Clone)]
pub struct Problem(Box<Details>);

/// What went wrong with a request, and what to do about it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Details {
    /// Where the kind of problem is explained.
    #[schema(value_type = String, example = "/problems/invalid")]
    r#type: String,
    /// What the kind of problem is called.
    #[schema(value_type = String, example = "Invalid fields")]
    title: &'static str,
    /// The status of the answer.
    #[schema(example = 422)]
    status: u16,
    /// What is wrong in this case.
    #[schema(value_type = String, example = "Some fields are wrong; `errors` names each of them, and what to do.")]
    detail: Cow<'static, str>,
    /// This very occurrence.
    #[schema(example = "urn:uuid:0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f")]
    instance: String,
    /// The kind of problem, for programs.
    #[schema(schema_with = code_schema)]
    code: &'static str,
    /// The request, as our logs name it.
    #[schema(value_type = RequestId, required = true)]
    request_id: Option<RequestId>,
    /// The messages of each wrong field; absent from problems of other kinds than `invalid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = BTreeMap<String, Vec<String>>, required = false, example = json!({"starts_at": ["2030-02-30 is not a day of the calendar."]}))]
    errors: Option<BTreeMap<String, Vec<String>>>,
    /// What still needs the record, how many of each; only in problems of the kind `still-needed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Blocking, required = false)]
    blocking: Option<Blocking>,
    /// Up to three times that you could book instead, the nearest first; only where another time is what
    /// helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<FreeTimeView>, required = false)]
    alternatives: Option<Vec<FreeTimeView>>,
    #[serde(skip)]
    #[schema(ignore)]
    allow: Option<String>,
    #[serde(skip)]
    #[schema(ignore)]
    retry_after: Option<u64>,
}

fn code_schema() -> utoipa::openapi::schema::Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("The kind of problem, for programs."))
        .enum_values(Some(catalogue().into_iter().map(|kind| kind.code)))
        .build()
}

impl Problem {
    /// Makes a problem of a kind, with what there is to say in this case.
    pub(crate) fn new(kind: ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Details {
            r#type: format!("/problems/{}", kind.code),
            title: kind.title,
            status: kind.status,
            detail: detail.into(),
            instance: String::new(),
            code: kind.code,
            request_id: None,
            errors: None,
            blocking: None,
            alternatives: None,
            allow: None,
            retry_after: (kind.status == 503).then_some(1),
        }))
    }

    /// Makes a problem of a kind that needs no more words.
    pub(crate) fn plain(kind: ProblemKind) -> Self {
        Self::new(kind, kind.meaning)
    }

    /// Shows what an answer of a kind looks like.
    pub(crate) fn example(kind: ProblemKind) -> Value {
        let mut problem = if kind == ProblemKind::INVALID {
            FieldErrors::of("starts_at", "2030-02-30 is not a day of the calendar").into()
        } else {
            Self::plain(kind)
        };
        let rule = RuleCode::parse(kind.code);
        problem.0.alternatives =
            rule.is_ok_and(RuleCode::offers_alternatives).then(|| vec![FreeTimeView::example()]);
        problem = problem.in_request(RequestId::new(EXAMPLE));
        serde_json::to_value(problem.0).unwrap_or_default()
    }

    /// Makes the problem of somebody who sent no credentials.
    pub(crate) fn no_credentials() -> Self {
        Self::new(
            ProblemKind::AUTHENTICATION_REQUIRED,
            "Authentication credentials were not provided.",
        )
    }

    /// Says which methods are answered.
    pub(crate) fn allowing(mut self, methods: String) -> Self {
        self.0.allow = Some(methods);
        self
    }

    /// Says when to try again: in whole seconds, and never too early.
    fn after(why: &str, wait: Duration) -> Self {
        let seconds = whole_seconds(wait);
        let detail = format!("{why} Try again in {}.", spoken(seconds));
        let mut problem = Self::new(ProblemKind::RATE_LIMITED, detail);
        problem.0.retry_after = Some(seconds);
        problem
    }

    /// Says in which request it happened.
    pub(crate) fn in_request(mut self, request: RequestId) -> Self {
        self.0.instance = format!("urn:uuid:{request}");
        self.0.request_id = Some(request);
        self
    }

    /// Returns the code of its kind.
    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    /// Writes the answer.
    pub(crate) fn body(&self) -> BoxBody {
        BoxBody::new(serde_json::to_vec(&self.0).unwrap_or_default())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Unauthenticated => Self::plain(ProblemKind::AUTHENTICATION_REQUIRED),
            Error::WrongCredentials => Self::plain(ProblemKind::WRONG_CREDENTIALS),
            Error::RefreshTokenRefused => Self::plain(ProblemKind::REFRESH_TOKEN_REFUSED),
            // Of those who know of a record, patients alone may not change all of it.
            Error::Forbidden(Action::ChangePatient) => Self::new(
                ProblemKind::FORBIDDEN,
                "You may change how you are reached: email, phone, address, city, state, country, \
                emergency_contact_name and emergency_contact_phone. Ask the practice to change \
                anything else.",
            ),
            Error::Forbidden(Action::Register) => Self::new(
                ProblemKind::FORBIDDEN,
                "People do not register themselves here. Ask an administrator to make your account.",
            ),
            Error::Forbidden(_) => Self::plain(ProblemKind::FORBIDDEN),
            Error::ApprovalPending => Self::plain(ProblemKind::APPROVAL_PENDING),
            Error::NotFound(_) => Self::new(ProblemKind::NOT_FOUND, sentence(&error)),
            Error::Stale(_) => Self::new(ProblemKind::STALE, sentence(&error)),
            Error::Refused(refusal) => {
                let kind = ProblemKind::of_rule(refusal.code());
                let mut problem = Self::new(kind, sentence(&refusal));
                problem.0.blocking = refusal.blocking();
                let named = refusal.alternatives();
                problem.0.alternatives =
                    named.map(|times| times.iter().copied().map(Into::into).collect());
                problem
            }
            Error::Invalid(fields) => fields.into(),
            Error::KeyReused => Self::plain(ProblemKind::KEY_REUSED),
            Error::RateLimited { retry_after } => {
                Self::after("You have asked too often.", retry_after)
            }
            Error::TooManyFailed { retry_after } => {
                Self::after("Too many attempts with a wrong password have failed.", retry_after)
            }
            Error::Overloaded => Self::plain(ProblemKind::UNAVAILABLE),
            Error::Failed(source) => {
                tracing::error!(%source, "the program failed");
                Self::plain(ProblemKind::INTERNAL)
            }
            Error::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        // What the database said is for the log alone.
        let source = error.source().map(ToString::to_string);
        match error {
            StoreError::Busy | StoreError::Unavailable(_) => {
                tracing::warn!(%error, source, "the store did not answer in time");
                Self::plain(ProblemKind::UNAVAILABLE)
            }
            StoreError::Conflict(_)
            | StoreError::Stale(_)
            | StoreError::Corrupt(_)
            | StoreError::Failed(_) => {
                tracing::error!(%error, source, "the store failed");
                Self::plain(ProblemKind::INTERNAL)
            }
        }
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        let errors = errors
            .by_field()
            .iter()
            .map(|(field, messages)| (field.clone(), messages.iter().map(sentence).collect()))
            .collect();
        let mut problem = Self::plain(ProblemKind::INVALID);
        problem.0.errors = Some(errors);
        problem
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The middleware says later which request it is, and writes the body anew.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type("application/problem+json");
        if let Some(methods) = &self.0.allow {
            response.insert_header((ALLOW, methods.clone()));
        }
        if self.0.status == 401 {
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        if let Some(seconds) = self.0.retry_after {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        let mut response = response.body(self.body());
        response.extensions_mut().insert(self.clone());
        response
    }
}

/// Rounds a time to wait up to whole seconds, at least one.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    let begun = u64::from(0 < wait.subsec_nanos());
    wait.as_secs().saturating_add(begun).max(1)
}

/// Says how long so many seconds are, as people say it, and never less.
fn spoken(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds.div_ceil(60), "minute"),
        7200.. => (seconds.div_ceil(3600), "hour"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

/// Writes what a rule says as a sentence for people: a capital letter, a full stop.
pub(crate) fn sentence(words: &impl ToString) -> String {
    let words = words.to_string();
    let mut rest = words.chars();
    let first: String = rest.next().into_iter().flat_map(char::to_uppercase).collect();
    let stop = if words.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_problems_share_a_code() {
        let mut codes: Vec<_> = catalogue().into_iter().map(|kind| kind.code).collect();
        codes.sort_unstable();
        let all = codes.len();
        codes.dedup();

        assert_eq!(codes.len(), all);
    }

    #[test]
    fn people_read_sentences() {
        assert_eq!(sentence(&"the time is over"), "The time is over.");
        assert_eq!(sentence(&""), ".");
    }

    #[test]
    fn a_time_to_wait_is_rounded_up() {
        for (milliseconds, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (59_999, 60)] {
            let problem = Problem::from(Error::RateLimited {
                retry_after: Duration::from_millis(milliseconds),
            });
            let response = problem.error_response();
            assert_eq!(response.status(), 429);
            assert_eq!(response.headers().get(RETRY_AFTER).unwrap(), &*seconds.to_string());
        }
    }

    #[test]
    fn a_long_time_to_wait_is_told_as_people_say_it() {
        for (seconds, said) in [
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (121, "3 minutes"),
            (900, "15 minutes"),
            (7200, "2 hours"),
            (86_399, "24 hours"),
        ] {
            assert_eq!(spoken(seconds), said);
        }
    }

    #[test]
    fn a_failing_store_says_nothing_of_itself() {
        let secret = std::io::Error::other("relation users on 10.0.0.7");

        let problem = Problem::from(StoreError::Unavailable(Box::new(secret)));

        assert!(!serde_json::to_string(&problem.0).unwrap().contains("10.0.0.7"));
    }
}
