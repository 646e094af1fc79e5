//! What bodies claim: nobody gives themself, or anybody else, what is not theirs to give.
//!
//! Which fields a body has comes from the document, and what is tried from the table of operations, so
//! that an operation which is added is tried too.

use std::collections::BTreeSet;

use medilink_domain::policy::{Access, permits};
use medilink_domain::user::Role;
use medilink_tests::database::Raw;
use serde_json::{Value, json};

use super::cast::{Cast, Persona, Request};
use super::operation::{OPERATIONS, Operation};

/// The fields that say whose something is, who made it, what it is, or what somebody is here.
const CLAIMS: &[&str] = &[
    "id",
    "user_id",
    "patient_id",
    "doctor_id",
    "pharmacy_id",
    "appointment_id",
    "consultation_id",
    "role",
    "status",
    "created_by",
    "created_at",
    "is_verified",
    "archived_at",
    "retrospective",
    "version",
];

/// The bodies that do have such a field. Each is tried with what is somebody else's, so a body that is
/// to have one is a decision, made here.
const DECIDED: &[(&str, &str)] = &[
    ("patch /api/v1/users/{id}", "role"),
    ("post /api/v1/appointments", "doctor_id"),
    ("post /api/v1/appointments", "patient_id"),
    ("post /api/v1/appointments/check", "doctor_id"),
    ("post /api/v1/appointments/check", "patient_id"),
    ("post /api/v1/assignments", "doctor_id"),
    ("post /api/v1/assignments", "patient_id"),
    ("post /api/v1/auth/register", "role"),
    ("post /api/v1/time-slots", "doctor_id"),
    ("post /api/v1/time-slots/bulk", "doctor_id"),
    ("post /api/v1/users", "role"),
];

/// An id that is nobody's.
const FOREIGN: &str = "0198c5a2-7b1e-7cc3-98c4-dc0c0c07398f";

#[actix_web::test]
async fn no_body_claims_what_it_has_no_field_for() {
    let document = document();
    let cast = Cast::start().await;
    let raw = cast.clinic.database.raw().await;
    let mut tried = 0;

    for operation in OPERATIONS.iter().filter(|operation| takes_a_body(operation)) {
        let (method, path) = operation.documented();
        let fields = fields(&document, &document["paths"][path][method]);
        for Persona { name, person, patient, .. } in allowed(&cast, operation) {
            let request = cast.request(operation, patient).await;
            let before = state(&raw).await;
            for claim in CLAIMS.iter().filter(|claim| !fields.all.contains(**claim)) {
                let refused = request.claiming(claim, &json!(FOREIGN)).send(person, &[]).await;
                let said = format!("{name}, {}, {claim}: {}", operation.name, refused.text);
                assert_eq!(refused.status, 422, "{said}");
                assert_eq!(refused.wrong_fields(), [*claim], "{said}");
                tried += 1;
            }
            assert_eq!(state(&raw).await, before, "{name}, {}", operation.name);
        }
    }

    assert!(500 < tried, "{tried}");
}

/// Whoever replaces a record may send back what they have read. Nothing of it is taken from there.
#[actix_web::test]
async fn what_a_record_shows_beside_its_fields_is_not_written_back() {
    let document = document();
    let cast = Cast::start().await;
    let mut tried = 0;

    for operation in OPERATIONS.iter().filter(|operation| takes_a_body(operation)) {
        let (method, path) = operation.documented();
        let fields = fields(&document, &document["paths"][path][method]);
        for Persona { name, person, patient, .. } in allowed(&cast, operation) {
            if fields.ignored.is_empty() {
                continue;
            }
            let mut request = cast.request(operation, patient).await;
            let before = person.get(request.path()).await.ok();
            for field in &fields.ignored {
                request = request.claiming(field, &json!(FOREIGN));
            }
            let after = request.send(person, &[]).await.ok();
            for claim in CLAIMS.iter().filter(|claim| fields.ignored.contains(**claim)) {
                let said = format!("{name}, {}, {claim}", operation.name);
                // With another number, a licence has yet to be checked.
                let falls = *claim == "is_verified" && after[*claim] == false;
                assert!(falls || after[*claim] == before[*claim], "{said}");
                tried += 1;
            }
        }
    }

    assert!(20 < tried, "{tried}");
}

#[actix_web::test]
async fn who_a_body_names_has_to_be_theirs_to_name() {
    let document = document();
    let mut claimed = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let fields = fields(&document, operation);
            let real = fields.all.difference(&fields.ignored);
            let real = real.filter(|field| CLAIMS.contains(&field.as_str()));
            claimed.extend(real.map(|field| (format!("{method} {path}"), field.clone())));
        }
    }
    let decided = DECIDED.iter().map(|(name, field)| ((*name).to_owned(), (*field).to_owned()));
    assert_eq!(claimed, decided.collect());

    let cast = Cast::start().await;
    let raw = cast.clinic.database.raw().await;
    let admin = &cast.persona("admin").person;
    let stranger = json!({"first_name": "Nobody's", "last_name": "Patient"});
    let stranger = admin.post("/api/v1/patients", stranger).await.created()["id"].clone();
    let other_doctor = json!(cast.clinic.a_doctor().await.doctor_id());
    for operation in OPERATIONS {
        let (method, path) = operation.documented();
        let name = format!("{method} {path}");
        for (_, field) in DECIDED.iter().filter(|(decided, _)| *decided == name) {
            for Persona { name: who, person, role, patient, .. } in allowed(&cast, operation) {
                let (value, is_theirs) = match *field {
                    "patient_id" => (&stranger, *role == Role::Admin),
                    // Whoever is no doctor books any, and assigns any.
                    "doctor_id" => (&other_doctor, *role != Role::Doctor || is_shared(&name)),
                    _ => (&Value::Null, *role == Role::Admin),
                };
                if is_theirs {
                    continue;
                }
                let request = cast.request(operation, patient).await.claiming(field, value);
                let before = state(&raw).await;
                let refused = request.send(person, &[]).await;
                assert!([403, 404].contains(&refused.status), "{who}, {name}, {field}");
                assert_eq!(state(&raw).await, before, "{who}, {name}, {field}");
            }
        }
    }
}

/// A doctor may bring others into the care of a patient.
fn is_shared(operation: &str) -> bool {
    operation == "post /api/v1/assignments"
}

/// What is open to everybody, or is about the caller's own sessions, has no row in the table.
#[actix_web::test]
async fn whoever_comes_or_goes_claims_nothing_either() {
    let document = document();
    let cast = Cast::start().await;
    let raw = cast.clinic.database.raw().await;
    let person = &cast.persona("patient").person;
    let known: BTreeSet<_> = OPERATIONS.iter().map(Operation::documented).collect();
    let before = state(&raw).await;
    let mut tried = BTreeSet::new();

    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["post", "put", "patch"] {
            if item[method].is_null() || known.contains(&(method, path.as_str())) {
                continue;
            }
            let fields = fields(&document, &item[method]);
            for claim in CLAIMS.iter().filter(|claim| !fields.all.contains(**claim)) {
                let request = Request::new(method, path.clone(), &json!({*claim: FOREIGN}));
                let refused = request.send(person, &[]).await;
                assert!(refused.wrong_fields().iter().any(|it| it == claim), "{path} {claim}");
                tried.insert(path.clone());
            }
        }
    }
    let admin = json!({
        "email": "mallory@example.org", "password": "correct horse", "role": "admin",
    });
    let refused = cast.clinic.unknown().post("/api/v1/auth/register", admin).await;
    assert_eq!(refused.wrong_fields(), ["role"]);

    assert!(5 < tried.len(), "{tried:?}");
    assert_eq!(state(&raw).await, before);
}

fn document() -> Value {
    serde_json::to_value(medilink_http::openapi()).unwrap()
}

fn takes_a_body(operation: &Operation) -> bool {
    ["post", "put", "patch"].contains(&operation.documented().0)
}

/// Returns those whom the policy lets do it.
fn allowed<'a>(cast: &'a Cast, operation: &'a Operation) -> impl Iterator<Item = &'a Persona> {
    cast.people.iter().filter(|persona| {
        let mut relations = persona.relations(operation).into_iter();
        relations.any(|it| permits(persona.role, operation.action, it) == Access::Allow)
    })
}

/// The fields that a body has, and those of them that nobody reads.
#[derive(Default)]
struct Fields {
    all: BTreeSet<String>,
    ignored: BTreeSet<String>,
}

/// Gathers the fields of an operation's body: of all its forms, if it has several.
fn fields(document: &Value, operation: &Value) -> Fields {
    let mut fields = Fields::default();
    let mut forms = vec![&operation["requestBody"]["content"]["application/json"]["schema"]];
    while let Some(form) = forms.pop() {
        if let Some(reference) = form["$ref"].as_str() {
            forms.push(document.pointer(&reference[1..]).unwrap());
        }
        for several in ["oneOf", "anyOf", "allOf"] {
            forms.extend(form[several].as_array().into_iter().flatten());
        }
        for (name, property) in form["properties"].as_object().into_iter().flatten() {
            fields.all.insert(name.clone());
            if property["description"] == "Ignored." {
                fields.ignored.insert(name.clone());
            }
        }
    }
    fields
}

/// Counts the rows of every table of records, and how often they have changed. Whatever is written adds
/// a row, or a version.
async fn state(raw: &Raw) -> Vec<String> {
    const TABLES: &str = "SELECT tables.name FROM sqlite_master AS tables
        JOIN pragma_table_info(tables.name) AS columns ON columns.name = 'version'
        WHERE tables.type = 'table' AND tables.name <> 'seaql_migrations' ORDER BY 1";
    let mut state = Vec::new();
    for table in raw.rows(TABLES).await {
        let table: String = table.try_get_by_index(0).unwrap();
        let ask = format!("SELECT count(*) + 1000000 * coalesce(sum(version), 0) FROM {table}");
        state.push(format!("{table} {}", raw.count(&ask).await));
    }
    assert!(6 < state.len(), "{state:?}");
    state
}
