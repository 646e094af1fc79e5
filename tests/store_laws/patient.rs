//! Patients' records: what comes out again, and what the archive hides.

use medilink_application::error::StoreError;
use medilink_application::page::Stretch;
use medilink_application::store::Store;
use medilink_application::testing::{NOW, at};
use medilink_application::user::{OwnProfile, UserFilter};
use medilink_domain::archive::Blocking;
use medilink_domain::care::CareWindow;
use medilink_domain::email::Email;
use medilink_domain::name::PersonName;
use medilink_domain::patient::{BloodGroup, Gender, Patient, PatientDetails};
use medilink_domain::record::Concept;
use medilink_domain::text::{Address, ClinicalText, Name, Phone, Place};
use medilink_domain::time::Date;
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{Clinic, a_patient, an_entry};

on_both_databases! {
    a_record_comes_out_as_it_went_in,
    an_update_of_a_changed_record_is_stale,
    an_archived_record_is_found_by_those_alone_who_ask_for_the_archive,
    the_active_appointments_of_a_patient_are_counted,
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
