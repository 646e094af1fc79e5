//! Looking at the day.

use medilink_domain::actor::Relations;
use medilink_domain::policy::Action;
use medilink_domain::time::{TimeError, Timestamp};
use medilink_domain::user::Role;
use medilink_domain::zone::Zone;

use super::{AppointmentSelection, AppointmentView, Appointments, ZoneDay};
use crate::call::{Call, Subject};
use crate::error::{Result, StoreError};
use crate::page::{List, Page, PageRequest};

impl Appointments {
    /// Returns a page of the appointments that start today, the earliest first, of those that the
    /// caller may read one by one. Today is the day that it is where the doctor of each appointment is.
    ///
    /// # Errors
    ///
    /// Those of [`list`](Self::list).
    pub async fn today(&self, call: &Call, page: PageRequest) -> Result<Page<AppointmentView>> {
        let now = self.ports.clock.now();
        let actor = *call.actor();

        call.may(Action::ListAppointments, Relations::NONE, Subject::NONE)?;

        let queries = self.ports.store.queries();
        // Nobody but themself is the doctor of a doctor's appointments.
        let own = actor.doctor.filter(|_| actor.role == Role::Doctor);
        let zones = match own {
            Some(doctor) => {
                let zone = queries.doctors().time_zone(doctor).await?;
                vec![zone.unwrap_or_else(|| self.settings.default_time_zone.clone())]
            }
            None => queries.doctors().time_zones().await?,
        };
        let days = days(zones, now).map_err(|error| StoreError::Failed(Box::new(error)))?;

        let selection = AppointmentSelection {
            from: days.iter().map(|it| it.time.starts_at()).min().or(Some(now)),
            to: days.iter().map(|it| it.time.ends_at()).max().or(Some(now)),
            // It is the same day for all doctors most of the time, and nothing has to be compared.
            days: if days.len() == 1 { Vec::new() } else { days },
            ..AppointmentSelection::of(actor)
        };
        self.page(call, List::AppointmentsOfToday, &page, &selection).await
    }
}

/// Returns the day that it is in each zone, once for those in which it is the same.
fn days(zones: Vec<Zone>, now: Timestamp) -> Result<Vec<ZoneDay>, TimeError> {
    let mut days: Vec<ZoneDay> = Vec::new();
    for zone in zones {
        let time = zone.day_around(now)?;
        match days.iter_mut().find(|day| day.time == time) {
            Some(day) => day.zones.push(zone),
            None => days.push(ZoneDay { zones: vec![zone], time }),
        }
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;

    use super::*;
    use crate::error::Error;
    use crate::testing::{FakeClinic, Trail, a_caller, a_doctor, at};

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    async fn today(clinic: FakeClinic, role: Role) -> (Result<Page<AppointmentView>>, Trail) {
        clinic
            .perform(a_caller(role), async |app, call| {
                app.appointments.today(call, PageRequest::default()).await
            })
            .await
    }

    // It is noon in Greenwich: the 7th in Auckland, and the 6th elsewhere.
    const FIRST_OF_AUCKLAND: &str = "2030-01-06T11:00:00Z";

    #[tokio::test]
    async fn a_doctors_day_is_that_of_their_zone() {
        let mut clinic = FakeClinic::asked_for_appointments(|selection, _| {
            (selection.from, selection.to)
                == (Some(at(FIRST_OF_AUCKLAND)), Some(at("2030-01-07T11:00:00Z")))
                && selection.days.is_empty()
        });
        let of_themself = clinic.queries.doctors.expect_time_zone();
        of_themself
            .withf(|doctor| *doctor == a_doctor().id)
            .returning(|_| Ok(Some(zone("Pacific/Auckland"))));

        let (listed, trail) = today(clinic, Role::Doctor).await;

        assert!(listed.is_ok());
        assert_eq!(trail.recorded()[0].action, Action::ListAppointments);
    }

    #[tokio::test]
    async fn the_day_of_others_is_that_of_each_doctor() {
        for role in [Role::Admin, Role::Coordinator, Role::Patient] {
            let mut clinic = FakeClinic::asked_for_appointments(|selection, _| {
                let zones = |names: &[&str]| names.iter().map(|it| zone(it)).collect::<Vec<_>>();
                let days: Vec<_> = selection.days.iter().map(|it| it.zones.clone()).collect();
                days == [zones(&["Europe/Berlin", "Europe/Paris"]), zones(&["Pacific/Auckland"])]
                    && selection.from == Some(at("2030-01-05T23:00:00Z"))
                    && selection.to == Some(at("2030-01-07T11:00:00Z"))
                    && selection.days[1].time.starts_at() == at(FIRST_OF_AUCKLAND)
            });
            let names = ["Europe/Berlin", "Pacific/Auckland", "Europe/Paris"];
            let all = clinic.queries.doctors.expect_time_zones();
            all.returning(move || Ok(names.iter().map(|it| zone(it)).collect()));

            let (listed, _) = today(clinic, role).await;

            assert!(listed.is_ok(), "{role}");
        }
    }

    #[tokio::test]
    async fn a_day_that_is_the_same_everywhere_is_a_range() {
        let mut clinic = FakeClinic::asked_for_appointments(|selection, _| {
            selection.days.is_empty()
                && selection.from == Some(at("2030-01-05T23:00:00Z"))
                && selection.to == Some(at("2030-01-06T23:00:00Z"))
        });
        let all = clinic.queries.doctors.expect_time_zones();
        all.returning(|| Ok(vec![zone("Europe/Berlin"), zone("Europe/Paris")]));

        let (listed, _) = today(clinic, Role::Admin).await;

        assert!(listed.is_ok());
    }

    #[tokio::test]
    async fn where_there_are_no_doctors_there_is_nothing_today() {
        let mut clinic = FakeClinic::asked_for_appointments(|selection, _| {
            selection.from.is_some() && selection.from == selection.to
        });
        clinic.queries.doctors.expect_time_zones().returning(|| Ok(Vec::new()));

        let (listed, _) = today(clinic, Role::Admin).await;

        assert!(listed.is_ok());
    }

    #[tokio::test]
    async fn pharmacies_have_no_day_to_look_at() {
        let (refused, trail) = today(FakeClinic::default(), Role::Pharmacy).await;

        assert!(matches!(refused, Err(Error::Forbidden(Action::ListAppointments))));
        assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
    }
}
