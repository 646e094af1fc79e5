//! How SQLite goes about what statistics and an overview count.

use medilink_application::testing::{NOW, an_actor, at};
use medilink_domain::policy::{Action, reach};
use medilink_domain::statistics::{CountedDays, CountedPeriod};
use medilink_domain::user::Role;
use medilink_domain::zone::Zone;
use sea_orm::DbBackend;

use super::{a_database, explained};
use crate::appointment::counts;
use crate::statement::statement;
use crate::statistics;

/// A clinic's whole day is counted from an index alone; a doctor's or a patient's is a few rows.
#[tokio::test]
async fn statistics_read_the_days_that_they_are_about() {
    let (_folder, database) = a_database().await;
    let day = at(NOW).date();
    let days = CountedDays::new(None, None, day).unwrap().of_zone(&Zone::utc()).unwrap();

    for (role, index) in [
        (Role::Admin, "COVERING INDEX appointments_start "),
        (Role::Coordinator, "INDEX appointments_creator "),
        (Role::Doctor, "INDEX appointments_doctor "),
        (Role::Patient, "INDEX appointments_patient "),
    ] {
        let reach = reach(role, Action::ReadAppointment);
        let query = counts(DbBackend::Sqlite, &an_actor(role), &reach, &days);
        let plan = explained(&database, DbBackend::Sqlite.build(&query)).await;
        let looks: Vec<_> = plan.iter().filter(|step| step.contains("appointments")).collect();
        let said = format!("{role}: {plan:#?}");
        assert!(matches!(looks[..], [look] if look.starts_with("SEARCH")), "{said}");
        assert!(looks[0].contains(index) && looks[0].contains("starts_at<?"), "{said}");
    }
}

/// What an overview counts costs as much as it counts: an index of users, and the rows of a period.
#[tokio::test]
async fn an_overview_reads_no_more_than_it_counts() {
    let (_folder, database) = a_database().await;
    let period = CountedPeriod::new(None, None, at(NOW)).unwrap();
    let ask = |sql| statement(DbBackend::Sqlite, sql, []);

    for (asked, expected) in [
        (ask(statistics::USERS), ["SCAN users USING COVERING INDEX", "users_role_status"]),
        (
            statistics::appointments(DbBackend::Sqlite, period),
            [
                "SEARCH appointments USING COVERING INDEX appointments_doctor_status ",
                "starts_at>? AND starts_at<?",
            ],
        ),
        (
            statistics::published(DbBackend::Sqlite, period),
            [
                "SEARCH time_slots USING COVERING INDEX time_slots_doctor ",
                "starts_at>? AND starts_at<?",
            ],
        ),
        (
            statement(DbBackend::Sqlite, statistics::FAILED_SIGN_INS, [at(NOW).as_utc().into()]),
            ["SEARCH audit_entries USING INDEX", "at>?"],
        ),
    ] {
        let plan = explained(&database, asked).await;
        assert!(expected.iter().all(|words| plan[0].contains(words)), "{plan:#?}");
        // What is counted by doctor comes in this order, and is not sorted.
        assert_eq!(plan.len(), 1, "{plan:#?}");
    }
    // Whole records are read of those in the archive, of doctors and of pharmacies, who are few.
    let plan = explained(&database, ask(statistics::DIRECTORY)).await;
    let walked = plan.iter().filter(|step| step.starts_with("SCAN"));
    let mut patients = walked.filter(|step| step.starts_with("SCAN patients"));
    let of_all = |step: &String| step.starts_with("SCAN patients USING COVERING INDEX");
    let archived = |step: &String| step.ends_with("patients_archived");
    assert!(patients.all(|step| of_all(step) || archived(step)), "{plan:#?}");
    assert!(plan.iter().any(of_all), "{plan:#?}");
}
