//! Looking over the whole installation.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::TimeDelta;
use medilink_domain::actor::Relations;
use medilink_domain::id::{DoctorId, Uuid};
use medilink_domain::policy::Action;
use medilink_domain::statistics::CountedPeriod;
use medilink_domain::workload::Workload;
use medilink_domain::zone::Bound;

use super::Statistics;
use super::repository::{AppointmentSum, StatisticsQueries};
use super::view::{
    AppointmentTally, DoctorLoad, EntryTally, PatientTally, SignInTally, StatisticsView, UserTally,
};
use crate::call::{Call, Subject};
use crate::error::{Error, FieldErrors, Result};
use crate::page::Limit;
use crate::range::instants;

/// What somebody asks for when they look over the whole installation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overview {
    /// From when on appointments and workload are counted; 30 days before the end unless named.
    pub from: Option<Bound>,
    /// Until when; a day is included. Until now unless named.
    pub to: Option<Bound>,
    /// Of how many doctors the workload is shown.
    pub doctors: Limit,
}

impl Statistics {
    /// Counts what there is, and what took place in a period.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](Error::Forbidden) unless an admin asks.
    /// - [`Invalid`](Error::Invalid) for a period that ends before it starts, or of more than a year.
    pub async fn overview(&self, call: &Call, command: Overview) -> Result<StatisticsView> {
        let Overview { from, to, doctors } = command;
        let now = self.ports.clock.now();

        call.may(Action::ReadStatistics, Relations::NONE, Subject::NONE)?;

        let queries = self.ports.store.queries();
        let zone = &self.settings.default_time_zone;
        let [from, to] = instants(&*queries, zone, None, [("from", from), ("to", to)]).await?;
        let period = CountedPeriod::new(from, to, now)
            .map_err(|error| Error::Invalid(FieldErrors::of("to", error)))?;
        let since = now.saturating_add(TimeDelta::days(-1));

        let queries = queries.statistics();
        let users = queries.users().await?;
        let directory = queries.directory().await?;
        let sums = queries.appointments(period).await?;
        let published = queries.published(period).await?;
        let workload = busiest(queries, &sums, &published, doctors).await?;
        let failed = queries.failed_sign_ins(since).await?;

        Ok(StatisticsView {
            from: period.from(),
            to: period.to(),
            users: UserTally::of(&users),
            patients: PatientTally { total: directory.patients },
            doctors: EntryTally::of_doctors(directory),
            pharmacies: EntryTally::of_pharmacies(directory),
            appointments: AppointmentTally::of(&sums),
            workload,
            failed_sign_ins: SignInTally { since, count: failed },
        })
    }
}

/// Shows the doctors with most booked minutes, and of equally busy ones those who have published most.
async fn busiest(
    queries: &dyn StatisticsQueries,
    sums: &[AppointmentSum],
    published: &[(DoctorId, u64)],
    limit: Limit,
) -> Result<Vec<DoctorLoad>> {
    // Ids of the domain have no order, which would mean nothing.
    let mut loads: BTreeMap<Uuid, Workload> = BTreeMap::new();
    for sum in sums.iter().filter(|sum| Workload::counts(sum.status)) {
        loads.entry(sum.doctor.as_uuid()).or_default().booked_minutes += sum.minutes;
    }
    for (doctor, minutes) in published {
        loads.entry(doctor.as_uuid()).or_default().published_minutes += minutes;
    }
    let mut loads: Vec<_> = loads.into_iter().collect();
    loads.sort_by_key(|(_, load)| Reverse((load.booked_minutes, load.published_minutes)));
    loads.truncate(usize::try_from(limit.get()).unwrap_or(usize::MAX));

    let ids: Vec<_> = loads.iter().map(|(id, _)| DoctorId::new(*id)).collect();
    let doctors = queries.doctors(&ids).await?;
    let show = |(id, load): (Uuid, Workload)| {
        let doctor = doctors.iter().find(|doctor| doctor.id.as_uuid() == id)?.clone();
        let Workload { booked_minutes, published_minutes } = load;
        let utilisation_percent = load.percent();
        Some(DoctorLoad { doctor, booked_minutes, published_minutes, utilisation_percent })
    };
    Ok(loads.into_iter().filter_map(show).collect())
}

#[cfg(test)]
mod tests {
    use medilink_domain::appointment::AppointmentStatus;
    use medilink_domain::audit::Outcome;
    use medilink_domain::user::{Role, UserStatus};

    use super::*;
    use crate::call::Caller;
    use crate::doctor::DoctorBrief;
    use crate::statistics::{DirectoryCount, RoleTally, UserCount};
    use crate::testing::{FakeClinic, NOW, Trail, a_caller, a_pending_doctor, at, day};

    fn doctor(id: u128) -> DoctorId {
        DoctorId::new(Uuid::from_u128(id))
    }

    /// A clinic in which nothing has happened yet.
    fn a_new_clinic() -> FakeClinic {
        a_clinic(Vec::new(), Vec::new())
    }

    /// A clinic with these appointments and published minutes.
    fn a_clinic(sums: Vec<AppointmentSum>, published: Vec<(DoctorId, u64)>) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        let queries = &mut clinic.queries.statistics;
        queries.expect_users().returning(|| {
            let user = |role, status, count| UserCount { role, status, count };
            Ok(vec![
                user(Role::Admin, UserStatus::Active, 1),
                user(Role::Doctor, UserStatus::Active, 5),
                user(Role::Doctor, UserStatus::Pending, 2),
                user(Role::Pharmacy, UserStatus::Pending, 3),
                user(Role::Patient, UserStatus::Disabled, 4),
            ])
        });
        queries.expect_directory().returning(|| {
            Ok(DirectoryCount {
                patients: 9,
                doctors: 7,
                verified_doctors: 5,
                pharmacies: 3,
                verified_pharmacies: 1,
            })
        });
        queries.expect_appointments().returning(move |_| Ok(sums.clone()));
        queries.expect_published().returning(move |_| Ok(published.clone()));
        queries.expect_doctors().returning(|ids| {
            let brief = |id: &DoctorId| DoctorBrief { id: *id, display_name: id.to_string() };
            Ok(ids.iter().rev().map(brief).collect())
        });
        queries.expect_failed_sign_ins().returning(|_| Ok(6));
        clinic
    }

    async fn look(
        clinic: FakeClinic,
        by: Caller,
        command: Overview,
    ) -> (Result<StatisticsView>, Trail) {
        clinic.perform(by, async |app, call| app.statistics.overview(call, command).await).await
    }

    #[tokio::test]
    async fn an_overview_counts_everybody_once_and_leaves_no_trace() {
        let (seen, trail) = look(a_new_clinic(), a_caller(Role::Admin), Overview::default()).await;

        let seen = seen.ok().unwrap();
        assert_eq!((seen.users.total, seen.users.pending), (15, 5));
        assert_eq!(seen.users.doctor, RoleTally { active: 5, pending: 2, disabled: 0 });
        assert_eq!(seen.users.coordinator, RoleTally::default());
        assert_eq!(seen.patients.total, 9);
        assert_eq!((seen.doctors.total, seen.doctors.verified), (7, 5));
        assert_eq!((seen.pharmacies.total, seen.pharmacies.verified), (3, 1));
        assert_eq!(seen.failed_sign_ins.count, 6);
        assert_eq!(seen.failed_sign_ins.since, at("2030-01-05T12:00:00Z"));
        assert_eq!((seen.from, seen.to), (at("2029-12-07T12:00:00Z"), at(NOW)));
        assert!(seen.workload.is_empty());
        assert!(trail.recorded().is_empty());
    }

    #[tokio::test]
    async fn the_busiest_doctors_are_shown_first_with_how_full_their_time_is() {
        let sum = |id, status, count, minutes| AppointmentSum {
            doctor: doctor(id),
            status,
            count,
            minutes,
        };
        let sums = vec![
            sum(1, AppointmentStatus::Completed, 2, 60),
            sum(1, AppointmentStatus::Cancelled, 9, 900),
            sum(2, AppointmentStatus::Completed, 1, 30),
            sum(2, AppointmentStatus::Scheduled, 2, 60),
            sum(3, AppointmentStatus::NoShow, 4, 120),
            sum(4, AppointmentStatus::CheckedIn, 1, 60),
        ];
        let published = vec![(doctor(1), 240), (doctor(3), 480), (doctor(4), 120)];
        let shown = async |limit: &str| {
            let clinic = a_clinic(sums.clone(), published.clone());
            let doctors = Limit::parse(limit).unwrap();
            let command = Overview { doctors, ..Overview::default() };
            look(clinic, a_caller(Role::Admin), command).await.0.ok().unwrap()
        };

        let seen = shown("20").await;
        let tally = seen.appointments;
        assert_eq!((tally.total, tally.completed, tally.cancelled), (19, 3, 9));
        assert_eq!((tally.scheduled, tally.checked_in, tally.no_show), (2, 1, 4));
        let loads = seen.workload.iter().map(|load| {
            let minutes = (load.booked_minutes, load.published_minutes);
            (load.doctor.id, minutes, load.utilisation_percent)
        });
        let expected = [
            (doctor(2), (90, 0), None),
            (doctor(1), (60, 240), Some(25)),
            (doctor(4), (60, 120), Some(50)),
            (doctor(3), (0, 480), Some(0)),
        ];
        assert_eq!(loads.collect::<Vec<_>>(), expected);
        let seen = shown("2").await;
        assert_eq!((seen.workload.len(), seen.appointments.total), (2, 19));
    }

    #[tokio::test]
    async fn a_day_belongs_to_the_period_whole_and_a_wrong_period_is_named() {
        let named = |from, to| {
            let bound = |raw| day(raw).map(Bound::Day);
            Overview { from: bound(from), to: bound(to), ..Overview::default() }
        };

        let command = named("2029-01-01", "2029-12-31");
        let (seen, _) = look(a_new_clinic(), a_caller(Role::Admin), command).await;
        let seen = seen.ok().unwrap();
        assert_eq!(seen.from, at("2029-01-01T00:00:00Z"));
        assert_eq!(seen.to, at("2030-01-01T00:00:00Z"));

        for command in [named("2029-02-02", "2029-02-01"), named("2028-01-01", "2029-12-31")] {
            let (refused, _) = look(a_new_clinic(), a_caller(Role::Admin), command).await;

            let Err(Error::Invalid(errors)) = refused else { panic!("it was counted") };
            assert!(errors.by_field().keys().eq(["to"]));
        }
    }

    #[tokio::test]
    async fn nobody_but_an_admin_looks_over_the_installation() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (refused, trail) =
                look(FakeClinic::default(), a_caller(role), Overview::default()).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::ReadStatistics))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
        let (refused, _) =
            look(FakeClinic::default(), a_pending_doctor(), Overview::default()).await;
        assert!(matches!(refused, Err(Error::ApprovalPending)));
    }
}
