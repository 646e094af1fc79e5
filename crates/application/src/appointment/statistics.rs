//! Counting appointments.

use std::collections::BTreeMap;
use std::fmt::Display;

use medilink_domain::actor::Relations;
use medilink_domain::appointment::AppointmentStatus;
use medilink_domain::policy::{Action, reach};
use medilink_domain::statistics::{CountedDay, CountedDays, StatusTally};
use medilink_domain::time::{Date, Timestamp};
use medilink_domain::user::Role;
use medilink_domain::zone::Zone;
use serde::Serialize;

use super::{AppointmentCount, Appointments};
use crate::call::{Call, Subject};
use crate::error::{Error, FieldErrors, Result};

/// What somebody asks for when they want to know how many appointments there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CountAppointments {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub to: Option<Date>,
}

impl Appointments {
    /// Counts the appointments that start on some days, of those that the caller may read one by one.
    ///
    /// Days are those of the doctor who asks, or else of the default zone.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](Error::Forbidden) for those who have no appointments to look at,
    /// [`Invalid`](Error::Invalid) for days that are none, or too many.
    pub async fn statistics(
        &self,
        call: &Call,
        command: CountAppointments,
    ) -> Result<AppointmentStatistics> {
        let now = self.ports.clock.now();
        let actor = *call.actor();

        call.may(Action::ListAppointments, Relations::NONE, Subject::NONE)?;

        let queries = self.ports.store.queries();
        let own = match actor.doctor.filter(|_| actor.role == Role::Doctor) {
            Some(doctor) => queries.doctors().time_zone(doctor).await?,
            None => None,
        };
        let zone = own.unwrap_or_else(|| self.settings.default_time_zone.clone());
        let (named, days) = command.days(&zone, now)?;
        let reach = reach(actor.role, Action::ReadAppointment);
        let counts = queries.appointments().count(&actor, &reach, &days).await?;

        call.touches(actor.patient.filter(|_| actor.role == Role::Patient));
        Ok(AppointmentStatistics::of(named, &zone, &days, &counts))
    }
}

impl CountAppointments {
    fn days(self, zone: &Zone, now: Timestamp) -> Result<(CountedDays, Vec<CountedDay>)> {
        // Whoever names one end only has named the wrong one.
        let field = if self.to.is_some() { "to" } else { "from" };
        let wrong = |error: &dyn Display| Error::Invalid(FieldErrors::of(field, error));
        let today = zone.day_of(now).map_err(|error| wrong(&error))?;
        let days = CountedDays::new(self.from, self.to, today).map_err(|error| wrong(&error))?;
        let of_zone = days.of_zone(zone).map_err(|error| wrong(&error))?;
        Ok((days, of_zone))
    }
}

/// What there is to say of the appointments of some days.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AppointmentStatistics {
    /// The first day.
    #[cfg_attr(feature = "schema", schema(example = "2030-01-01"))]
    pub from: Date,
    /// The last day.
    #[cfg_attr(feature = "schema", schema(example = "2030-01-30"))]
    pub to: Date,
    /// The time zone of these days: that of the doctor who asks, or else of the installation.
    #[cfg_attr(feature = "schema", schema(example = "Europe/Berlin"))]
    pub time_zone: String,
    /// How many appointments start on them.
    #[cfg_attr(feature = "schema", schema(example = 42))]
    pub total: u64,
    /// How many of each status.
    pub by_status: StatusTotals,
    /// How many on each day.
    pub by_day: Vec<DayTotal>,
    /// How many took place, of those that are over (completed, cancelled or missed); null if none is.
    #[cfg_attr(feature = "schema", schema(required = true, example = 0.75))]
    pub completion_rate: Option<f64>,
    /// How many of those were called off.
    #[cfg_attr(feature = "schema", schema(required = true, example = 0.2))]
    pub cancellation_rate: Option<f64>,
    /// To how many of those the patient did not come.
    #[cfg_attr(feature = "schema", schema(required = true, example = 0.05))]
    pub no_show_rate: Option<f64>,
    /// How many minutes before their start they were booked, on average; those that were entered
    /// after it do not count.
    #[cfg_attr(feature = "schema", schema(required = true, example = 4320))]
    pub average_lead_minutes: Option<u64>,
}

/// How many appointments there are of each status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StatusTotals {
    /// Booked.
    #[cfg_attr(feature = "schema", schema(example = 1))]
    pub scheduled: u64,
    /// Booked, and the practice has said yes.
    #[cfg_attr(feature = "schema", schema(example = 1))]
    pub confirmed: u64,
    /// The patient is there.
    #[cfg_attr(feature = "schema", schema(example = 0))]
    pub checked_in: u64,
    /// The doctor sees the patient.
    #[cfg_attr(feature = "schema", schema(example = 0))]
    pub in_progress: u64,
    /// They took place.
    #[cfg_attr(feature = "schema", schema(example = 30))]
    pub completed: u64,
    /// Somebody called them off.
    #[cfg_attr(feature = "schema", schema(example = 8))]
    pub cancelled: u64,
    /// The patient did not come.
    #[cfg_attr(feature = "schema", schema(example = 2))]
    pub no_show: u64,
}

/// How many appointments start on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DayTotal {
    /// The day.
    #[cfg_attr(feature = "schema", schema(example = "2030-01-07"))]
    pub date: Date,
    /// How many.
    #[cfg_attr(feature = "schema", schema(example = 3))]
    pub total: u64,
}

impl AppointmentStatistics {
    fn of(
        named: CountedDays,
        zone: &Zone,
        days: &[CountedDay],
        counts: &[AppointmentCount],
    ) -> Self {
        let mut tally = StatusTally::default();
        let mut by_day: BTreeMap<Timestamp, u64> = BTreeMap::new();
        let (mut ahead, mut lead) = (0_u64, 0_u64);
        for count in counts {
            tally.add(count.status, count.count);
            let of_day = by_day.entry(count.day).or_default();
            *of_day = of_day.saturating_add(count.count);
            ahead = ahead.saturating_add(count.ahead);
            lead = lead.saturating_add(count.lead);
        }
        let of_day = |day: &CountedDay| DayTotal {
            date: day.date,
            total: by_day.get(&day.time.starts_at()).copied().unwrap_or_default(),
        };
        Self {
            from: named.first(),
            to: named.last(),
            time_zone: zone.name().to_owned(),
            total: tally.total(),
            by_status: StatusTotals {
                scheduled: tally.of(AppointmentStatus::Scheduled),
                confirmed: tally.of(AppointmentStatus::Confirmed),
                checked_in: tally.of(AppointmentStatus::CheckedIn),
                in_progress: tally.of(AppointmentStatus::InProgress),
                completed: tally.of(AppointmentStatus::Completed),
                cancelled: tally.of(AppointmentStatus::Cancelled),
                no_show: tally.of(AppointmentStatus::NoShow),
            },
            by_day: days.iter().map(of_day).collect(),
            completion_rate: tally.share(AppointmentStatus::Completed),
            cancellation_rate: tally.share(AppointmentStatus::Cancelled),
            no_show_rate: tally.share(AppointmentStatus::NoShow),
            average_lead_minutes: lead.checked_div(ahead).map(|seconds| seconds / 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::policy::{Reach, Relation};

    use super::*;
    use crate::testing::{FakeClinic, Trail, a_caller, a_patient, at, day};

    async fn count(
        clinic: FakeClinic,
        role: Role,
        command: CountAppointments,
    ) -> (Result<AppointmentStatistics>, Trail) {
        clinic
            .perform(a_caller(role), async |app, call| {
                app.appointments.statistics(call, command).await
            })
            .await
    }

    fn counted(day: &str, status: AppointmentStatus, count: u64) -> AppointmentCount {
        AppointmentCount { day: at(day), status, count, ahead: count, lead: 3600 * count }
    }

    #[tokio::test]
    async fn counts_are_put_together_by_day_and_by_status() {
        let mut clinic = FakeClinic::default();
        clinic.queries.appointments.expect_count().times(1).returning(|_, _, _| {
            Ok(vec![
                counted("2030-01-06T00:00:00Z", AppointmentStatus::Completed, 3),
                counted("2030-01-06T00:00:00Z", AppointmentStatus::Scheduled, 2),
                AppointmentCount {
                    ahead: 0,
                    lead: 0,
                    ..counted("2030-01-08T00:00:00Z", AppointmentStatus::NoShow, 1)
                },
            ])
        });
        let command = CountAppointments { from: day("2030-01-06"), to: day("2030-01-08") };

        let (statistics, trail) = count(clinic, Role::Admin, command).await;

        let statistics = statistics.ok().unwrap();
        assert_eq!(statistics.total, 6);
        assert_eq!((statistics.by_status.completed, statistics.by_status.no_show), (3, 1));
        let by_day: Vec<_> = statistics.by_day.iter().map(|day| day.total).collect();
        assert_eq!(by_day, [5, 0, 1]);
        assert_eq!(statistics.completion_rate, Some(0.75));
        assert_eq!(statistics.cancellation_rate, Some(0.0));
        assert_eq!(statistics.average_lead_minutes, Some(60));
        let entry = &trail.recorded()[0];
        assert_eq!((entry.action, entry.outcome), (Action::ListAppointments, Outcome::Done));
        assert_eq!(entry.patient, None);
    }

    #[tokio::test]
    async fn nothing_has_no_rates_and_no_average() {
        let mut clinic = FakeClinic::default();
        clinic.queries.appointments.expect_count().returning(|_, _, _| Ok(Vec::new()));

        let (statistics, trail) = count(clinic, Role::Patient, CountAppointments::default()).await;

        let statistics = statistics.ok().unwrap();
        assert_eq!((statistics.total, statistics.by_day.len()), (0, 30));
        assert_eq!((statistics.completion_rate, statistics.average_lead_minutes), (None, None));
        assert_eq!(trail.recorded()[0].patient, Some(a_patient().id));
    }

    #[tokio::test]
    async fn a_count_reaches_as_far_as_the_role_does() {
        for (role, within) in [
            (Role::Admin, Reach::Everything),
            (Role::Coordinator, Reach::Within(vec![Relation::Creator])),
            (Role::Patient, Reach::Within(vec![Relation::SelfRecord])),
        ] {
            let mut clinic = FakeClinic::default();
            let counting = clinic.queries.appointments.expect_count();
            counting
                .withf(move |actor, reach, _| actor.role == role && *reach == within)
                .times(1)
                .returning(|_, _, _| Ok(Vec::new()));

            let (statistics, _) = count(clinic, role, CountAppointments::default()).await;

            assert!(statistics.is_ok(), "{role}");
        }
    }

    #[tokio::test]
    async fn days_are_those_of_the_doctor_who_asks() {
        let mut clinic = FakeClinic::default();
        let zone = || Zone::parse("Pacific/Auckland").unwrap();
        clinic.queries.doctors.expect_time_zone().returning(move |_| Ok(Some(zone())));
        let counting = clinic.queries.appointments.expect_count();
        // It is the 7th there already.
        counting
            .withf(|_, reach, days| {
                *reach == Reach::Within(vec![Relation::Own])
                    && days.last().unwrap().time.starts_at() == at("2030-01-06T11:00:00Z")
            })
            .times(1)
            .returning(|_, _, _| Ok(Vec::new()));

        let (statistics, _) = count(clinic, Role::Doctor, CountAppointments::default()).await;

        let statistics = statistics.ok().unwrap();
        assert_eq!(statistics.to.to_string(), "2030-01-07");
        assert_eq!(statistics.time_zone, "Pacific/Auckland");
    }

    #[tokio::test]
    async fn days_that_are_none_or_too_many_are_wrong_fields() {
        for (from, to, field) in [
            ("2030-01-02", "2030-01-01", "to"),
            ("2030-01-01", "2031-01-02", "to"),
            ("2199-12-31", "2199-12-31", "to"),
        ] {
            let command = CountAppointments { from: day(from), to: day(to) };

            let (refused, _) = count(FakeClinic::default(), Role::Admin, command).await;

            let Err(Error::Invalid(errors)) = refused else { panic!("{from} to {to} was counted") };
            assert!(errors.by_field().contains_key(field), "{from} to {to}");
        }
    }

    #[tokio::test]
    async fn pharmacies_have_nothing_to_count() {
        let command = CountAppointments::default();

        let (refused, trail) = count(FakeClinic::default(), Role::Pharmacy, command).await;

        assert!(matches!(refused, Err(Error::Forbidden(Action::ListAppointments))));
        assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
    }
}
