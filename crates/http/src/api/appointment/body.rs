//! What is sent of an appointment.

use medilink_application::appointment::{BookAppointment, NewTime, RescheduleAppointment};
use medilink_application::call::Expected;
use medilink_application::error::FieldErrors;
use medilink_application::{Error, Result};
use medilink_domain::appointment::{AppointmentChanges, Booking};
use medilink_domain::id::{AppointmentId, DoctorId, PatientId};
use medilink_domain::period::BookableTime;
use medilink_domain::text::{AppointmentNotes, Reason};
use medilink_domain::time::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::field::{Field, Rest, read};

/// What to send to book. The time is `starts_at` with `ends_at`, or with `duration_minutes`.
#[derive(Deserialize, ToSchema)]
pub(super) struct BookAppointmentBody {
    /// Whose time.
    #[serde(default)]
    #[schema(value_type = DoctorId, required = true)]
    doctor_id: Field<String>,
    /// For whom.
    #[serde(default)]
    #[schema(value_type = PatientId, required = true)]
    patient_id: Field<String>,
    /// From when.
    #[serde(default)]
    #[schema(value_type = Timestamp, required = true)]
    starts_at: Field<String>,
    /// Until when.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    ends_at: Field<String>,
    /// Or for how long: 5 to 720 minutes; 30 unless named.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 5, maximum = 720)]
    duration_minutes: Field<i64>,
    /// Why the patient comes, in up to 500 characters.
    #[serde(default)]
    #[schema(value_type = Option<Reason>)]
    reason: Field<String>,
    /// What else there is to know, in up to 5,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<AppointmentNotes>)]
    notes: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to change what an appointment says. Its time is moved by **Reschedule an
/// appointment**, its status by an operation for each change.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeAppointmentBody {
    /// Why the patient comes, in up to 500 characters; `null` takes it away.
    #[serde(default)]
    #[schema(value_type = Option<Reason>)]
    reason: Field<String>,
    /// What else there is to know, in up to 5,000 characters; `null` takes it away.
    #[serde(default)]
    #[schema(value_type = Option<AppointmentNotes>)]
    notes: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to move an appointment. It keeps its length unless `ends_at` or `duration_minutes`
/// says otherwise.
#[derive(Deserialize, ToSchema)]
pub(super) struct RescheduleAppointmentBody {
    /// From when.
    #[serde(default)]
    #[schema(value_type = Timestamp, required = true)]
    starts_at: Field<String>,
    /// Until when.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    ends_at: Field<String>,
    /// Or for how long: 5 to 720 minutes.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 5, maximum = 720)]
    duration_minutes: Field<i64>,
    /// Why, in up to 500 characters.
    #[serde(default)]
    #[schema(value_type = Option<Reason>)]
    reason: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to cancel, or when a patient did not come; it may be left out altogether.
#[derive(Deserialize, ToSchema)]
pub(super) struct ReasonBody {
    /// Why, in up to 500 characters.
    #[serde(default)]
    #[schema(value_type = Option<Reason>)]
    reason: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

impl BookAppointmentBody {
    pub(super) fn command(self) -> Result<BookAppointment> {
        let mut errors = FieldErrors::default();
        let doctor = read!(self.doctor_id.required(&mut errors, str::parse));
        let patient = read!(self.patient_id.required(&mut errors, str::parse));
        let time = time(self.starts_at, self.ends_at, self.duration_minutes, &mut errors);
        let reason = read!(self.reason.text(&mut errors, Reason::parse));
        let notes = read!(self.notes.text(&mut errors, AppointmentNotes::parse));
        self.unknown.refuse(&mut errors);

        let (Some(doctor), Some(patient), Some(time)) = (doctor, patient, time) else {
            return Err(Error::Invalid(errors));
        };
        errors.check()?;
        Ok(BookAppointment { doctor, patient, booking: Booking { time, reason, notes } })
    }
}

/// Reads a time from its start and either its end or its length.
fn time(
    starts_at: Field<String>,
    ends_at: Field<String>,
    duration_minutes: Field<i64>,
    errors: &mut FieldErrors,
) -> Option<BookableTime> {
    let starts_at = read!(starts_at.required(errors, Timestamp::parse));
    let both = matches!((&ends_at, &duration_minutes), (Field::Given(_), Field::Given(_)));
    if both {
        errors.add("duration_minutes", "give either this or ends_at");
    }
    let names_end = !ends_at.is_missing();
    let ends_at = read!(ends_at.optional(errors, Timestamp::parse));
    let names_length = !duration_minutes.is_missing();
    // Whatever the start, so that a wrong one does not hide a wrong length.
    let minutes = read!(duration_minutes.optional(errors, BookableTime::minutes));

    let starts_at = starts_at?;
    if names_end {
        return BookableTime::between(starts_at, ends_at?)
            .map_err(|error| errors.add("ends_at", error))
            .ok();
    }
    let minutes = if names_length { minutes? } else { BookableTime::DEFAULT_MINUTES };
    BookableTime::lasting(starts_at, minutes)
        .map_err(|error| errors.add("duration_minutes", error))
        .ok()
}

impl ReasonBody {
    pub(super) fn reason(self) -> Result<Option<Reason>> {
        let mut errors = FieldErrors::default();
        let reason = read!(self.reason.text(&mut errors, Reason::parse));
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(reason)
    }
}

impl ChangeAppointmentBody {
    pub(super) fn changes(self) -> Result<AppointmentChanges> {
        let mut errors = FieldErrors::default();
        let changes = AppointmentChanges {
            reason: read!(self.reason.change_text(&mut errors, Reason::parse)),
            notes: read!(self.notes.change_text(&mut errors, AppointmentNotes::parse)),
        };
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(changes)
    }
}

impl RescheduleAppointmentBody {
    pub(super) fn command(
        self,
        id: AppointmentId,
        expected: Expected,
    ) -> Result<RescheduleAppointment> {
        let mut errors = FieldErrors::default();
        let keeps_length = self.ends_at.is_missing() && self.duration_minutes.is_missing();
        let to = if keeps_length {
            read!(self.starts_at.required(&mut errors, Timestamp::parse)).map(NewTime::From)
        } else {
            time(self.starts_at, self.ends_at, self.duration_minutes, &mut errors)
                .map(NewTime::Exactly)
        };
        let reason = read!(self.reason.text(&mut errors, Reason::parse));
        self.unknown.refuse(&mut errors);

        let Some(to) = to else { return Err(Error::Invalid(errors)) };
        errors.check()?;
        Ok(RescheduleAppointment { id, to, reason, expected })
    }
}
