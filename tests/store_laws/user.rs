//! Users, doctors and patients: what is unique, and what comes out again.

use medilink_application::doctor::DoctorFilter;
use medilink_application::error::{Conflict, StoreError};
use medilink_application::page::{Limit, Stretch};
use medilink_application::store::Store;
use medilink_application::testing::{NOW, at};
use medilink_application::user::UserFilter;
use medilink_domain::archive::Blocking;
use medilink_domain::doctor::{
    BookingMode, Doctor, DoctorProfile, Specialization, YearsOfExperience,
};
use medilink_domain::email::Email;
use medilink_domain::id::{DoctorId, UserId};
use medilink_domain::money::Money;
use medilink_domain::name::PersonName;
use medilink_domain::record::Concept;
use medilink_domain::search::Search;
use medilink_domain::text::{
    Biography, LicenseNumber, OrganizationName, Phone, Place, Qualification, SpecializationText,
};
use medilink_domain::user::{Role, User, UserStatus, Username};
use medilink_domain::zone::Zone;
use medilink_persistence::SeaOrmStore;
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{Clinic, a_doctor, a_patient, a_user, an_entry, new_id};

on_both_databases! {
    names_and_addresses_are_unique_whatever_their_case,
    licence_numbers_are_unique_among_the_verified,
    licence_numbers_are_unique_among_those_whom_others_entered,
    an_archived_doctor_is_found_by_nobody_who_does_not_ask_for_the_archive,
    an_update_of_a_changed_user_is_stale,
    people_come_out_as_they_went_in,
    patients_are_owned_by_one_user_at_the_most,
    two_administrators_who_disable_each_other_leave_one,
    an_installation_is_set_up_once,
    users_are_found_by_beginnings_of_words,
    a_list_of_users_shows_each_once_with_their_profile,
}

/// Disables one administrator as another, as the use case does.
async fn disable(store: SeaOrmStore, id: UserId, by: UserId) -> bool {
    let mut work = store.begin().await.unwrap();
    let admins = work.users().lock_active_admins().await.unwrap();
    let mut user = work.users().lock(id).await.unwrap().unwrap();
    if user.disable(by, &admins, at(NOW)).is_err() {
        return false;
    }
    work.users().update(&user).await.unwrap();
    work.commit(an_entry()).await.unwrap();
    true
}

async fn two_administrators_who_disable_each_other_leave_one(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    for _ in 0..10 {
        let admin = || User { role: Role::Admin, ..a_user() };
        let (one, other) = (admin(), admin());
        let mut work = clinic.store.begin().await.unwrap();
        for id in work.users().lock_active_admins().await.unwrap() {
            let mut past = work.users().lock(id).await.unwrap().unwrap();
            past.disable(one.id, &[one.id], at(NOW)).unwrap();
            work.users().update(&past).await.unwrap();
        }
        work.users().insert(&one).await.unwrap();
        work.users().insert(&other).await.unwrap();
        work.commit(an_entry()).await.unwrap();

        let outcomes = tokio::join!(
            tokio::spawn(disable(clinic.store.clone(), one.id, other.id)),
            tokio::spawn(disable(clinic.store.clone(), other.id, one.id)),
        );

        assert!(outcomes.0.unwrap() != outcomes.1.unwrap());
        let mut work = clinic.store.begin().await.unwrap();
        assert_eq!(work.users().lock_active_admins().await.unwrap().len(), 1);
    }
}

async fn an_installation_is_set_up_once(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    assert!(!clinic.store.queries().users().is_set_up().await.unwrap());
    let mut undone = clinic.store.begin().await.unwrap();
    assert!(undone.users().set_up(at(NOW)).await.unwrap());
    drop(undone);

    let set_up = |store: SeaOrmStore| async move {
        let mut work = store.begin().await.unwrap();
        let is_first = work.users().set_up(at(NOW)).await.unwrap();
        work.commit(an_entry()).await.unwrap();
        is_first
    };
    let asking: Vec<_> = (0..8).map(|_| tokio::spawn(set_up(clinic.store.clone()))).collect();
    let mut firsts = 0;
    for asked in asking {
        firsts += u32::from(asked.await.unwrap());
    }

    assert_eq!(firsts, 1);
    assert!(clinic.store.queries().users().is_set_up().await.unwrap());
}

async fn users_are_found_by_beginnings_of_words(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut user = User {
        username: Username::parse("Countess").unwrap(),
        email: Email::parse("ada@analytical.example").unwrap(),
        name: PersonName::parse("Søren", "O'Brien-Šimić").unwrap(),
        ..a_user()
    };
    let mut work = clinic.store.begin().await.unwrap();
    work.users().insert(&user).await.unwrap();
    work.commit(an_entry()).await.unwrap();

    for (search, expected) in [
        ("count", 1),
        ("SOREN simic", 1),
        ("ada@ANALYTICAL", 1),
        ("brien countess ada", 1),
        ("ountess", 0),
        ("soren chen", 0),
    ] {
        assert_eq!(found(&clinic, search).await, expected, "{search}");
    }

    user.name = PersonName::parse("Grace", "Hopper").unwrap();
    user.revision.touch(at(NOW));
    let mut work = clinic.store.begin().await.unwrap();
    work.users().update(&user).await.unwrap();
    work.commit(an_entry()).await.unwrap();
    assert_eq!((found(&clinic, "soren").await, found(&clinic, "hopp").await), (0, 1));
}

async fn found(clinic: &Clinic, search: &str) -> usize {
    let filter = UserFilter { search: Search::parse(search).ok(), ..UserFilter::default() };
    let stretch = Stretch::default();
    let found = clinic.store.queries().users().list(&filter, &stretch).await.unwrap();
    found.items.len()
}

async fn a_list_of_users_shows_each_once_with_their_profile(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut expected = Vec::new();
    let mut work = clinic.store.begin().await.unwrap();
    for number in 0..5 {
        let user = User { role: Role::Doctor, status: UserStatus::Pending, ..a_user() };
        work.users().insert(&user).await.unwrap();
        let own = (number % 2 == 0).then(|| Doctor { user: Some(user.id), ..a_doctor(None) });
        if let Some(doctor) = &own {
            work.doctors().insert(doctor).await.unwrap();
        }
        expected.insert(0, (user.id, own.map(|doctor| doctor.id)));
    }
    work.commit(an_entry()).await.unwrap();

    let filter = UserFilter {
        role: Some(Role::Doctor),
        status: Some(UserStatus::Pending),
        ..UserFilter::default()
    };
    let limit = Limit::parse("2").unwrap();
    let mut stretch = Stretch { limit, count: true, ..Stretch::default() };
    let mut shown = Vec::new();
    loop {
        let page = clinic.store.queries().users().list(&filter, &stretch).await.unwrap();
        assert_eq!(page.total, Some(5));
        shown.extend(page.items.into_iter().map(|user| (user.id, user.doctor_id)));
        stretch.after = page.last;
        if stretch.after.is_none() {
            break;
        }
    }

    expected.sort_by_key(|one| std::cmp::Reverse(one.0));
    assert_eq!(shown, expected);
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
    let (mut first, registered) = (a_doctor(Some("DE-1")), a_doctor(Some("DE-1")));
    let mut second = Doctor { user: Some(clinic.user.id), ..registered };
    let mut work = clinic.store.begin().await.unwrap();
    work.doctors().insert(&first).await.unwrap();
    work.doctors().insert(&second).await.unwrap();
    assert!(!work.doctors().is_license_taken(&number, None).await.unwrap());
    first.verify(at(NOW)).unwrap();
    work.doctors().update(&first).await.unwrap();
    assert!(work.doctors().is_license_taken(&number, None).await.unwrap());
    assert!(work.doctors().is_license_taken(&number, Some(second.id)).await.unwrap());
    assert!(!work.doctors().is_license_taken(&number, Some(first.id)).await.unwrap());
    work.commit(an_entry()).await.unwrap();

    let mut work = clinic.store.begin().await.unwrap();
    second.verify(at(NOW)).unwrap();
    let refused = work.doctors().update(&second).await;

    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::LicenseNumberTaken))));
}

async fn licence_numbers_are_unique_among_those_whom_others_entered(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let number = LicenseNumber::parse("DE-1").unwrap();
    let registered = Doctor { user: Some(clinic.user.id), ..a_doctor(Some("DE-1")) };
    let mut entry = a_doctor(Some("DE-1"));
    let mut work = clinic.store.begin().await.unwrap();
    work.doctors().insert(&registered).await.unwrap();
    assert!(!work.doctors().is_license_entered(&number, None).await.unwrap());
    work.doctors().insert(&entry).await.unwrap();
    assert!(work.doctors().is_license_entered(&number, Some(registered.id)).await.unwrap());
    assert!(!work.doctors().is_license_entered(&number, Some(entry.id)).await.unwrap());
    work.commit(an_entry()).await.unwrap();

    let mut work = clinic.store.begin().await.unwrap();
    let refused = work.doctors().insert(&a_doctor(Some("DE-1"))).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::LicenseNumberTaken))));
    drop(work);

    // Who is archived has no number in this sense, until they come back.
    let mut work = clinic.store.begin().await.unwrap();
    entry.archive(Blocking::default(), at(NOW)).unwrap();
    work.doctors().update(&entry).await.unwrap();
    assert!(!work.doctors().is_license_entered(&number, None).await.unwrap());
    work.doctors().insert(&a_doctor(Some("DE-1"))).await.unwrap();
    entry.restore(at(NOW)).unwrap();
    let refused = work.doctors().update(&entry).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::LicenseNumberTaken))));
}

async fn an_archived_doctor_is_found_by_nobody_who_does_not_ask_for_the_archive(
    database: TestDatabase,
) {
    let clinic = Clinic::on(database).await;
    let mut doctor = Doctor { user: Some(clinic.user.id), ..a_doctor(None) };
    let (id, user) = (doctor.id, clinic.user.id);
    let mut work = clinic.store.begin().await.unwrap();
    work.doctors().insert(&doctor).await.unwrap();
    assert_eq!(work.users().profile(user).await.unwrap().doctor, Some(id));
    doctor.archive(Blocking::default(), at(NOW)).unwrap();
    work.doctors().update(&doctor).await.unwrap();

    assert_eq!(work.doctors().find(id).await.unwrap(), None);
    assert_eq!(work.doctors().lock(id).await.unwrap(), None);
    assert_eq!(work.doctors().lock_of(user).await.unwrap(), None);
    assert_eq!(work.users().profile(user).await.unwrap().doctor, None);
    assert_eq!(work.doctors().lock_archived(id).await.unwrap().as_ref(), Some(&doctor));
    work.commit(an_entry()).await.unwrap();

    let queries = clinic.store.queries();
    assert!(queries.doctors().find(id).await.unwrap().is_none());
    assert_eq!(queries.doctors().time_zone(id).await.unwrap(), None);
    for archived in [false, true] {
        let filter = DoctorFilter { archived, ..DoctorFilter::default() };
        let stretch = Stretch { count: true, ..Stretch::default() };
        let found = queries.doctors().list(&filter, &stretch).await.unwrap();
        assert_eq!(found.items.iter().any(|found| found.id == id), archived);
        assert_eq!(found.total, Some(if archived { 1 } else { 2 }));
    }
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
    let doctor = a_thorough_doctor(clinic.user.id);
    let mut work = clinic.store.begin().await.unwrap();
    work.doctors().insert(&doctor).await.unwrap();
    work.commit(an_entry()).await.unwrap();

    let mut work = clinic.store.begin().await.unwrap();
    assert_eq!(work.doctors().find(doctor.id).await.unwrap(), Some(doctor));
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

fn a_thorough_doctor(creator: UserId) -> Doctor {
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
    Doctor::new(DoctorId::new(new_id()), profile, Some(creator), at(NOW))
}
