//! The OpenAPI document is whole, and Swagger UI needs nothing from elsewhere.

use std::collections::BTreeSet;

use medilink_tests::TestApp;
use medilink_tests::contract::validator;
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
async fn every_default_and_every_example_is_what_its_schema_says() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let mut shown = Vec::new();
    walk(&document["paths"], &mut |value| gather(&document, value, &mut shown));
    walk(&document["components"], &mut |value| gather(&document, value, &mut shown));

    assert!(200 < shown.len(), "{}", shown.len());
    for (schema, example) in shown {
        let errors: Vec<_> = validator(&document, schema)
            .iter_errors(example)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{example} of {schema}: {errors:?}");
    }
}

/// Gathers what a schema, a parameter, a header, a body or an answer shows as an example or a
/// default, with the schema that it has to keep to.
fn gather<'a>(document: &'a Value, value: &'a Value, shown: &mut Vec<(&'a Value, &'a Value)>) {
    let is_schema = ["type", "oneOf", "allOf", "anyOf", "$ref"]
        .iter()
        .any(|key| !value[key].is_null() && !value[key].is_object());
    if is_schema {
        let kept = ["default", "example"].map(|key| value.get(key));
        let examples = value["examples"].as_array().into_iter().flatten();
        shown.extend(kept.into_iter().flatten().chain(examples).map(|example| (value, example)));
    }
    if let Some(schema) = value.get("schema").filter(|schema| schema.is_object()) {
        shown.extend(value.get("example").map(|example| (schema, example)));
        for example in value["examples"].as_object().into_iter().flat_map(|all| all.values()) {
            shown.push((schema, &resolve(document, example)["value"]));
        }
    }
}

/// Visits a value and all of its parts.
fn walk<'a>(value: &'a Value, visit: &mut impl FnMut(&'a Value)) {
    visit(value);
    let parts = value.as_object().into_iter().flat_map(|object| object.values());
    for part in parts.chain(value.as_array().into_iter().flatten()) {
        walk(part, visit);
    }
}

/// Returns whatever stands in a part of the document, or in what that refers to.
fn reachable<'a>(document: &'a Value, part: &'a Value) -> Vec<&'a Value> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let mut to_visit = vec![part];
    while let Some(part) = to_visit.pop() {
        walk(part, &mut |value| {
            found.push(value);
            if let Some(reference) = value["$ref"].as_str()
                && seen.insert(reference)
            {
                to_visit.push(document.pointer(&reference[1..]).unwrap());
            }
        });
    }
    found
}

#[actix_web::test]
async fn a_body_has_no_other_fields_than_those_that_are_documented() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let mut objects = 0;

    for (name, operation) in operations(&document) {
        for value in reachable(&document, &operation["requestBody"]["content"]) {
            if value["type"] == "object" {
                objects += 1;
                assert_eq!(value["additionalProperties"], false, "{name} {value}");
            }
            assert!(value["allOf"].is_null(), "{name}: what is closed cannot be put together");
        }
    }

    assert!(8 < objects, "{objects}");
}

#[actix_web::test]
async fn a_body_that_may_be_left_out_is_not_null_instead() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();

    for (name, operation) in operations(&document) {
        if let Some(body) = operation.get("requestBody") {
            let schema = &body["content"]["application/json"]["schema"];
            assert!(!validator(&document, schema).is_valid(&Value::Null), "{name}");
            let optional = ["/cancel", "/logout", "/no-show"].iter().any(|end| name.ends_with(end));
            assert_eq!(body["required"].as_bool().unwrap_or(false), !optional, "{name}");
        }
    }
}

#[actix_web::test]
async fn no_component_is_there_for_nothing() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let mut used = BTreeSet::new();
    for value in reachable(&document, &document["paths"]) {
        used.extend(value["$ref"].as_str());
    }

    for group in ["schemas", "examples", "headers"] {
        for name in document["components"][group].as_object().unwrap().keys() {
            assert!(used.contains(&*format!("#/components/{group}/{name}")), "{group} {name}");
        }
    }
}

#[actix_web::test]
async fn the_items_of_a_page_have_a_name() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let pages = schemas.iter().filter_map(|(name, page)| Some((name.strip_prefix("Page_")?, page)));

    let mut found = 0;
    for (item, page) in pages {
        let reference = format!("#/components/schemas/{item}");
        assert_eq!(page["properties"]["items"]["items"], json!({"$ref": reference}));
        found += 1;
    }
    assert!(2 <= found, "{found}");
}

#[actix_web::test]
async fn what_may_be_absent_is_not_null_instead() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let schemas = &document["components"]["schemas"];

    let problem = &schemas["Problem"];
    assert!(problem["required"].as_array().unwrap().contains(&json!("request_id")));
    assert_eq!(problem["properties"]["errors"]["type"], "object");
    assert_eq!(schemas["Page_DoctorView"]["properties"]["total"]["type"], "integer");
    for (name, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let schema = validator(&document, &parameter["schema"]);
            assert!(!schema.is_valid(&Value::Null), "{name} {}", parameter["name"]);
            assert!(parameter["in"] != "header" || parameter["schema"]["pattern"].is_string());
        }
    }
}

#[actix_web::test]
async fn problems_are_documented_by_operation_with_an_example_each() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let codes = |operation: &str, status: &str| -> Vec<String> {
        let (_, operation) =
            operations(&document).into_iter().find(|(name, _)| name == operation).unwrap();
        let content = &operation["responses"][status]["content"]["application/problem+json"];
        let examples = content["examples"].as_object().into_iter().flatten();
        examples.map(|(code, _)| code.clone()).collect()
    };

    let cancel = "post /api/v1/appointments/{id}/cancel";
    assert_eq!(codes(cancel, "409"), ["appointment-begun", "appointment-refused"]);
    assert_eq!(codes("post /api/v1/patients", "409"), [""; 0]);
    assert_eq!(codes("post /api/v1/auth/login", "401"), ["wrong-credentials"]);
    for (code, example) in document["components"]["examples"].as_object().unwrap() {
        let example = &example["value"];
        assert_eq!(example["code"], **code);
        assert_eq!(example["errors"].is_object(), code == "invalid", "{code}");
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
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();

    walk(&document, &mut |value| {
        if let Some(reference) = value["$ref"].as_str() {
            let found = document.pointer(reference.trim_start_matches('#'));
            assert!(found.is_some(), "{reference}");
        }
    });
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
        assert!(page.text.contains("<title>MediLink</title>"), "{path}");
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self';"), "nothing is loaded from elsewhere");
    }
    let settings = nobody.get("/docs/swagger-initializer.js").await.with_status(200);
    let plain: String = settings.text.split_whitespace().collect();
    for setting in [
        r#""validatorUrl":"none""#,
        r#""layout":"BaseLayout""#,
        r#""deepLinking":true"#,
        r#""persistAuthorization":true"#,
    ] {
        assert!(plain.contains(setting), "{setting} {}", settings.text);
    }
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

#[test]
fn a_text_that_may_be_left_out_is_documented_to_be_blank_and_no_other_is() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let doctor = json!({"$ref": "#/components/schemas/CreateDoctorBody"});
    let validator = validator(&document, &doctor);
    let with = |field: &str, value: &str| {
        let mut body = json!({"first_name": "Emily", "last_name": "Chen"});
        body[field] = json!(value);
        validator.is_valid(&body)
    };

    for field in ["license_number", "email", "phone", "city", "bio"] {
        assert!(with(field, ""), "{field}");
    }
    for field in ["first_name", "last_name", "specialization", "consultation_fee", "booking"] {
        assert!(!with(field, ""), "{field}");
    }
    assert!(!with("license_number", &"x".repeat(101)));
}

type Reads = fn(&str) -> bool;

#[actix_web::test]
async fn lengths_are_documented_as_they_are_read() {
    use medilink_domain::email::Email;
    use medilink_domain::password::PasswordRules;
    use medilink_domain::text::{
        Address, AppointmentNotes, Biography, ClinicalText, LicenseNumber, Name, OrganizationName,
        Phone, Place, Qualification, Reason,
    };
    use medilink_domain::user::Username;

    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let readers: [(&str, Reads); 14] = [
        ("Address", |raw| Address::parse(raw).is_ok()),
        ("AppointmentNotes", |raw| AppointmentNotes::parse(raw).is_ok()),
        ("Biography", |raw| Biography::parse(raw).is_ok()),
        ("ClinicalText", |raw| ClinicalText::parse(raw).is_ok()),
        ("Email", |raw| Email::parse(raw).is_ok()),
        ("LicenseNumber", |raw| LicenseNumber::parse(raw).is_ok()),
        ("Name", |raw| Name::parse(raw).is_ok()),
        ("NewPassword", |raw| PasswordRules::default().choose(raw, &[]).is_ok()),
        ("OrganizationName", |raw| OrganizationName::parse(raw).is_ok()),
        ("Phone", |raw| Phone::parse(raw).is_ok()),
        ("Place", |raw| Place::parse(raw).is_ok()),
        ("Qualification", |raw| Qualification::parse(raw).is_ok()),
        ("Reason", |raw| Reason::parse(raw).is_ok()),
        ("Username", |raw| Username::parse(raw).is_ok()),
    ];
    for (name, reads) in readers {
        let schema = &document["components"]["schemas"][name];
        let length = |key: &str| schema[key].as_u64().and_then(|it| usize::try_from(it).ok());
        // Letters of which no password is refused as common, and an address that may be that long.
        let long = |length: usize| -> String {
            let domain = "abc.".repeat(48) + "org";
            let text = "xqzjvkw".chars().cycle();
            match length.checked_sub(domain.len() + 1).filter(|_| name == "Email") {
                Some(before) => format!("{}@{domain}", text.take(before).collect::<String>()),
                None => text.take(length).collect(),
            }
        };

        let longest = length("maxLength").unwrap();
        assert!(reads(&long(longest)) && !reads(&long(longest + 1)), "{name} {longest}");
        if let Some(shortest) = length("minLength") {
            assert!(reads(&long(shortest)) && !reads(&long(shortest - 1)), "{name} {shortest}");
        }
    }
}
