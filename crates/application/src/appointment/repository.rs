//! What the store must do with appointments.

use async_trait::async_trait;
use medilink_domain::actor::Actor;
use medilink_domain::appointment::{
    Appointment, AppointmentChange, AppointmentOrder, AppointmentStatus,
};
use medilink_domain::id::{AppointmentId, DoctorId, PatientId};
use medilink_domain::period::Period;
use medilink_domain::policy::{Action, Reach, reach};
use medilink_domain::statistics::CountedDay;
use medilink_domain::time::Timestamp;
use medilink_domain::zone::Zone;

use super::view::{AppointmentChangeView, AppointmentView};
use crate::error::StoreError;
use crate::page::{Found, Stretch};

/// The appointments of the clinic, within a unit of work.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AppointmentRepository: Send {
    /// Returns the appointment, or `None` if there is none by that id.
    async fn find(&mut self, id: AppointmentId) -> Result<Option<Appointment>, StoreError>;

    /// Returns the appointment and keeps it from others until the unit of work ends, or returns
    /// `None` if there is none by that id.
    async fn lock(&mut self, id: AppointmentId) -> Result<Option<Appointment>, StoreError>;

    /// Counts the active appointments of a patient.
    async fn active_of_patient(&mut self, patient: PatientId) -> Result<u64, StoreError>;

    /// Tells whether an active appointment of the doctor overlaps a time.
    async fn is_booked(&mut self, doctor: DoctorId, time: Period) -> Result<bool, StoreError> {
        Ok(!self.booked(doctor, time.starts_at(), time.ends_at()).await?.is_empty())
    }

    /// Returns when active appointments of the doctor are that overlap the time between two
    /// instants, the earliest first.
    async fn booked(
        &mut self,
        doctor: DoctorId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Period>, StoreError>;

    /// Counts the active appointments of a doctor.
    async fn active_of_doctor(&mut self, doctor: DoctorId) -> Result<u64, StoreError>;

    /// Adds a new appointment, with the first line of its history.
    ///
    /// MUST fail with [`StoreError::Conflict`] of
    /// [`DoctorDoubleBooked`](crate::error::Conflict::DoctorDoubleBooked) if another active
    /// appointment of the doctor overlaps, else of
    /// [`PatientDoubleBooked`](crate::error::Conflict::PatientDoubleBooked) if one of the patient
    /// does.
    async fn insert(
        &mut self,
        appointment: &Appointment,
        change: &AppointmentChange,
    ) -> Result<(), StoreError>;

    /// Replaces the stored appointment, and adds to its history.
    ///
    /// MUST fail with [`StoreError::Stale`] if it changed since it was read, and like `insert` if
    /// it would overlap.
    async fn update(
        &mut self,
        appointment: &Appointment,
        change: &AppointmentChange,
    ) -> Result<(), StoreError>;

    /// Replaces what the stored appointment says, which is no line of its history.
    ///
    /// MUST fail with [`StoreError::Stale`] if it changed since it was read.
    async fn describe(&mut self, appointment: &Appointment) -> Result<(), StoreError>;
}

/// Which appointments a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentSelection {
    /// Who looks.
    pub actor: Actor,
    /// How far they may see.
    pub reach: Reach,
    /// Of this doctor only.
    pub doctor: Option<DoctorId>,
    /// Of this patient only.
    pub patient: Option<PatientId>,
    /// In this status only.
    pub status: Option<AppointmentStatus>,
    /// Those alone that take up time.
    pub active: bool,
    /// Starting at this instant or later.
    pub from: Option<Timestamp>,
    /// Starting before this instant.
    pub to: Option<Timestamp>,
    /// On the day that it is where the doctor is; empty if any day will do.
    pub days: Vec<ZoneDay>,
    /// In which order.
    pub order: AppointmentOrder,
}

/// A day, as it is in some time zones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneDay {
    /// The zones.
    pub zones: Vec<Zone>,
    /// From when to when it is there.
    pub time: Period,
}

impl AppointmentSelection {
    /// Selects everything that somebody may read one by one, the earliest first.
    pub fn of(actor: Actor) -> Self {
        Self {
            actor,
            reach: reach(actor.role, Action::ReadAppointment),
            doctor: None,
            patient: None,
            status: None,
            active: false,
            from: None,
            to: None,
            days: Vec::new(),
            order: AppointmentOrder::Earliest,
        }
    }
}

/// Some appointments of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppointmentCount {
    /// The first instant of the day.
    pub day: Timestamp,
    /// What they have in common.
    pub status: AppointmentStatus,
    /// How many there are.
    pub count: u64,
    /// How many of them were booked before they started.
    pub ahead: u64,
    /// How long before, in seconds, all of these together.
    pub lead: u64,
}

/// The appointments of the clinic, read without a transaction.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AppointmentQueries: Send + Sync {
    /// Returns the appointment, or `None` if there is none by that id.
    async fn find(&self, id: AppointmentId) -> Result<Option<AppointmentView>, StoreError>;

    /// Returns the active appointments of a doctor that overlap a time, the earliest first, and when
    /// each is.
    async fn booked_of_doctor(
        &self,
        doctor: DoctorId,
        time: Period,
    ) -> Result<Vec<(AppointmentId, Period)>, StoreError>;

    /// Does what `booked_of_doctor` does, for a patient.
    async fn booked_of_patient(
        &self,
        patient: PatientId,
        time: Period,
    ) -> Result<Vec<(AppointmentId, Period)>, StoreError>;

    /// Returns the history of an appointment, the booking first.
    async fn history(&self, id: AppointmentId) -> Result<Vec<AppointmentChangeView>, StoreError>;

    /// Returns a stretch of the appointments that are selected.
    ///
    /// MUST return none that is out of reach.
    async fn list(
        &self,
        selection: &AppointmentSelection,
        stretch: &Stretch,
    ) -> Result<Found<AppointmentView>, StoreError>;

    /// Counts the appointments that start on some days, by day and status.
    ///
    /// MUST count none that is out of reach.
    async fn count(
        &self,
        actor: &Actor,
        reach: &Reach,
        days: &[CountedDay],
    ) -> Result<Vec<AppointmentCount>, StoreError>;
}
