//! Patients' records: what comes out again, and what the archive hides.

use medilink_application::error::StoreError;
use medilink_application::page::{Limit, Stretch};
use medilink_application::patient::{PatientFilter, PatientSelection};
use medilink_application::store::Store;
use medilink_application::testing::{NOW, at};
use medilink_application::user::{OwnProfile, UserFilter};
use medilink_domain::actor::Actor;
use medilink_domain::archive::Blocking;
use medilink_domain::assignment::{Assignment, AssignmentTerms};
use medilink_domain::care::CareWindow;
use medilink_domain::email::Email;
use medilink_domain::id::{AssignmentId, PatientId, UserId};
use medilink_domain::name::PersonName;
use medilink_domain::patient::{BloodGroup, Gender, Patient, PatientDetails};
use medilink_domain::policy::{Access, Action, reach};
use medilink_domain::record::Concept;
use medilink_domain::search::Search;
use medilink_domain::text::{Address, ClinicalText, Name, Phone, Place};
use medilink_domain::time::Date;
use medilink_domain::user::Role;
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{Clinic, a_patient, a_user, an_entry, new_id};

on_both_databases! {
    a_record_comes_out_as_it_went_in,
    an_update_of_a_changed_record_is_stale,
    an_archived_record_is_found_by_those_alone_who_ask_for_the_archive,
    the_active_appointments_of_a_patient_are_counted,
    a_list_returns_nobody_out_of_reach,
    a_list_goes_by_family_name_from_page_to_page,
    a_patient_is_found_by_the_beginning_of_any_word_as_the_record_says_now,
    a_search_finds_the_same_however_many_have_its_words,
}

/// A record that says something in every field, some of it in other scripts.
pub(super) fn a_whole_record() -> PatientDetails {
    let text = |raw: &str| ClinicalText::parse(raw).ok();
    let (name, phone) = (|raw| Name::parse(raw).ok(), |raw| Phone::parse(raw).ok());
    let place = |raw| Place::parse(raw).ok();
    PatientDetails {
        name: PersonName::parse("Søren", "O'Brien-Šimić").unwrap(),
        email: Email::parse("Soren@Example.org").ok(),
        phone: phone("+45 (1) 23"),
        date_of_birth: Date::parse("1984-02-29").ok(),
        gender: Some(Gender::Unsaid),
        blood_group: Some(BloodGroup::AbNegative),
        allergies: text("Ō naïve 🦊\nNuts"),
        medical_history: text(&"ñ".repeat(10_000)),
        current_medications: text("Aspirin"),
        emergency_contact_name: name("नीरज"),
        emergency_contact_phone: phone("112"),
        address: Address::parse("1 Main St\nFlat 2").ok(),
        city: place("København"),
        state: place("Hovedstaden"),
        country: place("DK"),
    }
}

async fn find(clinic: &Clinic, patient: &Patient) -> Option<Patient> {
    let mut work = clinic.store.begin().await.unwrap();
    work.patients().find(patient.id).await.unwrap()
}

async fn update(clinic: &Clinic, patient: &Patient) -> Result<(), StoreError> {
    let mut work = clinic.store.begin().await?;
    work.patients().update(patient).await?;
    work.commit(an_entry()).await
}

async fn a_record_comes_out_as_it_went_in(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut whole = a_patient(&clinic.user);
    whole.details = a_whole_record();
    whole.user = Some(clinic.user.id);
    let mut work = clinic.store.begin().await.unwrap();
    work.patients().insert(&whole).await.unwrap();
    work.commit(an_entry()).await.unwrap();
    assert_eq!(find(&clinic, &whole).await.as_ref(), Some(&whole));

    let mut emptied = whole.clone();
    let name = whole.details.name.clone();
    emptied.change(PatientDetails { name, ..PatientDetails::default() }, at(NOW)).unwrap();
    update(&clinic, &emptied).await.unwrap();
    assert_eq!(find(&clinic, &whole).await.as_ref(), Some(&emptied));

    emptied.change(a_whole_record(), at("2030-01-07T00:00:00Z")).unwrap();
    update(&clinic, &emptied).await.unwrap();
    assert_eq!(find(&clinic, &whole).await, Some(emptied));
}

async fn an_update_of_a_changed_record_is_stale(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let [read, other] = &clinic.patients;
    let changed = |details| {
        let mut changed = read.clone();
        changed.change(details, at(NOW)).unwrap();
        changed
    };
    let first = changed(a_whole_record());
    update(&clinic, &first).await.unwrap();

    let late = update(&clinic, &changed(PatientDetails::default())).await;

    assert!(matches!(late, Err(StoreError::Stale(Concept::Patient))));
    assert_eq!(find(&clinic, read).await, Some(first));
    assert_eq!(find(&clinic, other).await.as_ref(), Some(other));
}

async fn an_archived_record_is_found_by_those_alone_who_ask_for_the_archive(
    database: TestDatabase,
) {
    let clinic = Clinic::on(database).await;
    let mut own = a_patient(&clinic.user);
    own.user = Some(clinic.user.id);
    let mut work = clinic.store.begin().await.unwrap();
    work.patients().insert(&own).await.unwrap();
    work.commit(an_entry()).await.unwrap();
    let profiles = async || {
        let mut work = clinic.store.begin().await.unwrap();
        let profile = work.users().profile(clinic.user.id).await.unwrap();
        let archived = work.users().profile_archived(clinic.user.id).await.unwrap();
        let queries = clinic.store.queries();
        let (everybody, first_page) = (UserFilter::default(), Stretch::default());
        let listed = queries.users().list(&everybody, &first_page).await.unwrap().items;
        let user = listed.iter().find(|user| user.id == clinic.user.id).unwrap();
        assert_eq!(user.patient_id, profile.patient, "a list shows what a read does");
        (profile, archived)
    };
    let ownership = OwnProfile { patient: Some(own.id), ..OwnProfile::default() };
    assert_eq!(profiles().await, (ownership, ownership));

    own.archive(Blocking::default(), at(NOW)).unwrap();
    update(&clinic, &own).await.unwrap();

    assert_eq!(find(&clinic, &own).await, None);
    let mut work = clinic.store.begin().await.unwrap();
    assert_eq!(work.patients().lock(own.id).await.unwrap(), None);
    assert_eq!(work.patients().lock_archived(own.id).await.unwrap().as_ref(), Some(&own));
    drop(work);
    let since = CareWindow::default().since(at(NOW));
    let seen = clinic.store.queries().patients().find(own.id, None, since).await.unwrap();
    assert!(seen.is_none());
    assert_eq!(profiles().await, (OwnProfile::default(), ownership));

    own.restore(at(NOW)).unwrap();
    update(&clinic, &own).await.unwrap();
    assert_eq!(find(&clinic, &own).await.as_ref(), Some(&own));
    assert_eq!(profiles().await, (ownership, ownership));
}

async fn the_active_appointments_of_a_patient_are_counted(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut booked = Vec::new();
    for (patient, start, end) in
        [(0, "09:00", "10:00"), (0, "10:00", "11:00"), (1, "11:00", "12:00")]
    {
        let appointment = clinic.appointment(0, patient, start, end);
        clinic.book(&appointment).await.unwrap();
        booked.push(appointment.id);
    }
    let active = async || {
        let mut work = clinic.store.begin().await.unwrap();
        work.appointments().active_of_patient(clinic.patients[0].id).await.unwrap()
    };

    assert_eq!(active().await, 2);
    clinic.cancel(booked[1]).await;
    assert_eq!(active().await, 1);
    let raw = clinic.database.raw().await;
    raw.execute("UPDATE appointments SET status = 'completed'").await.unwrap();
    assert_eq!(active().await, 0);
}

async fn insert(clinic: &Clinic, patients: &[&Patient]) {
    let mut work = clinic.store.begin().await.unwrap();
    for patient in patients {
        work.patients().insert(patient).await.unwrap();
    }
    work.commit(an_entry()).await.unwrap();
}

/// Assigns the first doctor to a patient.
async fn assign(clinic: &Clinic, patient: &Patient, is_active: bool) {
    let terms = AssignmentTerms { is_primary: false, is_active, reason: None, notes: None };
    let (id, doctor) = (AssignmentId::new(new_id()), &clinic.doctors[0]);
    let assignment = Assignment::new(id, doctor, patient, terms, clinic.user.id, at(NOW));
    let mut work = clinic.store.begin().await.unwrap();
    work.assignments().insert(&assignment).await.unwrap();
    work.commit(an_entry()).await.unwrap();
}

fn selection(actor: Actor, filter: &PatientFilter) -> PatientSelection {
    PatientSelection {
        actor,
        reach: reach(actor.role, Action::ReadPatient),
        since: CareWindow::default().since(at(NOW)),
        filter: filter.clone(),
    }
}

/// Returns the patients of a list, from all of its pages.
async fn listed(clinic: &Clinic, selection: &PatientSelection) -> Vec<PatientId> {
    let mut ids = Vec::new();
    let mut stretch = Stretch { limit: Limit::parse("2").unwrap(), count: true, after: None };
    loop {
        let found = clinic.store.queries().patients().list(selection, &stretch).await.unwrap();
        ids.extend(found.items.iter().map(|item| item.id));
        let Some(last) = found.last else {
            assert_eq!(found.total, Some(ids.len() as u64));
            return ids;
        };
        stretch.after = Some(last);
    }
}

async fn a_list_returns_nobody_out_of_reach(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let other = a_user();
    let [mut assigned, mut booked, mut unknown, mut left, mut gone] =
        [(); 5].map(|()| a_patient(&other));
    for patient in [&mut assigned, &mut unknown] {
        patient.details.gender = Some(Gender::Female);
    }
    for patient in [&mut booked, &mut left, &mut gone] {
        patient.details.blood_group = Some(BloodGroup::APositive);
    }
    gone.archived_at = Some(at(NOW));
    let mut work = clinic.store.begin().await.unwrap();
    work.users().insert(&other).await.unwrap();
    work.commit(an_entry()).await.unwrap();
    insert(&clinic, &[&assigned, &booked, &unknown, &left, &gone]).await;
    assign(&clinic, &assigned, true).await;
    assign(&clinic, &left, false).await;
    let mut appointment = clinic.appointment(0, 0, "09:00", "10:00");
    (appointment.patient, appointment.patient_created_by) = (booked.id, other.id);
    clinic.book(&appointment).await.unwrap();

    let all =
        [&assigned, &booked, &unknown, &left, &gone, &clinic.patients[0], &clinic.patients[1]];
    let strange = |actor: Actor| Actor { user: UserId::new(new_id()), ..actor };
    let actors: Vec<_> = Role::ALL.iter().map(|role| clinic.actor(*role)).collect();
    let of_others: Vec<_> = actors.iter().copied().map(strange).collect();
    let everybody = PatientFilter::default();
    let filters = [
        everybody.clone(),
        PatientFilter { search: Search::parse("tur ala").ok(), ..everybody.clone() },
        PatientFilter { search: Search::parse("grace").ok(), ..everybody.clone() },
        PatientFilter { gender: Some(Gender::Female), ..everybody.clone() },
        PatientFilter { blood_group: Some(BloodGroup::APositive), ..everybody.clone() },
        PatientFilter { archived: true, ..everybody.clone() },
    ];
    let mut shown = 0;
    for actor in actors.into_iter().chain(of_others) {
        for filter in &filters {
            let selection = selection(actor, filter);
            let listed = listed(&clinic, &selection).await;

            for patient in all {
                let seen = clinic.store.queries();
                let seen = seen.patients().find(patient.id, actor.doctor, selection.since);
                let in_care = seen.await.unwrap().is_some_and(|seen| seen.in_care);
                let relations = actor.relations_to_patient(patient.id, patient.created_by, in_care);
                let is_asked_for = filter.archived == patient.archived_at.is_some()
                    && filter.search.as_ref().is_none_or(|it| it.words().count() == 2)
                    && filter.gender.is_none_or(|it| patient.details.gender == Some(it))
                    && filter.blood_group.is_none_or(|it| patient.details.blood_group == Some(it));
                let may_read = actor.may(Action::ReadPatient, relations) == Access::Allow;
                let is_shown = listed.contains(&patient.id);
                assert_eq!(is_shown, is_asked_for && may_read, "{} {filter:?}", actor.role);
                shown += usize::from(is_shown);
            }
        }
    }
    assert!(20 < shown, "{shown}");
    let in_care = selection(strange(clinic.actor(Role::Doctor)), &everybody);
    assert_eq!(listed(&clinic, &in_care).await.len(), 2);
}

async fn a_list_goes_by_family_name_from_page_to_page(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let other = a_user();
    let mut work = clinic.store.begin().await.unwrap();
    work.users().insert(&other).await.unwrap();
    work.commit(an_entry()).await.unwrap();
    let names = ["Ångström", "beta", "Beta", "alpha", "Zeta", "Gamma", "delta", "Beta", "eta"];
    let mut made = Vec::new();
    for (number, last) in names.into_iter().enumerate() {
        // Some they have made, some they care for, and one both.
        let mut patient = a_patient(if number % 2 == 0 { &clinic.user } else { &other });
        patient.details.name = PersonName::parse("Ada", last).unwrap();
        insert(&clinic, &[&patient]).await;
        if number % 2 == 1 || number == 4 {
            assign(&clinic, &patient, true).await;
        }
        made.push(patient);
    }
    made.extend(clinic.patients.iter().cloned());
    made.sort_by_key(|patient| (patient.details.name.sort_key(), patient.id));

    let everybody = PatientFilter::default();
    let of_one_word = PatientFilter { search: Search::parse("ADA").ok(), ..everybody.clone() };
    for role in [Role::Admin, Role::Doctor, Role::Coordinator] {
        let is_theirs =
            |patient: &&Patient| role != Role::Coordinator || patient.created_by == clinic.user.id;
        let theirs: Vec<_> = made.iter().filter(is_theirs).collect();
        let all: Vec<_> = theirs.iter().map(|patient| patient.id).collect();
        assert_eq!(
            listed(&clinic, &selection(clinic.actor(role), &everybody)).await,
            all,
            "{role}"
        );
        let adas = theirs.iter().filter(|patient| patient.details.name.first() == "Ada");
        let adas: Vec<_> = adas.map(|patient| patient.id).collect();
        let found = listed(&clinic, &selection(clinic.actor(role), &of_one_word)).await;
        assert_eq!(found, adas, "{role}");
    }
}

async fn a_patient_is_found_by_the_beginning_of_any_word_as_the_record_says_now(
    database: TestDatabase,
) {
    let clinic = Clinic::on(database).await;
    let mut patient = a_patient(&clinic.user);
    patient.details = a_whole_record();
    insert(&clinic, &[&patient]).await;
    let finds = async |search: &str, archived: bool| {
        let search = Search::parse(search).ok();
        assert!(search.is_some());
        let filter = PatientFilter { search, archived, ..PatientFilter::default() };
        let found = listed(&clinic, &selection(clinic.actor(Role::Admin), &filter)).await;
        found == [patient.id]
    };

    for search in ["soren", "SØR", "simic", "bri", "sor bri exam", "soren@example.org"] {
        assert!(finds(search, false).await, "{search}");
    }
    for search in ["oren", "sor alan", "kobenhavn", "aspirin"] {
        assert!(!finds(search, false).await, "{search}");
    }
    let mut renamed = patient.clone();
    let name = PersonName::parse("Grace", "Hopper").unwrap();
    renamed.change(PatientDetails { name, ..PatientDetails::default() }, at(NOW)).unwrap();
    update(&clinic, &renamed).await.unwrap();
    assert!(finds("grace hop", false).await && !finds("soren", false).await);
    renamed.archive(Blocking::default(), at(NOW)).unwrap();
    update(&clinic, &renamed).await.unwrap();
    assert!(finds("grace hop", true).await && !finds("grace hop", false).await);
}

/// Adds more patients of the first creator than are ever gathered for a page. The names of all begin
/// alike, and every third is a woman's.
async fn add_many(clinic: &Clinic, many: u32) {
    let raw = clinic.database.raw().await;
    let id = if clinic.database.is_postgres() {
        "('00000000-0000-4000-8000-' || lpad(CAST(n AS text), 12, '0'))::uuid"
    } else {
        "unhex(printf('%032x', n))"
    };
    let numbers = format!(
        "WITH RECURSIVE numbers (n) AS (
            SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {many}
        )"
    );
    let patients = format!(
        "{numbers} INSERT INTO patients (id, created_by, first_name, last_name, sort_name, gender,
            created_at, updated_at, version)
        SELECT {id}, id, 'Common', 'N' || (100000 + n), 'n' || (100000 + n) || ' common',
            CASE WHEN n % 3 = 0 THEN 'F' ELSE 'M' END, created_at, updated_at, 1
        FROM numbers CROSS JOIN users WHERE username = '{}'",
        clinic.user.username.as_str()
    );
    raw.execute(&patients).await.unwrap();
    for word in ["'common'", "'n' || (100000 + n)"] {
        let words = format!(
            "{numbers} INSERT INTO patient_words (word, patient_id) SELECT {word}, {id} FROM numbers"
        );
        raw.execute(&words).await.unwrap();
    }
    if clinic.database.is_postgres() {
        // As the server does by itself, sooner or later.
        raw.execute("ANALYZE patients, patient_words").await.unwrap();
    }
}

/// What few have is gathered and sorted; what thousands have is met on a walk in order.
async fn a_search_finds_the_same_however_many_have_its_words(database: TestDatabase) {
    const MANY: u32 = 10_030;

    let clinic = Clinic::on(database).await;
    add_many(&clinic, MANY).await;
    for role in [Role::Admin, Role::Doctor, Role::Coordinator] {
        let finds = async |search: &str, gender: Option<Gender>, pages: u32| {
            let search = Search::parse(search).ok();
            let filter = PatientFilter { search, gender, ..PatientFilter::default() };
            let selection = selection(clinic.actor(role), &filter);
            let mut stretch =
                Stretch { limit: Limit::parse("2").unwrap(), count: true, after: None };
            let (mut names, mut total) = (Vec::new(), None);
            for _ in 0..pages {
                let found = clinic.store.queries().patients().list(&selection, &stretch).await;
                let found = found.unwrap();
                names.extend(found.items.into_iter().map(|item| item.last_name));
                total = found.total;
                stretch.after = found.last;
            }
            (names, total)
        };
        let names = |numbers: &[u32]| -> Vec<_> {
            numbers.iter().map(|number| format!("N{}", 100_000 + number)).collect()
        };
        let many = Some(u64::from(MANY));
        let women = Some(u64::from(MANY / 3));

        let found = finds("comm", None, 2).await;
        assert_eq!(found, (names(&[1, 2, 3, 4]), many), "{role}");
        let found = finds("com n1", None, 2).await;
        assert_eq!(found, (names(&[1, 2, 3, 4]), many), "{role}");
        let found = finds("common", Some(Gender::Female), 2).await;
        assert_eq!(found, (names(&[3, 6, 9, 12]), women), "{role}");
        let found = finds("common n10007", None, 2).await;
        assert_eq!(found, (names(&[70, 71, 72, 73]), Some(10)), "{role}");
        let found = finds("common n10007", Some(Gender::Female), 2).await;
        assert_eq!(found, (names(&[72, 75, 78]), Some(3)), "{role}");
        let found = finds("common turing", None, 1).await;
        assert_eq!(found, (names(&[]), Some(0)), "{role}");
    }
}
