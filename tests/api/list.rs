//! Lists: none shows what its reader could not read one by one.

use std::collections::{BTreeMap, BTreeSet};

use medilink_tests::Person;
use medilink_tests::person::text;
use serde_json::json;

use super::cast::{Cast, Persona};

/// Every list of records that are also read one by one, with its filters: alone, and all together. Each two
/// of them are tried besides.
/// `{doctor}` and `{patient}` stand for somebody who is there.
const LISTS: &[(&str, &[&str])] = &[
    (
        "/api/v1/appointments",
        &[
            "",
            "doctor_id={doctor}",
            "patient_id={patient}",
            "status=scheduled",
            "status=cancelled",
            "from=2030-01-01",
            "to=2030-12-31T00:00:00Z",
            "sort=-starts_at",
            "count=true",
            "doctor_id={doctor}&patient_id={patient}&status=scheduled&from=2030-01-01&to=2031-01-01",
        ],
    ),
    ("/api/v1/appointments/today", &["", "count=true"]),
    ("/api/v1/appointments/upcoming", &["", "count=true"]),
    (
        "/api/v1/assignments",
        &[
            "",
            "doctor_id={doctor}",
            "patient_id={patient}",
            "is_primary=true",
            "is_primary=false",
            "is_active=true",
            "is_active=false",
            "count=true",
            "doctor_id={doctor}&patient_id={patient}&is_primary=true&is_active=false",
        ],
    ),
    (
        "/api/v1/doctors",
        &[
            "",
            "search=test",
            "specialization=general",
            "is_available=true",
            "city=bonn",
            "verified=true",
            "archived=true",
            "archived=true&search=new&specialization=general&is_available=true&verified=false",
            "count=true",
            "search=test&specialization=general&is_available=true&verified=true",
        ],
    ),
    (
        "/api/v1/patients",
        &[
            "",
            "search=new",
            "search=new%20pati",
            "gender=F",
            "blood_group=A+",
            "archived=true",
            "archived=true&search=old&gender=M&blood_group=O-",
            "count=true",
            "search=new&gender=F&blood_group=A%2B",
        ],
    ),
    (
        "/api/v1/patients/{id}/appointments",
        &[
            "",
            "doctor_id={doctor}",
            "status=scheduled",
            "from=2030-01-01",
            "to=2030-12-31T00:00:00Z",
            "sort=-starts_at",
            "count=true",
            "doctor_id={doctor}&status=cancelled&from=2030-01-01&to=2031-01-01",
        ],
    ),
    (
        "/api/v1/pharmacies",
        &[
            "",
            "search=corner",
            "city=bonn",
            "verified=true",
            "verified=false",
            "count=true",
            "search=corner&city=bonn&verified=false",
        ],
    ),
    (
        "/api/v1/time-slots",
        &[
            "",
            "doctor_id={doctor}",
            "date=2030-04-01",
            "from=2030-01-01",
            "to=2030-12-31T00:00:00Z",
            "available=true",
            "available=false",
            "count=true",
            "doctor_id={doctor}&from=2030-01-01&to=2031-01-01&available=true",
        ],
    ),
    (
        "/api/v1/users",
        &[
            "",
            "search=test",
            "role=doctor",
            "status=active",
            "count=true",
            "search=test&role=patient&status=active",
        ],
    ),
];

/// Lists whose items are not read one by one.
const OF_OTHERS: &[&str] = &[
    "/api/v1/audit",
    "/api/v1/auth/sessions",
    "/api/v1/doctors/{id}/availability",
    "/api/v1/patients/{id}/access-log",
    "/api/v1/patients/{id}/doctors",
    "/api/v1/users/{id}/sessions",
];

#[actix_web::test]
async fn no_list_shows_what_its_reader_could_not_read_one_by_one() {
    let cast = Cast::start().await;
    cast.clinic.registered("doctor", json!({"city": "Bonn"})).await;
    let corner = json!({"name": "At the Corner", "city": "Bonn"});
    cast.clinic.registered("pharmacy", corner).await;
    for (date, blocked) in [("2030-04-01", false), ("2030-04-02", true)] {
        let slot = json!({
            "doctor_id": cast.doctor, "date": date, "start_time": "09:00", "end_time": "10:00",
        });
        let admin = &cast.persona("admin").person;
        let slot = admin.post("/api/v1/time-slots", slot).await.created();
        let path = format!("/api/v1/time-slots/{}", text(&slot["id"]));
        admin.patch(&path, json!({"blocked": blocked})).await.ok();
    }
    let patients: BTreeSet<_> = cast.people.iter().map(|persona| &persona.patient).collect();
    for patient in &patients {
        cast.appointment(patient).await;
        cast.assigned(patient).await;
        let ended = cast.assignment(patient);
        cast.persona("admin").person.post("/api/v1/assignments", ended).await.created();
        let cancel = format!("/api/v1/appointments/{}/cancel", cast.appointment(patient).await);
        cast.persona("admin").person.post(&cancel, json!({})).await.ok();
        cast.appointment_of_today(patient).await;
    }

    cast.archived_entry().await;
    for (first_name, gender, blood_group) in [("New", "F", "A+"), ("Old", "M", "O-")] {
        let body = json!({
            "first_name": first_name, "last_name": "Patient", "gender": gender,
            "blood_group": blood_group,
        });
        let made = cast.persona("creator").person.post("/api/v1/patients", body).await.created();
        if first_name == "Old" {
            let path = format!("/api/v1/patients/{}", text(&made["id"]));
            let _ = cast.persona("admin").person.delete(&path).await.with_status(204);
        }
    }

    let mut looked_up = BTreeMap::new();
    for (list, filters) in LISTS {
        let alone = filters.iter().map(|filter| ((*filter).to_owned(), true));
        for (filter, finds) in alone.chain(pairs(filters).into_iter().map(|pair| (pair, false))) {
            // What is archived is seen in its list alone, until it is restored.
            let expected = if filter.contains("archived=true") { 404 } else { 200 };
            let is_about_one = list.contains("{id}") || filter.contains("{patient}");
            for patient in patients.iter().take(if is_about_one { patients.len() } else { 1 }) {
                let filter = filter.replace("{doctor}", &cast.doctor).replace("{patient}", patient);
                let list = list.replace("{id}", patient);
                let mut shown = 0;
                for Persona { name, person, .. } in &cast.people {
                    for id in ids(person, &list, &filter).await {
                        let one = format!("{}/{id}", home(&list));
                        let status = match looked_up.get(&(*name, one.clone())) {
                            Some(status) => *status,
                            None => person.get(&one).await.status,
                        };
                        assert_eq!(status, expected, "{name} finds {id} by {list}?{filter}");
                        looked_up.insert((*name, one), status);
                        shown += 1;
                    }
                }
                assert!(0 < shown || !finds, "nobody finds anything by {list}?{filter}");
            }
        }
    }
}

/// Puts every filter together with every other one. Two may leave nothing to be found.
fn pairs(filters: &[&str]) -> Vec<String> {
    let name = |filter: &str| filter.split('=').next().map(str::to_owned);
    // A day is given instead of instants.
    let go_together = |one: &str, other: &str| {
        name(one) != name(other) && !(one.starts_with("date=") && other.starts_with(['f', 't']))
    };
    let single = filters.iter().filter(|filter| !filter.is_empty() && !filter.contains('&'));
    let single: Vec<_> = single.collect();
    let mut pairs = Vec::new();
    for (number, one) in single.iter().enumerate() {
        let others = single.iter().skip(number + 1).filter(|other| go_together(one, other));
        pairs.extend(others.map(|other| format!("{one}&{other}")));
    }
    pairs
}

/// Returns where what a list shows is read one by one.
fn home(list: &str) -> &str {
    if list.ends_with("/appointments") {
        return "/api/v1/appointments";
    }
    let parts = ["/today", "/upcoming"];
    parts.iter().find_map(|part| list.strip_suffix(part)).unwrap_or(list)
}

/// Returns the ids that a list shows somebody, from all of its pages; none if it is not theirs.
async fn ids(person: &Person, list: &str, filter: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = person.get(&format!("{list}?limit=3&{filter}{cursor}")).await;
        if page.status == 403 || list.contains("/patients/") && page.status == 404 {
            return Vec::new();
        }
        let page = page.ok();
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["id"])));
        let Some(next) = page["next"].as_str() else { return ids };
        cursor = format!("&cursor={next}");
    }
}

#[actix_web::test]
async fn every_list_and_every_filter_is_tried() {
    let document = serde_json::to_value(medilink_http::openapi()).unwrap();
    let mut lists = BTreeSet::new();

    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array().into_iter().flatten();
        let queried = parameters.filter(|it| it["in"] == "query").map(|it| text(&it["name"]));
        let queried: BTreeSet<_> = queried.collect();
        if queried.contains("limit") && !OF_OTHERS.contains(&path.as_str()) {
            lists.insert(path.as_str());
            let (_, filters) = LISTS.iter().find(|(list, _)| list == path).expect(path);
            for name in queried.iter().filter(|name| !["limit", "cursor"].contains(&name.as_str()))
            {
                let is_tried = filters.iter().any(|it| it.starts_with(&format!("{name}=")));
                assert!(is_tried, "{path}?{name}");
            }
        }
    }
    assert_eq!(lists, LISTS.iter().map(|(list, _)| *list).collect());
}
