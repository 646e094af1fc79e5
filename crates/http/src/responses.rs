//! The problems that each kind of call can answer, for the OpenAPI document.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::IntoResponses;
use utoipa::openapi::{
    ContentBuilder, Header, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder,
    Type,
};

use crate::problem::{ProblemKind, catalogue};

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = [$($status:literal),*];)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                documented(&[$($status),*])
            }
        }
    )*};
}

problems! {
    /// Of a call that reads one record.
    ReadProblems = [401, 403, 404, 429, 500, 503];
    /// Of a call that reads a list.
    ListProblems = [400, 401, 403, 422, 429, 500, 503];
    /// Of a call that makes a record.
    CreateProblems = [400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 503];
    /// Of a call that changes a record.
    ChangeProblems = [400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 429, 500, 503];
    /// Of a registration.
    RegistrationProblems = [400, 403, 408, 413, 415, 422, 429, 500, 503];
    /// Of a sign-in.
    SignInProblems = [400, 401, 408, 413, 415, 422, 429, 500, 503];
    /// Of a call that continues a session.
    RefreshProblems = [400, 401, 408, 413, 415, 422, 429, 500, 503];
    /// Of a call that ends a session with a token.
    LogOutProblems = [400, 401, 408, 413, 415, 422, 429, 500, 503];
    /// Of a change of one's password.
    PasswordProblems = [400, 401, 408, 413, 415, 422, 429, 500, 503];
    /// Of a call that writes about its caller alone.
    WriteProblems = [401, 429, 500, 503];
    /// Of a look for something that is open to everybody.
    LookProblems = [404, 500];
    /// Of the question whether all is well.
    ReadinessProblems = [500, 503];
}

/// Describes each status by the kinds of problem that are answered with it.
fn documented(statuses: &[u16]) -> BTreeMap<String, RefOr<Response>> {
    let kinds = catalogue();
    statuses
        .iter()
        .map(|status| {
            let of_status: Vec<_> = kinds.iter().filter(|kind| kind.status == *status).collect();
            (status.to_string(), RefOr::T(response(&of_status)))
        })
        .collect()
}

fn response(kinds: &[&ProblemKind]) -> Response {
    let description: Vec<_> =
        kinds.iter().map(|kind| format!("`{}`: {}", kind.code, kind.meaning)).collect();
    let example = kinds.first().map(|kind| {
        json!({
            "type": format!("/problems/{}", kind.code),
            "title": kind.title,
            "status": kind.status,
            "detail": kind.meaning,
            "instance": "urn:uuid:0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f",
            "code": kind.code,
            "request_id": "0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f",
        })
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .example(example)
        .build();
    let is_of = |status| kinds.iter().any(|kind| kind.status == status);
    let mut response = ResponseBuilder::new()
        .description(description.join("\n\n"))
        .content("application/problem+json", content);
    if is_of(429) || is_of(503) {
        let about = "After how many seconds the request is worth another try.";
        response = response.header("Retry-After", header(Type::Integer, about, json!(2)));
    }
    if is_of(429) {
        let about = "Which policy refused: how many requests in how many seconds.";
        let policy = header(Type::String, about, json!("\"sign-in\";q=30;w=60"));
        let about = "How many are left, and in how many seconds there is one more.";
        let standing = header(Type::String, about, json!("\"sign-in\";r=0;t=2"));
        response = response.header("RateLimit-Policy", policy).header("RateLimit", standing);
    }
    response.build()
}

fn header(kind: Type, about: &str, example: Value) -> Header {
    let schema = ObjectBuilder::new().schema_type(kind).examples([example]);
    HeaderBuilder::new().schema(Some(schema)).description(Some(about)).build()
}
