//! Pharmacies.

use medilink_application::error::{Conflict, StoreError};
use medilink_application::page::{Limit, Stretch};
use medilink_application::pharmacy::PharmacyFilter;
use medilink_application::store::Store;
use medilink_application::testing::{NOW, at};
use medilink_domain::email::Email;
use medilink_domain::id::PharmacyId;
use medilink_domain::pharmacy::{Pharmacy, PharmacyProfile};
use medilink_domain::record::Concept;
use medilink_domain::search::Search;
use medilink_domain::text::{Address, LicenseNumber, OrganizationName, Phone, Place, sort_key};
use medilink_tests::{TestDatabase, on_both_databases};

use super::clinic::{Clinic, an_entry, new_id};

on_both_databases! {
    a_pharmacy_comes_out_as_it_went_in,
    an_update_of_a_changed_pharmacy_is_stale,
    licence_numbers_of_pharmacies_are_unique_among_the_verified,
    licence_numbers_of_pharmacies_are_unique_among_those_whom_others_entered,
    the_entry_of_a_licence_is_one_that_nobody_verified_or_signs_in_for,
    a_pharmacy_that_is_deleted_is_gone_with_its_words,
    pharmacies_are_found_by_beginnings_of_words,
    a_list_of_pharmacies_shows_each_once_by_name,
    a_name_that_is_folded_into_sentences_is_stored_sorted_and_found,
}

fn a_pharmacy(name: &str, city: &str, license: Option<&str>) -> Pharmacy {
    let profile = PharmacyProfile {
        name: OrganizationName::parse(name).ok(),
        license_number: license.and_then(|number| LicenseNumber::parse(number).ok()),
        city: Place::parse(city).ok(),
        ..PharmacyProfile::default()
    };
    Pharmacy::new(PharmacyId::new(new_id()), profile, at(NOW))
}

async fn insert(clinic: &Clinic, pharmacies: &[Pharmacy]) {
    let mut work = clinic.store.begin().await.unwrap();
    for pharmacy in pharmacies {
        work.pharmacies().insert(pharmacy).await.unwrap();
    }
    work.commit(an_entry()).await.unwrap();
}

async fn a_pharmacy_comes_out_as_it_went_in(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let profile = PharmacyProfile {
        name: Some(OrganizationName::parse("Löwen-Apotheke").unwrap()),
        license_number: Some(LicenseNumber::parse("DE-1").unwrap()),
        email: Some(Email::parse("loewen@example.org").unwrap()),
        phone: Some(Phone::parse("+49 (1) 23").unwrap()),
        address: Some(Address::parse("Am Markt 1\n50667").unwrap()),
        city: Some(Place::parse("Köln").unwrap()),
        state: Some(Place::parse("NRW").unwrap()),
        country: Some(Place::parse("DE").unwrap()),
    };
    let user = Some(clinic.user.id);
    let id = PharmacyId::new(new_id());
    let pharmacy = Pharmacy { user, is_verified: true, ..Pharmacy::new(id, profile, at(NOW)) };
    insert(&clinic, std::slice::from_ref(&pharmacy)).await;

    let mut work = clinic.store.begin().await.unwrap();
    assert_eq!(work.pharmacies().find(id).await.unwrap().as_ref(), Some(&pharmacy));
    assert_eq!(work.pharmacies().lock(id).await.unwrap().as_ref(), Some(&pharmacy));
    assert_eq!(work.pharmacies().lock_of(clinic.user.id).await.unwrap(), Some(pharmacy));
    let unknown = PharmacyId::new(new_id());
    assert_eq!(work.pharmacies().find(unknown).await.unwrap(), None);
    assert_eq!(work.pharmacies().lock(unknown).await.unwrap(), None);
    assert!(clinic.store.queries().pharmacies().find(unknown).await.unwrap().is_none());
}

async fn an_update_of_a_changed_pharmacy_is_stale(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut late = a_pharmacy("Late", "Bonn", None);
    insert(&clinic, std::slice::from_ref(&late)).await;
    late.revision.version += 2;

    let mut work = clinic.store.begin().await.unwrap();
    let outcome = work.pharmacies().update(&late).await;

    assert!(matches!(outcome, Err(StoreError::Stale(Concept::Pharmacy))));
}

async fn licence_numbers_of_pharmacies_are_unique_among_the_verified(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let number = LicenseNumber::parse("DE-1").unwrap();
    let mut first = a_pharmacy("First", "Bonn", Some("DE-1"));
    let user = Some(clinic.user.id);
    let mut second = Pharmacy { user, ..a_pharmacy("Second", "Bonn", Some("DE-1")) };
    insert(&clinic, &[first.clone(), second.clone()]).await;
    let mut work = clinic.store.begin().await.unwrap();
    assert!(!work.pharmacies().is_license_taken(&number, None).await.unwrap());
    first.verify(at(NOW)).unwrap();
    work.pharmacies().update(&first).await.unwrap();
    for (except, is_taken) in [(None, true), (Some(second.id), true), (Some(first.id), false)] {
        let taken = work.pharmacies().is_license_taken(&number, except).await.unwrap();
        assert_eq!(taken, is_taken);
    }
    work.commit(an_entry()).await.unwrap();

    let mut work = clinic.store.begin().await.unwrap();
    second.approve(at(NOW));
    let refused = work.pharmacies().update(&second).await;

    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::LicenseNumberTaken))));
}

async fn licence_numbers_of_pharmacies_are_unique_among_those_whom_others_entered(
    database: TestDatabase,
) {
    let clinic = Clinic::on(database).await;
    let number = LicenseNumber::parse("DE-1").unwrap();
    let user = Some(clinic.user.id);
    let registered = Pharmacy { user, ..a_pharmacy("Registered", "Bonn", Some("DE-1")) };
    let entry = a_pharmacy("Entry", "Bonn", Some("DE-1"));
    let mut work = clinic.store.begin().await.unwrap();
    work.pharmacies().insert(&registered).await.unwrap();
    assert!(!work.pharmacies().is_license_entered(&number, None).await.unwrap());
    work.pharmacies().insert(&entry).await.unwrap();
    for (except, is_entered) in [(None, true), (Some(registered.id), true), (Some(entry.id), false)]
    {
        let entered = work.pharmacies().is_license_entered(&number, except).await.unwrap();
        assert_eq!(entered, is_entered);
    }
    work.commit(an_entry()).await.unwrap();

    let mut work = clinic.store.begin().await.unwrap();
    let refused = work.pharmacies().insert(&a_pharmacy("Again", "Bonn", Some("DE-1"))).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::LicenseNumberTaken))));
}

async fn the_entry_of_a_licence_is_one_that_nobody_verified_or_signs_in_for(
    database: TestDatabase,
) {
    let clinic = Clinic::on(database).await;
    let number = LicenseNumber::parse("DE-1").unwrap();
    let user = Some(clinic.user.id);
    let registered = Pharmacy { user, ..a_pharmacy("Registered", "Bonn", Some("DE-1")) };
    let other = a_pharmacy("Other", "Bonn", Some("DE-2"));
    let mut entry = a_pharmacy("Entry", "Bonn", Some("DE-1"));
    insert(&clinic, &[registered, other]).await;
    let mut work = clinic.store.begin().await.unwrap();

    assert_eq!(work.pharmacies().lock_entry(&number).await.unwrap(), None);
    work.pharmacies().insert(&entry).await.unwrap();
    assert_eq!(work.pharmacies().lock_entry(&number).await.unwrap().as_ref(), Some(&entry));
    entry.verify(at(NOW)).unwrap();
    work.pharmacies().update(&entry).await.unwrap();
    assert_eq!(work.pharmacies().lock_entry(&number).await.unwrap(), None);
}

async fn a_pharmacy_that_is_deleted_is_gone_with_its_words(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let [gone, kept] = ["Gone", "Kept"].map(|name| a_pharmacy(name, "Bonn", None));
    insert(&clinic, &[gone.clone(), kept.clone()]).await;

    let mut work = clinic.store.begin().await.unwrap();
    work.pharmacies().delete(gone.id).await.unwrap();
    assert_eq!(work.pharmacies().find(gone.id).await.unwrap(), None);
    work.commit(an_entry()).await.unwrap();

    let queries = clinic.store.queries();
    assert!(queries.pharmacies().find(gone.id).await.unwrap().is_none());
    assert!(queries.pharmacies().find(kept.id).await.unwrap().is_some());
    let raw = clinic.database.raw().await;
    assert_eq!(raw.count("SELECT count(*) FROM pharmacy_words WHERE word = 'gone'").await, 0);
    assert_eq!(raw.count("SELECT count(*) FROM pharmacy_words WHERE word = 'kept'").await, 1);
}

async fn pharmacies_are_found_by_beginnings_of_words(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut pharmacy = a_pharmacy("Løwen-Apotheke", "Sankt Pölten", None);
    insert(&clinic, std::slice::from_ref(&pharmacy)).await;
    let found = async |search: &str| {
        let filter =
            PharmacyFilter { search: Search::parse(search).ok(), ..PharmacyFilter::default() };
        let queries = clinic.store.queries();
        queries.pharmacies().list(&filter, &Stretch::default()).await.unwrap().items.len()
    };

    for (search, expected) in
        [("LOW", 1), ("apo polten", 1), ("sankt", 1), ("wen", 0), ("lowen chen", 0)]
    {
        assert_eq!(found(search).await, expected, "{search}");
    }

    pharmacy.profile.city = None;
    pharmacy.revision.touch(at(NOW));
    let mut work = clinic.store.begin().await.unwrap();
    work.pharmacies().update(&pharmacy).await.unwrap();
    work.commit(an_entry()).await.unwrap();
    assert_eq!((found("polten").await, found("apo").await), (0, 1));
}

async fn a_list_of_pharmacies_shows_each_once_by_name(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut pharmacies = Vec::new();
    for number in 0..24_u8 {
        let name = ["Ångström", "beta", "Beta", "Zeta"][usize::from(number % 4)];
        let city = ["Köln", "koln", "Bonn"][usize::from(number % 3)];
        let pharmacy = a_pharmacy(name, city, None);
        pharmacies.push(Pharmacy { is_verified: number < 12, ..pharmacy });
    }
    insert(&clinic, &pharmacies).await;
    // Ids sort by when they were made, and two spellings of a name are one.
    pharmacies.sort_by_key(|it| {
        let name = it.profile.name.as_ref().unwrap().disclose().to_lowercase();
        (name.replace('å', "a").replace('ö', "o"), it.id)
    });

    for city in [None, Some("KÖLN")] {
        for verified in [None, Some(true), Some(false)] {
            let matches = |it: &&Pharmacy| {
                let is_there = it.profile.city.as_ref().unwrap().disclose() != "Bonn";
                (city.is_none() || is_there) && verified.is_none_or(|it_is| it_is == it.is_verified)
            };
            let expected: Vec<_> = pharmacies.iter().filter(matches).map(|it| it.id).collect();
            let city = city.and_then(|city| Place::parse(city).ok());
            let filter = PharmacyFilter { city, verified, ..PharmacyFilter::default() };
            let limit = Limit::parse("5").unwrap();
            let mut stretch = Stretch { limit, count: true, ..Stretch::default() };
            let mut shown = Vec::new();
            loop {
                let queries = clinic.store.queries();
                let page = queries.pharmacies().list(&filter, &stretch).await.unwrap();
                assert_eq!(page.total, u64::try_from(expected.len()).ok());
                shown.extend(page.items.into_iter().map(|it| it.id));
                stretch.after = page.last;
                if stretch.after.is_none() {
                    break;
                }
            }
            assert_eq!(shown, expected, "{filter:?}");
        }
    }
}

/// Some characters stand for a whole sentence. What a name of them is folded into is longer than any
/// index of PostgreSQL holds.
async fn a_name_that_is_folded_into_sentences_is_stored_sorted_and_found(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    // Each is another one, so that nothing is saved by compressing them.
    let squared: Vec<_> = ('\u{3300}'..='\u{3357}').chain('\u{3371}'..='\u{33fe}').collect();
    let name = |from: usize| -> String { squared.iter().cycle().skip(from).take(200).collect() };
    let city: String = name(7).chars().take(100).collect();
    let long = ["\u{fdfa}".repeat(200), name(0), name(100)];
    let mut pharmacies: Vec<_> = long.iter().map(|name| a_pharmacy(name, &city, None)).collect();
    pharmacies.push(a_pharmacy("At the Corner", &city, None));
    insert(&clinic, &pharmacies).await;
    for pharmacy in &mut pharmacies {
        pharmacy.revision.touch(at(NOW));
        let mut work = clinic.store.begin().await.unwrap();
        work.pharmacies().update(pharmacy).await.unwrap();
        work.commit(an_entry()).await.unwrap();
    }

    let filter = PharmacyFilter { city: Place::parse(&city).ok(), ..PharmacyFilter::default() };
    let listed = clinic.store.queries();
    let listed = listed.pharmacies().list(&filter, &Stretch::default()).await.unwrap().items;

    // By code point on both databases, whatever language the server speaks.
    let name = |it: &Pharmacy| sort_key(it.profile.name.as_ref().unwrap().disclose());
    pharmacies.sort_by_key(|it| (name(it), it.id));
    assert!(listed.iter().map(|it| it.id).eq(pharmacies.iter().map(|it| it.id)));
}
