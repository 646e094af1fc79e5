//! Who may do what, over HTTP: every operation against everybody who might try.
//!
//! The expected answers come from the policy table. An operation that is missing here fails
//! a test; the list of what is open to everybody may only shrink.

use std::collections::{BTreeMap, BTreeSet};

use medilink_domain::policy::{Access, Relation, open_to_pending, permits};
use medilink_domain::user::Role;
use medilink_tests::TestApp;
use medilink_tests::app::PASSWORD;
use medilink_tests::person::text;
use serde_json::json;

use super::cast::{Cast, Persona, Request};
use super::operation::OPERATIONS;

/// What is open to everybody.
const PUBLIC: &[&str] = &[
    "get /health/live",
    "get /health/ready",
    "get /problems/{code}",
    "post /api/v1/auth/login",
    "post /api/v1/auth/refresh",
    "post /api/v1/auth/register",
    "post /api/v1/auth/setup",
];

/// What everybody signed in may do to their own sessions and their own password. Each is tried in a
/// session of its own, for it may end that session and others.
const OWN_SESSIONS: &[&str] = &[
    "delete /api/v1/auth/sessions",
    "get /api/v1/auth/sessions",
    "post /api/v1/auth/logout",
    "post /api/v1/auth/password",
];

#[actix_web::test]
async fn refusals_are_documented_where_the_policy_refuses() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();

    let mut actions: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for operation in OPERATIONS {
        actions.entry(operation.documented()).or_default().push(operation.action);
    }
    for ((method, path), actions) in actions {
        let refusals = &document["paths"][path][method]["responses"]["403"]["content"];
        let examples = &refusals["application/problem+json"]["examples"];
        let denies = |action, role: &Role| {
            Relation::ALL.iter().any(|relation| permits(*role, action, *relation) == Access::Deny)
        };
        let denied = |action: &_| Role::ALL.iter().any(|role| denies(*action, role));
        let is_denied = actions.iter().any(denied);
        assert_eq!(!examples["forbidden"].is_null(), is_denied, "{method} {path}");
        let may_wait = !actions.iter().all(|action| open_to_pending(*action));
        assert_eq!(!examples["approval-pending"].is_null(), may_wait, "{method} {path}");
    }
}

#[actix_web::test]
async fn every_operation_is_in_the_table() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            let open = operation["security"] == json!([{}]) || operation["security"] == json!([]);
            assert_eq!(open, PUBLIC.contains(&name.as_str()), "{name}");
            operations.insert(name);
        }
    }
    let signed_in = OPERATIONS.iter().map(|operation| {
        let (method, path) = operation.documented();
        format!("{method} {path}")
    });
    let others = PUBLIC.iter().chain(OWN_SESSIONS).map(|name| (*name).to_owned());
    assert_eq!(operations, others.chain(signed_in).collect());
}

#[actix_web::test]
async fn everybody_gets_what_the_policy_says() {
    let cast = Cast::start().await;

    for operation in OPERATIONS {
        for persona in &cast.people {
            let Persona { name, person, role, patient, .. } = persona;
            let relations = persona.relations(operation).into_iter();
            let access = relations.map(|relation| permits(*role, operation.action, relation));
            let access = access.max().unwrap();
            let status = cast.tries(person, operation, patient).await;

            let expected = match access {
                Access::Allow => (200..300).contains(&status),
                Access::Deny => status == 403,
                Access::Hide => status == 404,
            };
            assert!(expected, "{name}, {}: {access:?}, but {status}", operation.name);
        }
    }
}

#[actix_web::test]
async fn nobody_gets_in_without_a_session_that_holds() {
    let clinic = TestApp::start().await;
    let expired = clinic.a_doctor().await;
    clinic.clock.advance(16);
    let cast = Cast::of(clinic).await;
    let patient = &cast.persona("admin").patient;
    let nobody = cast.clinic.unknown();
    let forged = nobody.with_token("eyJhbGciOiJub25lIn0.e30.");
    let disabled = cast.clinic.a_doctor().await;
    let raw = cast.clinic.database.raw().await;
    let name = text(&disabled.user["username"]);
    let disable = format!("UPDATE users SET status = 'disabled' WHERE username = '{name}'");
    raw.execute(&disable).await.unwrap();

    for operation in OPERATIONS {
        for person in [&nobody, &forged, &expired, &disabled] {
            let status = cast.tries(person, operation, patient).await;
            assert_eq!(status, 401, "{}", operation.name);
        }
    }
}

#[actix_web::test]
async fn everybody_signed_in_rules_over_their_own_sessions_and_nobody_else_does() {
    let cast = Cast::start().await;
    let nobody = cast.clinic.unknown();

    for operation in OWN_SESSIONS {
        let (method, path) = operation.split_once(' ').unwrap();
        let body = match *operation {
            "post /api/v1/auth/password" => {
                json!({"current_password": PASSWORD, "new_password": "another good one"})
            }
            "post /api/v1/auth/logout" => json!({}),
            _ => json!(null),
        };
        let request = Request::new(method, path.to_owned(), &body);
        let writes = method != "get";
        assert_eq!(cast.watched(&nobody, &request, writes, operation).await, 401, "{operation}");
        for role in ["patient", "doctor", "pharmacy", "coordinator"] {
            // All but patients are pending.
            let person = cast.clinic.registered(role, json!({})).await;
            let status = cast.watched(&person, &request, writes, operation).await;
            assert!((200..300).contains(&status), "{role}, {operation}: {status}");
        }
    }
}

#[actix_web::test]
async fn somebody_pending_does_only_what_is_open_to_them() {
    let cast = Cast::start().await;
    let patient = &cast.persona("admin").patient;
    for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy] {
        let pending = cast.clinic.registered(role.as_str(), json!({})).await;
        for operation in OPERATIONS {
            let status = cast.tries(&pending, operation, patient).await;
            // What is open to them is so within the policy: nothing here is theirs.
            let access = permits(role, operation.action, Relation::Stranger);
            let is_done = open_to_pending(operation.action) && access == Access::Allow;
            let expected = if is_done { (200..300).contains(&status) } else { status == 403 };
            assert!(expected, "{role}, {}: {status}", operation.name);
        }
    }
}
