//! Users, doctors and patients: what is unique, and what comes out again.

use medilink_application::error::{Conflict, StoreError};
use medilink_application::store::Store;
use medilink_application::testing::{NOW, at};
use medilink_domain::doctor::{
    BookingMode, Doctor, DoctorProfile, Specialization, YearsOfExperience,
};
use medilink_domain::email::Email;
use medilink_domain::id::{DoctorId, PharmacyId};
use medilink_domain::money::Money;
use medilink_domain::name::PersonName;
use medilink_domain::pharmacy::{Pharmacy, PharmacyProfile};
use medilink_domain::record::Concept;
use medilink_domain::text::{
    Biography, LicenseNumber, OrganizationName, Phone, Place, Qualification, SpecializationText,
};
use medilink_domain::user::{User, Username};
use medilink_domain::zone::Zone;
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{Clinic, a_doctor, a_patient, a_user, an_entry, new_id};

on_both_databases! {
    names_and_addresses_are_unique_whatever_their_case,
    licence_numbers_are_unique_among_the_verified,
    an_update_of_a_changed_user_is_stale,
    people_come_out_as_they_went_in,
    patients_are_owned_by_one_user_at_the_most,
}

async fn names_and_addresses_are_unique_whatever_their_case(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let shout = |text: &str| text.to_uppercase();
    let same_name = User {
        username: Username::parse(&shout(clinic.user.username.as_str())).unwrap(),
        ..a_user()
    };
    let same_address =
        User { email: Email::parse(&shout(clinic.user.email.disclose())).unwrap(), ..a_user() };

    for (user, expected) in
        [(same_name, Conflict::UsernameTaken), (same_address, Conflict::EmailTaken)]
    {
        let mut work = clinic.store.begin().await.unwrap();
        let taken = work.users().taken(&user.username, &user.email).await.unwrap();
        assert_ne!(taken.username, taken.email);
        let refused = work.users().insert(&user).await;
        assert!(matches!(refused, Err(StoreError::Conflict(conflict)) if conflict == expected));
    }
}

async fn licence_numbers_are_unique_among_the_verified(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let number = LicenseNumber::parse("DE-1").unwrap();
    let (mut first, mut second) = (a_doctor(Some("DE-1")), a_doctor(Some("DE-1")));
    let mut work = clinic.store.begin().await.unwrap();
    work.doctors().insert(&first).await.unwrap();
    work.doctors().insert(&second).await.unwrap();
    assert!(!work.doctors().is_license_taken(&number).await.unwrap());
    first.verify(at(NOW));
    work.doctors().update(&first).await.unwrap();
    assert!(work.doctors().is_license_taken(&number).await.unwrap());
    work.commit(an_entry()).await.unwrap();

    let mut work = clinic.store.begin().await.unwrap();
    second.verify(at(NOW));
    let refused = work.doctors().update(&second).await;

    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::LicenseNumberTaken))));
}

async fn an_update_of_a_changed_user_is_stale(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut late = clinic.user.clone();
    late.revision.version += 2;

    let mut work = clinic.store.begin().await.unwrap();
    let outcome = work.users().update(&late).await;

    assert!(matches!(outcome, Err(StoreError::Stale(Concept::User))));
}

async fn people_come_out_as_they_went_in(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let doctor = a_thorough_doctor();
    let pharmacy = Pharmacy::new(
        PharmacyId::new(new_id()),
        PharmacyProfile {
            name: Some(OrganizationName::parse("At the Corner").unwrap()),
            city: Some(Place::parse("Köln").unwrap()),
            ..PharmacyProfile::default()
        },
        Some(clinic.user.id),
        at(NOW),
    );
    let mut work = clinic.store.begin().await.unwrap();
    work.doctors().insert(&doctor).await.unwrap();
    work.pharmacies().insert(&pharmacy).await.unwrap();
    work.commit(an_entry()).await.unwrap();

    let mut work = clinic.store.begin().await.unwrap();
    assert_eq!(work.doctors().find(doctor.id).await.unwrap(), Some(doctor));
    assert_eq!(work.pharmacies().lock_of(clinic.user.id).await.unwrap(), Some(pharmacy));
    let patient = &clinic.patients[0];
    assert_eq!(work.patients().find(patient.id).await.unwrap().as_ref(), Some(patient));
    assert_eq!(work.users().lock(clinic.user.id).await.unwrap().as_ref(), Some(&clinic.user));
}

async fn patients_are_owned_by_one_user_at_the_most(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut own = a_patient(&clinic.user);
    own.user = Some(clinic.user.id);
    let mut again = a_patient(&clinic.user);
    again.user = Some(clinic.user.id);

    let mut work = clinic.store.begin().await.unwrap();
    work.patients().insert(&own).await.unwrap();

    assert!(work.patients().insert(&again).await.is_err());
}

fn a_thorough_doctor() -> Doctor {
    let place = |name| Some(Place::parse(name).unwrap());
    let profile = DoctorProfile {
        name: PersonName::parse("Søren", "O'Brien-Šimić").unwrap(),
        email: Some(Email::parse("soren@example.org").unwrap()),
        phone: Some(Phone::parse("+45 (1) 23").unwrap()),
        specialization: Specialization::Other,
        specialization_text: Some(SpecializationText::parse("Hyperbaric medicine").unwrap()),
        license_number: Some(LicenseNumber::parse("DK-1").unwrap()),
        years_of_experience: Some(YearsOfExperience::new(12).unwrap()),
        qualification: Some(Qualification::parse("MD").unwrap()),
        bio: Some(Biography::parse("Dives.\nA lot.").unwrap()),
        consultation_fee: Some(Money::parse("9999999.99").unwrap()),
        is_available: false,
        hospital_name: Some(OrganizationName::parse("Rigshospitalet").unwrap()),
        city: place("København"),
        state: place("Hovedstaden"),
        country: place("DK"),
        time_zone: Zone::parse("Europe/Copenhagen").unwrap(),
        booking: BookingMode::SlotsOnly,
    };
    Doctor::new(DoctorId::new(new_id()), profile, None, at(NOW))
}
