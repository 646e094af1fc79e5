//! Assignments: what the database refuses, what is care, and what lists return.

use std::time::Duration;

use futures_util::future::join_all;
use medilink_application::assignment::AssignmentSelection;
use medilink_application::error::{Conflict, StoreError};
use medilink_application::page::{Limit, Stretch};
use medilink_application::store::Store;
use medilink_application::testing::{NOW, at};
use medilink_domain::actor::Actor;
use medilink_domain::assignment::{Assignment, AssignmentChanges, AssignmentTerms};
use medilink_domain::care::CareWindow;
use medilink_domain::change::Change;
use medilink_domain::id::{AssignmentId, DoctorId, PatientId, UserId, Uuid};
use medilink_domain::policy::{Access, Action, reach};
use medilink_domain::record::Concept;
use medilink_domain::text::{AssignmentNotes, Reason};
use medilink_domain::user::Role;
use medilink_tests::{TestDatabase, on_both_databases};

use super::care::cares;
use super::clinic::{Clinic, a_doctor, a_patient, an_entry, new_id};

on_both_databases! {
    an_assignment_comes_out_as_it_went_in,
    whoever_writes_the_database_refuses_a_second_one_of_a_pair_and_a_second_primary,
    a_second_one_of_a_pair_and_a_second_primary_are_told_apart,
    the_rivals_of_an_assignment_are_those_that_may_have_to_give_way,
    an_update_of_a_changed_assignment_is_stale,
    what_was_taken_away_is_found_by_nobody,
    an_assignment_is_care_while_it_is_active,
    all_assignments_of_whoever_leaves_end_and_no_others,
    of_doctors_and_patients_who_leave_at_once_each_assignment_ends_once,
    a_list_returns_nothing_out_of_reach,
    a_list_begins_with_the_newest_and_a_patients_doctors_with_the_primary_one,
}

const LATER: &str = "2030-01-07T12:00:00Z";

fn an_assignment(clinic: &Clinic, doctor: usize, patient: usize, is_primary: bool) -> Assignment {
    let terms = AssignmentTerms { is_primary, is_active: true, reason: None, notes: None };
    let (doctor, patient) = (&clinic.doctors[doctor], &clinic.patients[patient]);
    Assignment::new(AssignmentId::new(new_id()), doctor, patient, terms, clinic.user.id, at(NOW))
}

async fn insert(clinic: &Clinic, assignment: &Assignment) -> Result<(), StoreError> {
    let mut work = clinic.store.begin().await?;
    work.assignments().insert(assignment).await?;
    work.commit(an_entry()).await
}

async fn update(clinic: &Clinic, assignment: &Assignment) -> Result<(), StoreError> {
    let mut work = clinic.store.begin().await?;
    work.assignments().update(assignment).await?;
    work.commit(an_entry()).await
}

async fn find(clinic: &Clinic, id: AssignmentId) -> Option<Assignment> {
    let mut work = clinic.store.begin().await.unwrap();
    let found = work.assignments().find(id).await.unwrap();
    assert_eq!(work.assignments().lock(id).await.unwrap(), found);
    found
}

/// Ends it, or lets it begin again.
fn changed(mut assignment: Assignment, is_active: bool) -> Assignment {
    let is_active = Change::Set(is_active);
    assignment.change(AssignmentChanges { is_active, ..AssignmentChanges::default() }, at(LATER));
    assignment
}

async fn an_assignment_comes_out_as_it_went_in(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut assignment = an_assignment(&clinic, 0, 0, true);
    assignment.reason = Some(Reason::parse("Ō naïve 🦊 diabetes").unwrap());
    assignment.notes = Some(AssignmentNotes::parse(&"ñ".repeat(5000)).unwrap());
    insert(&clinic, &assignment).await.unwrap();
    assert_eq!(find(&clinic, assignment.id).await, Some(assignment.clone()));

    let ended = changed(assignment, false);
    update(&clinic, &ended).await.unwrap();

    assert_eq!(find(&clinic, ended.id).await, Some(ended));
}

async fn whoever_writes_the_database_refuses_a_second_one_of_a_pair_and_a_second_primary(
    database: TestDatabase,
) {
    let clinic = Clinic::on(database).await;
    let first = an_assignment(&clinic, 0, 0, true);
    insert(&clinic, &first).await.unwrap();
    insert(&clinic, &an_assignment(&clinic, 1, 0, false)).await.unwrap();
    insert(&clinic, &changed(an_assignment(&clinic, 0, 0, true), false)).await.unwrap();
    let raw = clinic.database.raw().await;
    let new_id = if clinic.database.is_postgres() { "gen_random_uuid()" } else { "randomblob(16)" };
    let twin = |is_active: bool, ended_at: &str| {
        format!(
            "INSERT INTO assignments (id, doctor_id, patient_id, patient_created_by, is_primary,
                is_active, created_by, created_at, updated_at, version, ended_at)
            SELECT {new_id}, doctor_id, patient_id, patient_created_by, false, {is_active},
                created_by, created_at, updated_at, version, {ended_at}
            FROM assignments WHERE is_active AND is_primary"
        )
    };

    let pair = raw.execute(&twin(true, "NULL")).await.unwrap_err().to_string();
    let primary = "UPDATE assignments SET is_primary = true WHERE is_active AND NOT is_primary";
    let primary = raw.execute(primary).await.unwrap_err().to_string();
    let revived = "UPDATE assignments SET is_active = true, ended_at = NULL";
    let revived = raw.execute(revived).await.unwrap_err().to_string();

    for (refused, by) in [
        (pair, ["assignments_active_pair", "assignments.doctor_id, assignments.patient_id"]),
        (primary, ["assignments_active_primary", "assignments.patient_id"]),
        (revived, ["assignments_active_p", "assignments."]),
    ] {
        assert!(by.iter().any(|name| refused.contains(name)), "{refused}");
    }
    // What contradicts itself is refused too, and what has ended is in nobody's way.
    assert!(raw.execute(&twin(true, "created_at")).await.is_err());
    assert!(raw.execute(&twin(false, "NULL")).await.is_err());
    let archive = "UPDATE assignments SET archived_at = created_at WHERE is_active";
    assert!(raw.execute(archive).await.is_err());
    raw.execute(&twin(false, "created_at")).await.unwrap();
}

async fn a_second_one_of_a_pair_and_a_second_primary_are_told_apart(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    insert(&clinic, &an_assignment(&clinic, 0, 0, true)).await.unwrap();
    let other = an_assignment(&clinic, 1, 0, false);
    insert(&clinic, &other).await.unwrap();

    let pair = insert(&clinic, &an_assignment(&clinic, 0, 0, false)).await.unwrap_err();
    let mut second = Assignment { is_primary: true, ..other };
    second.revision.touch(at(LATER));
    let primary = update(&clinic, &second).await.unwrap_err();

    assert!(matches!(pair, StoreError::Conflict(Conflict::AlreadyAssigned)), "{pair}");
    assert!(matches!(primary, StoreError::Conflict(Conflict::PrimaryTaken)), "{primary}");
}

async fn the_rivals_of_an_assignment_are_those_that_may_have_to_give_way(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let mut kept = Vec::new();
    for (doctor, patient, is_primary, is_active) in [
        (0, 0, true, true),
        (1, 0, false, true),
        (1, 0, true, false),
        (0, 1, false, true),
        (1, 1, true, true),
    ] {
        let assignment = an_assignment(&clinic, doctor, patient, is_primary);
        let assignment = if is_active { assignment } else { changed(assignment, false) };
        insert(&clinic, &assignment).await.unwrap();
        kept.push(assignment);
    }

    for doctor in 0..2 {
        for patient in 0..2 {
            let wanted = an_assignment(&clinic, doctor, patient, true);
            let mut work = clinic.store.begin().await.unwrap();
            let rivals = work.assignments().lock_rivals(&wanted).await.unwrap();
            drop(work);
            for other in &kept {
                let gives_way = other.clone().give_way(&wanted, at(LATER));
                let is_rival = rivals.contains(other);
                assert!(is_rival || gives_way == Ok(false), "{other:?}");
                let is_of_the_patient = other.patient == wanted.patient && other.is_active();
                assert!(!is_rival || is_of_the_patient, "{other:?}");
            }
        }
    }
    let mut work = clinic.store.begin().await.unwrap();
    let rivals = work.assignments().lock_rivals(&kept[0]).await.unwrap();
    assert!(!rivals.contains(&kept[0]), "nobody is their own rival");
}

async fn an_update_of_a_changed_assignment_is_stale(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let read = an_assignment(&clinic, 0, 0, false);
    insert(&clinic, &read).await.unwrap();
    update(&clinic, &changed(read.clone(), false)).await.unwrap();

    let outcome = update(&clinic, &changed(read, true)).await;

    assert!(matches!(outcome, Err(StoreError::Stale(Concept::Assignment))));
}

async fn what_was_taken_away_is_found_by_nobody(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let since = CareWindow::default().since(at(NOW));
    let mut assignment = an_assignment(&clinic, 0, 0, true);
    insert(&clinic, &assignment).await.unwrap();

    assignment.archive(at(LATER));
    update(&clinic, &assignment).await.unwrap();

    assert_eq!(find(&clinic, assignment.id).await, None);
    let queries = clinic.store.queries();
    let queries = queries.assignments();
    let stretch = Stretch { count: true, ..Stretch::default() };
    assert!(queries.find(assignment.id, None, since).await.unwrap().is_none());
    let listed = queries.list(&everything(&clinic, Role::Admin), &stretch).await.unwrap();
    assert_eq!((listed.items.len(), listed.total), (0, Some(0)));
    let doctors = queries.doctors_of(clinic.patients[0].id, &stretch).await.unwrap();
    assert_eq!((doctors.items.len(), doctors.total), (0, Some(0)));
    assert!(!cares(&clinic, 0, 0, since).await);
    // It is in nobody's way either.
    insert(&clinic, &an_assignment(&clinic, 0, 0, true)).await.unwrap();
}

async fn an_assignment_is_care_while_it_is_active(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let (now, much_later) = (at(NOW), at("2060-01-01T00:00:00Z"));
    let since = |now| CareWindow::default().since(now);
    let assignment = an_assignment(&clinic, 0, 0, false);
    insert(&clinic, &assignment).await.unwrap();

    assert!(cares(&clinic, 0, 0, since(now)).await);
    assert!(cares(&clinic, 0, 0, since(much_later)).await, "it does not end by itself");
    assert!(!cares(&clinic, 1, 0, since(now)).await, "the care is nobody else's");
    assert!(!cares(&clinic, 0, 1, since(now)).await, "the care is for nobody else");
    let queries = clinic.store.queries();
    for (doctor, expected) in [(0, true), (1, false)] {
        let doctor = Some(clinic.doctors[doctor].id);
        let seen = queries.assignments().find(assignment.id, doctor, since(now)).await.unwrap();
        assert_eq!(seen.unwrap().in_care, expected);
    }

    let ended = changed(assignment, false);
    update(&clinic, &ended).await.unwrap();
    assert!(!cares(&clinic, 0, 0, since(now)).await, "and no longer, not even for a moment");
    update(&clinic, &changed(ended, true)).await.unwrap();
    assert!(cares(&clinic, 0, 0, since(now)).await);
}

async fn end_all_of_doctor(clinic: &Clinic, doctor: DoctorId) -> Result<(), StoreError> {
    let mut work = clinic.store.begin().await?;
    work.doctors().lock(doctor).await?;
    work.assignments().end_all_of_doctor(doctor, at(LATER)).await?;
    work.commit(an_entry()).await
}

async fn end_all_of_patient(clinic: &Clinic, patient: PatientId) -> Result<(), StoreError> {
    let mut work = clinic.store.begin().await?;
    work.patients().lock(patient).await?;
    work.assignments().end_all_of_patient(patient, at(LATER)).await?;
    work.commit(an_entry()).await
}

async fn all_assignments_of_whoever_leaves_end_and_no_others(database: TestDatabase) {
    let clinic = Clinic::on(database).await;
    let before = [
        an_assignment(&clinic, 0, 0, true),
        an_assignment(&clinic, 1, 0, false),
        an_assignment(&clinic, 0, 1, false),
        an_assignment(&clinic, 1, 1, true),
        Assignment { ended_at: Some(at(NOW)), ..an_assignment(&clinic, 0, 0, false) },
    ];
    for assignment in &before {
        insert(&clinic, assignment).await.unwrap();
    }
    let after = async || {
        let mut after = Vec::new();
        for assignment in &before {
            after.push(find(&clinic, assignment.id).await.unwrap());
        }
        after
    };
    let [a, b, c, d, gone] = before.clone();

    end_all_of_doctor(&clinic, clinic.doctors[0].id).await.unwrap();
    let ended = |it: &Assignment| changed(it.clone(), false);
    assert_eq!(after().await, [ended(&a), b.clone(), ended(&c), d.clone(), gone.clone()]);
    end_all_of_patient(&clinic, clinic.patients[0].id).await.unwrap();
    assert_eq!(after().await, [ended(&a), ended(&b), ended(&c), d, gone]);
}

async fn of_doctors_and_patients_who_leave_at_once_each_assignment_ends_once(
    database: TestDatabase,
) {
    const MANY: usize = 8;

    let clinic = Clinic::on(database).await;
    for _ in 0..4 {
        let doctors: Vec<_> = (0..MANY).map(|_| a_doctor(None)).collect();
        let patients: Vec<_> = (0..MANY).map(|_| a_patient(&clinic.user)).collect();
        let mut work = clinic.store.begin().await.unwrap();
        for doctor in &doctors {
            work.doctors().insert(doctor).await.unwrap();
        }
        for patient in &patients {
            work.patients().insert(patient).await.unwrap();
        }
        for doctor in &doctors {
            for patient in &patients {
                let terms = AssignmentTerms {
                    is_primary: false,
                    is_active: true,
                    reason: None,
                    notes: None,
                };
                let id = AssignmentId::new(new_id());
                let by = clinic.user.id;
                let assignment = Assignment::new(id, doctor, patient, terms, by, at(NOW));
                work.assignments().insert(&assignment).await.unwrap();
            }
        }
        work.commit(an_entry()).await.unwrap();

        let leave = doctors.iter().map(|doctor| end_all_of_doctor(&clinic, doctor.id));
        let too = patients.iter().map(|patient| end_all_of_patient(&clinic, patient.id));
        let (doctors, patients) = tokio::join!(join_all(leave), join_all(too));

        assert!(doctors.iter().chain(&patients).all(Result::is_ok), "{doctors:?} {patients:?}");
    }
    let raw = clinic.database.raw().await;
    let twice = "SELECT count(*) FROM assignments WHERE is_active OR version <> 2";
    assert_eq!(raw.count(twice).await, 0);
}

/// Whoever leaves takes the locks in one order, whichever way PostgreSQL comes upon the rows: a doctor
/// and a patient who share two assignments by way of others would wait for each other else.
#[actix_web::test]
async fn assignments_that_end_together_are_locked_in_the_order_of_their_ids() {
    let clinic = Clinic::on(TestDatabase::postgres().await).await;
    let lower = an_assignment(&clinic, 0, 0, false);
    let mut higher = an_assignment(&clinic, 1, 0, false);
    higher.id = AssignmentId::new(Uuid::max());
    higher.revision.created_at = at("2030-01-01T00:00:00Z");
    insert(&clinic, &higher).await.unwrap();
    insert(&clinic, &lower).await.unwrap();
    let [holder, other, raw] =
        [clinic.database.raw().await, clinic.database.raw().await, clinic.database.raw().await];
    let select = |id: AssignmentId| format!("SELECT id FROM assignments WHERE id = '{id}'");
    let held = holder.transaction().await;
    held.execute(&format!("{} FOR UPDATE", select(lower.id))).await.unwrap();

    let patient = clinic.patients[0].id;
    let leaving = end_all_of_patient(&clinic, patient);
    let looking = async {
        let waits = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while raw.count(waits).await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let free = other.execute(&format!("{} FOR UPDATE NOWAIT", select(higher.id))).await;
        drop(held);
        free
    };
    let (left, free) = tokio::join!(leaving, looking);

    free.expect("nobody holds the later one while they wait for the earlier one");
    left.unwrap();
}

fn everything(clinic: &Clinic, role: Role) -> AssignmentSelection {
    AssignmentSelection {
        actor: clinic.actor(role),
        reach: reach(role, Action::ReadAssignment),
        since: CareWindow::default().since(at(NOW)),
        doctor: None,
        patient: None,
        is_primary: None,
        is_active: None,
    }
}

async fn a_list_returns_nothing_out_of_reach(database: TestDatabase) {
    const ACTION: Action = Action::ReadAssignment;

    let clinic = Clinic::on(database).await;
    // The first doctor cares for the first patient; both others know the second one.
    for assignment in [
        an_assignment(&clinic, 0, 0, true),
        an_assignment(&clinic, 1, 0, false),
        changed(an_assignment(&clinic, 0, 1, false), false),
        an_assignment(&clinic, 1, 1, true),
    ] {
        insert(&clinic, &assignment).await.unwrap();
    }
    let queries = clinic.store.queries();
    let queries = queries.assignments();
    let stretch = Stretch { limit: Limit::parse("100").unwrap(), count: true, after: None };
    let all = queries.list(&everything(&clinic, Role::Admin), &stretch).await.unwrap();
    assert_eq!(all.items.len(), 4);
    let strange = |actor: Actor| Actor { user: UserId::new(new_id()), ..actor };
    let actors = Role::ALL.iter().map(|role| clinic.actor(*role));
    let mut shown = Vec::new();
    for actor in actors.clone().chain(actors.map(strange)) {
        let selection = AssignmentSelection { actor, ..everything(&clinic, actor.role) };
        let listed = queries.list(&selection, &stretch).await.unwrap();

        for view in &all.items {
            let seen = queries.find(view.id, actor.doctor, selection.since).await.unwrap().unwrap();
            let (patient, creator) = (view.patient_id, seen.view.patient_created_by);
            let relations = actor.relations_to_patient(patient, creator, seen.in_care);
            let readable = actor.may(ACTION, relations) == Access::Allow;
            let is_shown = listed.items.iter().any(|item| item.id == view.id);
            assert_eq!(is_shown, readable, "{}", actor.role);
        }
        assert_eq!(listed.total, Some(listed.items.len() as u64));
        shown.push((actor.role, listed.items.len()));
    }
    // A doctor is shown all of whoever is in their care, and nothing for having cared before.
    assert_eq!(shown.last(), Some(&(Role::Patient, 2)));
    assert!(shown.contains(&(Role::Doctor, 2)), "{shown:?}");
}

async fn a_list_begins_with_the_newest_and_a_patients_doctors_with_the_primary_one(
    database: TestDatabase,
) {
    let clinic = Clinic::on(database).await;
    let mut made = Vec::new();
    let mut work = clinic.store.begin().await.unwrap();
    for number in 0..7 {
        let doctor = a_doctor(None);
        work.doctors().insert(&doctor).await.unwrap();
        let mut assignment = an_assignment(&clinic, 0, 0, number == 2);
        assignment.doctor = doctor.id;
        // Some are made in the same second.
        let at = at(NOW).saturating_add(chrono::TimeDelta::seconds(number / 3));
        assignment.revision.created_at = at;
        work.assignments().insert(&assignment).await.unwrap();
        made.push((assignment.is_primary, at, assignment.id));
    }
    work.commit(an_entry()).await.unwrap();
    made.sort_by(|one, other| other.cmp(one));
    let primary_first: Vec<_> = made.iter().map(|(_, _, id)| *id).collect();
    made.sort_by_key(|(_, at, id)| std::cmp::Reverse((*at, *id)));
    let newest_first: Vec<_> = made.iter().map(|(_, _, id)| *id).collect();

    let queries = clinic.store.queries();
    let queries = queries.assignments();
    let selection = everything(&clinic, Role::Admin);
    let (mut listed, mut doctors) = (Vec::new(), Vec::new());
    let mut stretch = Stretch { limit: Limit::parse("2").unwrap(), count: true, after: None };
    loop {
        let found = queries.list(&selection, &stretch).await.unwrap();
        assert_eq!(found.total, Some(7));
        listed.extend(found.items.iter().map(|item| item.id));
        let Some(last) = found.last else { break };
        stretch.after = Some(last);
    }
    stretch.after = None;
    loop {
        let found = queries.doctors_of(clinic.patients[0].id, &stretch).await.unwrap();
        assert_eq!(found.total, Some(7));
        doctors.extend(found.items.iter().map(|item| item.assignment_id));
        let Some(last) = found.last else { break };
        stretch.after = Some(last);
    }

    assert_eq!(listed, newest_first);
    assert_eq!(doctors, primary_first);
    let none = queries.doctors_of(clinic.patients[1].id, &Stretch::default()).await.unwrap();
    assert!(none.items.is_empty());
}
