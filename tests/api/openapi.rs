//! The OpenAPI document is whole, and Swagger UI needs nothing from elsewhere.

use std::collections::BTreeSet;

use medilink_tests::TestApp;
use serde_json::{Value, json};

#[actix_web::test]
async fn every_operation_is_described_whole() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let mut ids = BTreeSet::new();

    for (name, operation) in operations(&document) {
        for key in ["summary", "description", "operationId", "tags", "security", "responses"] {
            assert!(!operation[key].is_null(), "{name} has no {key}");
        }
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}");
        for (status, answer) in operation["responses"].as_object().unwrap() {
            assert!(answer["description"].is_string(), "{name} {status}");
            if status == "204" {
                continue;
            }
            let kinds = answer["content"].as_object().unwrap();
            let kind = if status.starts_with('2') { "" } else { "application/problem+json" };
            assert!(kind.is_empty() || kinds.contains_key(kind), "{name} {status}");
        }
        assert!(operation["responses"].as_object().unwrap().keys().any(|key| key.starts_with('2')));
        if let Some(body) = operation.get("requestBody") {
            let example = &body["content"]["application/json"]["example"];
            assert!(example.is_object(), "{name} has no example of a body");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{name} {}", parameter["name"]);
        }
    }
}

#[actix_web::test]
async fn every_success_shows_an_example() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();

    for (name, operation) in operations(&document) {
        for (status, answer) in operation["responses"].as_object().unwrap() {
            if !status.starts_with('2') || status == "204" {
                continue;
            }
            for content in answer["content"].as_object().unwrap().values() {
                let shown =
                    !content["example"].is_null() || has_example(&document, &content["schema"]);
                assert!(shown, "{name} {status}");
            }
        }
    }
}

/// Tells whether a tool can make an example: from the schema, or from all of its parts.
fn has_example(document: &Value, schema: &Value) -> bool {
    let schema = resolve(document, schema);
    let shown = ["example", "examples", "enum", "const", "default"];
    if shown.iter().any(|key| !schema[key].is_null()) || schema["type"] == "boolean" {
        return true;
    }
    if let Some(properties) = schema["properties"].as_object() {
        return properties.values().all(|part| has_example(document, part));
    }
    if !schema["items"].is_null() {
        return has_example(document, &schema["items"]);
    }
    let parts = ["oneOf", "allOf", "anyOf"].iter().filter_map(|key| schema[*key].as_array());
    parts.flatten().any(|part| has_example(document, part))
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).unwrap(),
        None => schema,
    }
}

#[actix_web::test]
async fn every_reference_leads_somewhere() {
    fn walk(document: &Value, value: &Value) {
        if let Some(reference) = value["$ref"].as_str() {
            let found = document.pointer(reference.trim_start_matches('#'));
            assert!(found.is_some(), "{reference}");
        }
        let parts = value.as_object().into_iter().flat_map(|object| object.values());
        for part in parts.chain(value.as_array().into_iter().flatten()) {
            walk(document, part);
        }
    }

    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    walk(&document, &document);
    assert_eq!(document["openapi"], "3.1.0");
}

#[actix_web::test]
async fn the_codes_of_problems_are_a_closed_list() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();

    let codes = &document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"];

    let all: Vec<_> = medilink_http::catalogue().into_iter().map(|kind| json!(kind.code)).collect();
    assert_eq!(codes, &Value::Array(all));
}

#[actix_web::test]
async fn the_document_and_its_page_are_served_whole() {
    let clinic = TestApp::start().await;
    let nobody = clinic.unknown();

    assert_eq!(nobody.get("/openapi.json").await.ok()["info"]["title"], "MediLink");
    for path in ["/docs", "/docs/"] {
        let page = nobody.get(path).await.with_status(200);
        assert!(page.text.contains("swagger-ui"), "{path}");
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self';"), "nothing is loaded from elsewhere");
    }
    let settings = nobody.get("/docs/swagger-initializer.js").await.with_status(200);
    let plain: String = settings.text.split_whitespace().collect();
    assert!(plain.contains(r#""validatorUrl":"none""#), "{}", settings.text);
    for asset in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        let _ = nobody.get(&format!("/docs/{asset}")).await.with_status(200);
    }
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter().filter(|(key, _)| *key != "parameters");
            methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
        })
        .collect()
}

#[actix_web::test]
async fn every_choice_is_documented_by_its_name() {
    use medilink_domain::appointment::AppointmentStatus;
    use medilink_domain::doctor::{BookingMode, Specialization};
    use medilink_domain::patient::{BloodGroup, Gender};
    use medilink_domain::user::{Role, UserStatus};

    fn names<T: Copy + ToString>(all: &[T]) -> Value {
        all.iter().map(|one| json!(one.to_string())).collect()
    }

    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    for (schema, expected) in [
        ("AppointmentStatus", names(AppointmentStatus::ALL)),
        ("BloodGroup", names(BloodGroup::ALL)),
        ("BookingMode", names(BookingMode::ALL)),
        ("Gender", names(Gender::ALL)),
        ("Role", names(Role::ALL)),
        ("Specialization", names(Specialization::ALL)),
        ("UserStatus", names(UserStatus::ALL)),
    ] {
        assert_eq!(document["components"]["schemas"][schema]["enum"], expected, "{schema}");
    }
}
