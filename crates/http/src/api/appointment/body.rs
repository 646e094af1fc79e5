//! What is sent of an appointment.
//!
//! The parts of a body have no parts of their own: serde would take a field of such a part for an
//! unknown one of the whole.

use medilink_application::appointment::{
    BookAppointment, NewTime, RescheduleAppointment, WantedTime,
};
use medilink_application::call::Expected;
use medilink_application::error::FieldErrors;
use medilink_application::{Error, Result};
use medilink_domain::appointment::AppointmentChanges;
use medilink_domain::id::{AppointmentId, DoctorId, PatientId, TimeSlotId};
use medilink_domain::period::BookableTime;
use medilink_domain::text::{AppointmentNotes, Reason};
use medilink_domain::time::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::field::{Field, Rest, read};

/// What to send to book. The time is that of a time slot, or `starts_at` with `ends_at` or
/// `duration_minutes`.
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
    #[serde(flatten)]
    time: AskedTime,
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

/// When an appointment is to be: a time slot, or a start with an end or a length.
#[derive(Deserialize, ToSchema)]
struct AskedTime {
    /// At the time of this slot of the doctor, all of it.
    #[serde(default)]
    #[schema(value_type = Option<TimeSlotId>)]
    time_slot_id: Field<String>,
    /// Or from when.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    starts_at: Field<String>,
    /// Until when.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    ends_at: Field<String>,
    /// Or for how long: 5 to 720 minutes. Unless named, a new appointment lasts 30, and one that is
    /// moved as long as before.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 5, maximum = 720)]
    duration_minutes: Field<i64>,
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

/// What to send to move an appointment: to a time slot, of which it then takes all, or to
/// `starts_at`. There it keeps its length unless `ends_at` or `duration_minutes` says otherwise.
#[derive(Deserialize, ToSchema)]
pub(super) struct RescheduleAppointmentBody {
    #[serde(flatten)]
    time: AskedTime,
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
        let time = self.time.read(&mut errors);
        let reason = read!(self.reason.text(&mut errors, Reason::parse));
        let notes = read!(self.notes.text(&mut errors, AppointmentNotes::parse));
        self.unknown.refuse(&mut errors);

        let (Some(doctor), Some(patient), Some(time)) = (doctor, patient, time) else {
            return Err(Error::Invalid(errors));
        };
        errors.check()?;
        Ok(BookAppointment { doctor, patient, time, reason, notes })
    }
}

impl AskedTime {
    /// Reads the time of a booking.
    fn read(self, errors: &mut FieldErrors) -> Option<WantedTime> {
        if !self.time_slot_id.is_missing() {
            return self.slot(errors).map(WantedTime::OfSlot);
        }
        self.interval(errors).map(WantedTime::Exactly)
    }

    /// Reads the time that an appointment is moved to, whose length it has if nothing else is said.
    fn read_new(self, errors: &mut FieldErrors) -> Option<NewTime> {
        let names_a_start_alone = self.time_slot_id.is_missing()
            && self.ends_at.is_missing()
            && self.duration_minutes.is_missing();
        if names_a_start_alone {
            return start(self.starts_at, errors).map(NewTime::From);
        }
        self.read(errors).map(NewTime::Wanted)
    }

    /// Reads the slot, beside which nothing else says when.
    fn slot(self, errors: &mut FieldErrors) -> Option<TimeSlotId> {
        if !self.starts_at.is_missing() {
            errors.add("time_slot_id", "give either this or starts_at");
        }
        let names_end = !self.ends_at.is_missing();
        let names_length = !self.duration_minutes.is_missing();
        for (name, is_there) in [("ends_at", names_end), ("duration_minutes", names_length)] {
            if is_there {
                errors.add(name, "leave this out: an appointment takes all of a time slot");
            }
        }
        // What cannot be read is named too, so that nobody has to ask twice.
        let _ = read!(self.starts_at.optional(errors, Timestamp::parse));
        let _ = read!(self.ends_at.optional(errors, Timestamp::parse));
        let _ = read!(self.duration_minutes.optional(errors, BookableTime::minutes));
        read!(self.time_slot_id.optional(errors, str::parse))
    }

    /// Reads a time from its start and either its end or its length.
    fn interval(self, errors: &mut FieldErrors) -> Option<BookableTime> {
        let Self { starts_at, ends_at, duration_minutes, .. } = self;
        let both = matches!((&ends_at, &duration_minutes), (Field::Given(_), Field::Given(_)));
        if both {
            errors.add("duration_minutes", "give either this or ends_at");
        }
        let names_end = !ends_at.is_missing();
        let names_length = !duration_minutes.is_missing();
        let ends_at = read!(ends_at.optional(errors, Timestamp::parse));
        // Whatever the start, so that a wrong one does not hide a wrong length.
        let minutes = read!(duration_minutes.optional(errors, BookableTime::minutes));

        let starts_at = start(starts_at, errors)?;
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
}

/// Reads the start, which there has to be without a slot.
fn start(starts_at: Field<String>, errors: &mut FieldErrors) -> Option<Timestamp> {
    if starts_at.is_missing() {
        errors.add("starts_at", "give this, or time_slot_id");
    }
    read!(starts_at.optional(errors, Timestamp::parse))
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
        let to = self.time.read_new(&mut errors);
        let reason = read!(self.reason.text(&mut errors, Reason::parse));
        self.unknown.refuse(&mut errors);

        let Some(to) = to else { return Err(Error::Invalid(errors)) };
        errors.check()?;
        Ok(RescheduleAppointment { id, to, reason, expected })
    }
}
