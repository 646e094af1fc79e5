//! What each operation answers instead of what it was asked, for the OpenAPI document: the kinds of
//! problem, with an example of each, and the headers of answers.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::{
    ContentBuilder, Header, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder,
    Type,
};

use crate::problem::{Problem, ProblemKind, catalogue};

/// What any request can be answered.
pub(crate) const ANYWHERE: &[ProblemKind] =
    &[ProblemKind::MALFORMED, ProblemKind::INVALID, ProblemKind::INTERNAL];

/// What any request of the API can be answered.
pub(crate) const PUBLIC: &[ProblemKind] = &[
    ProblemKind::MALFORMED,
    ProblemKind::INVALID,
    ProblemKind::RATE_LIMITED,
    ProblemKind::INTERNAL,
    ProblemKind::UNAVAILABLE,
];

/// What a request of somebody who has to be signed in can be answered, whatever it asks for.
pub(crate) const SIGNED_IN: &[ProblemKind] = &[
    ProblemKind::MALFORMED,
    ProblemKind::AUTHENTICATION_REQUIRED,
    ProblemKind::INVALID,
    ProblemKind::RATE_LIMITED,
    ProblemKind::INTERNAL,
    ProblemKind::UNAVAILABLE,
];

/// What a body can be answered.
pub(crate) const BODY: &[ProblemKind] = &[
    ProblemKind::REQUEST_TIMEOUT,
    ProblemKind::PAYLOAD_TOO_LARGE,
    ProblemKind::UNSUPPORTED_MEDIA_TYPE,
];

/// What a body can be answered that an idempotency key may come with.
pub(crate) const KEYED_BODY: &[ProblemKind] = &[
    ProblemKind::REQUEST_TIMEOUT,
    ProblemKind::PAYLOAD_TOO_LARGE,
    ProblemKind::UNSUPPORTED_MEDIA_TYPE,
    ProblemKind::KEY_REUSED,
];

/// Declares what an operation can answer instead of what it was asked: the kinds of some groups,
/// further kinds, and the rules that may refuse.
macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $($group:ident)|+ $(| [$($kind:ident),*])?
        $(, refused by [$($rule:ident),*])?;)*) => {$(
        $(#[$doc])*
        struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<
                String,
                utoipa::openapi::RefOr<utoipa::openapi::Response>,
            > {
                $crate::responses::documented(&[
                    $($crate::responses::$group,)+
                    $(&[$($crate::problem::ProblemKind::$kind),*],)?
                    $(&[$($crate::problem::ProblemKind::of_rule(
                        medilink_domain::rule::RuleCode::$rule,
                    )),*],)?
                ])
            }
        }
    )*};
}

pub(crate) use problems;

/// Describes each status by the kinds of problem that are answered with it.
pub(crate) fn documented(groups: &[&[ProblemKind]]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<ProblemKind>> = BTreeMap::new();
    for kind in groups.iter().copied().flatten() {
        by_status.entry(kind.status).or_default().push(*kind);
    }
    by_status
        .into_iter()
        .map(|(status, kinds)| (status.to_string(), RefOr::T(response(status, &kinds))))
        .collect()
}

fn response(status: u16, kinds: &[ProblemKind]) -> Response {
    let description: Vec<_> =
        kinds.iter().map(|kind| format!("`{}`: {}", kind.code, kind.meaning)).collect();
    let examples = kinds.iter().map(|kind| {
        let example = RefOr::Ref(Ref::new(format!("#/components/examples/{}", kind.code)));
        (kind.code, example)
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(examples)
        .build();
    let headers: &[_] = match status {
        401 => &["WWW-Authenticate"],
        429 | 503 => &["Retry-After"],
        _ => &[],
    };
    let mut response = ResponseBuilder::new()
        .description(description.join("\n\n"))
        .content("application/problem+json", content)
        .build();
    name_headers(&mut response, headers);
    response
}

/// Says that an answer has some headers of [`headers`].
pub(crate) fn name_headers(response: &mut Response, names: &[&str]) {
    for name in names {
        let header = Ref::new(format!("#/components/headers/{name}"));
        response.headers.insert((*name).to_owned(), RefOr::Ref(header));
    }
}

/// Returns an example of each kind of problem, by its code.
pub(crate) fn examples() -> BTreeMap<String, RefOr<Example>> {
    let examples = catalogue().into_iter().map(|kind| {
        let example =
            ExampleBuilder::new().summary(kind.title).value(Some(Problem::example(kind))).build();
        (kind.code.to_owned(), RefOr::T(example))
    });
    examples.collect()
}

/// Returns every header that some answer has.
pub(crate) fn headers() -> BTreeMap<String, RefOr<Header>> {
    let headers = [
        text("ETag", "The version of the record, for `If-Match`.", r#""1""#),
        text(
            "Idempotency-Replayed",
            "Here, and `true`, if a request with the same `Idempotency-Key` has done this before.",
            "true",
        ),
        text(
            "Location",
            "Where the record is read.",
            "/api/v1/appointments/0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f",
        ),
        text(
            "RateLimit",
            "How many requests are left, and in how many seconds there is one more. Not here if the \
             installation has no limits.",
            r#""general";r=299;t=1"#,
        ),
        text(
            "RateLimit-Policy",
            "How many requests the limits allow, and in how many seconds; each by its name. Not \
             here if the installation has no limits.",
            r#""general";q=300;w=15"#,
        ),
        (
            "Retry-After",
            header(Type::Integer, "After how many seconds the request is worth another try.", 2),
        ),
        text(
            "Set-Cookie",
            "What makes the device known; it proves that somebody has signed in there, and \
             authorises nothing.",
            "medilink_device=kq3Zb0mH1s6Vb1PzF6oQkK1vP7u2n8yQe0w5c4d3b2a; HttpOnly; SameSite=Strict",
        ),
        text("WWW-Authenticate", "How to say who you are.", "Bearer"),
        text(
            "X-Request-Id",
            "The request, as our logs name it.",
            "0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f",
        ),
    ];
    headers.into_iter().map(|(name, header)| (name.to_owned(), RefOr::T(header))).collect()
}

fn text(name: &'static str, about: &str, example: &str) -> (&'static str, Header) {
    (name, header(Type::String, about, json!(example)))
}

fn header(kind: Type, about: &str, example: impl Into<Value>) -> Header {
    let schema = ObjectBuilder::new().schema_type(kind).examples([example.into()]);
    HeaderBuilder::new().schema(Some(schema)).description(Some(about)).build()
}
