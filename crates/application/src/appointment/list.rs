//! Looking through the appointments.

use chrono::TimeDelta;
use medilink_domain::appointment::AppointmentStatus;
use medilink_domain::choice::ChoiceError;
use medilink_domain::id::{DoctorId, PatientId};
use medilink_domain::policy::{Action, Relations, reach};
use medilink_domain::time::{Date, TimeError, Timestamp, Zone};

use super::{AppointmentSelection, AppointmentView, Appointments};
use crate::call::{Call, Subject};
use crate::error::{Error, FieldErrors, Result};
use crate::page::{Page, PageRequest};

/// The order of a list of appointments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AppointmentOrder {
    /// The earliest start first.
    #[default]
    Earliest,
    /// The latest start first.
    Latest,
}

impl AppointmentOrder {
    /// Reads an order: `starts_at`, or `-starts_at` for the latest first.
    ///
    /// # Errors
    ///
    /// The list of orders, if it is none of them.
    pub fn parse(raw: &str) -> Result<Self, ChoiceError> {
        match raw {
            "starts_at" => Ok(Self::Earliest),
            "-starts_at" => Ok(Self::Latest),
            _ => Err(ChoiceError::new(&["starts_at", "-starts_at"])),
        }
    }

    /// Names the list in this order, for its cursors.
    const fn list(self) -> &'static str {
        match self {
            Self::Earliest => "appointments by starts_at",
            Self::Latest => "appointments by -starts_at",
        }
    }
}

/// One end of a range of time, as a filter names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// An instant.
    At(Timestamp),
    /// A day, in the doctor's zone if the list is one doctor's, else in the default zone.
    Day(Date),
}

impl Bound {
    /// Reads an instant or a day.
    ///
    /// # Errors
    ///
    /// A [`TimeError`] that says which part is impossible.
    pub fn parse(raw: &str) -> Result<Self, TimeError> {
        match Date::parse(raw) {
            Ok(day) => Ok(Self::Day(day)),
            Err(TimeError::NotADate) => Timestamp::parse(raw).map(Self::At),
            Err(error) => Err(error),
        }
    }

    fn first_instant(self, zone: &Zone) -> Result<Timestamp, TimeError> {
        match self {
            Self::At(instant) => Ok(instant),
            Self::Day(day) => zone.start_of(day),
        }
    }

    /// Returns the end of the range: a day belongs to it whole.
    fn end(self, zone: &Zone) -> Result<Timestamp, TimeError> {
        match self {
            Self::At(instant) => Ok(instant),
            Self::Day(day) => {
                let next = day.as_naive() + TimeDelta::days(1);
                zone.start_of(Date::new(next)?)
            }
        }
    }
}

/// Which appointments somebody wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppointmentFilter {
    /// Of this doctor only.
    pub doctor: Option<DoctorId>,
    /// Of this patient only.
    pub patient: Option<PatientId>,
    /// In this status only.
    pub status: Option<AppointmentStatus>,
    /// Starting then or later.
    pub from: Option<Bound>,
    /// Starting before then; a day is included.
    pub to: Option<Bound>,
}

/// What somebody asks for when they look through the appointments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListAppointments {
    /// Which ones.
    pub filter: AppointmentFilter,
    /// In which order.
    pub order: AppointmentOrder,
    /// Which page.
    pub page: PageRequest,
}

impl Appointments {
    /// Returns a page of the appointments that the caller may read one by one.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](crate::Error::Forbidden) for those who have no appointments to look at,
    /// [`Invalid`](crate::Error::Invalid) for a cursor of another list.
    pub async fn list(
        &self,
        call: &Call,
        command: ListAppointments,
    ) -> Result<Page<AppointmentView>> {
        let ListAppointments { filter, order, page } = command;
        let actor = *call.actor();

        let touched = filter.patient.or(actor.patient);
        call.may(Action::ListAppointments, Relations::NONE, Subject::LIST.touching(touched))?;

        let stretch = page.open(order.list(), &*self.ports.cursors)?;
        let zone = self.zone(&filter).await?;
        let selection = AppointmentSelection {
            actor,
            reach: reach(actor.role, Action::ReadAppointment),
            doctor: filter.doctor,
            patient: filter.patient,
            status: filter.status,
            from: instant("from", filter.from, |bound| bound.first_instant(&zone))?,
            to: instant("to", filter.to, |bound| bound.end(&zone))?,
            order,
        };
        let found =
            self.ports.store.queries().appointments().list(&selection, &stretch).await?;

        Ok(found.seal(order.list(), &*self.ports.cursors))
    }

    /// Returns the zone of the days in a filter.
    async fn zone(&self, filter: &AppointmentFilter) -> Result<Zone> {
        let names_a_day = [filter.from, filter.to].iter().any(|end| matches!(end, Some(Bound::Day(_))));
        if let Some(doctor) = filter.doctor.filter(|_| names_a_day)
            && let Some(zone) = self.ports.store.queries().doctors().time_zone(doctor).await?
        {
            return Ok(zone);
        }
        Ok(self.settings.default_time_zone.clone())
    }
}

fn instant(
    field: &str,
    bound: Option<Bound>,
    convert: impl FnOnce(Bound) -> Result<Timestamp, TimeError>,
) -> Result<Option<Timestamp>> {
    bound.map(convert).transpose().map_err(|error| Error::Invalid(FieldErrors::of(field, error)))
}
