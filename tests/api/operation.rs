//! The operations of the API, each with what makes a request valid.

use medilink_domain::policy::Action;
use serde_json::{Value, json};

use super::cast::Cast;

/// Everything that asks for somebody signed in, but for what they do to their own sessions. A row
/// says what the policy table calls it, what its path names, and which body makes it valid. An
/// operation has several rows if it can be about different things, or if a filter asks for more.
pub(super) const OPERATIONS: &[Operation] = &[
    row("delete /api/v1/assignments/{id}", Action::EndAssignment, About::Assignment, no_body),
    row("delete /api/v1/auth/sessions/{id}", Action::EndSession, About::Session, no_body),
    row("delete /api/v1/doctors/{id}", Action::ArchiveDoctor, About::Entry, no_body),
    row("delete /api/v1/users/{id}/sessions", Action::EndSession, About::User, no_body),
    row(
        "delete /api/v1/patients/{id}",
        Action::ArchivePatient,
        About::PatientWithoutPlans,
        no_body,
    ),
    row("get /api/v1/appointments", Action::ListAppointments, About::Nothing, no_body),
    row("get /api/v1/appointments/statistics", Action::ListAppointments, About::Nothing, no_body),
    row("get /api/v1/appointments/today", Action::ListAppointments, About::Nothing, no_body),
    row("get /api/v1/appointments/upcoming", Action::ListAppointments, About::Nothing, no_body),
    row("get /api/v1/appointments/{id}", Action::ReadAppointment, About::Appointment, no_body),
    row(
        "get /api/v1/appointments/{id}/history",
        Action::ReadAppointment,
        About::Appointment,
        no_body,
    ),
    row("get /api/v1/assignments", Action::ListAssignments, About::Nothing, no_body),
    row("get /api/v1/assignments/{id}", Action::ReadAssignment, About::Assignment, no_body),
    row("get /api/v1/audit", Action::ReadAudit, About::Nothing, no_body),
    row("get /api/v1/auth/me", Action::ReadOwnAccount, About::Nothing, no_body),
    row("get /api/v1/doctors", Action::ListDoctors, About::Nothing, no_body),
    row("get /api/v1/doctors?archived=true", Action::RestoreDoctor, About::Nothing, no_body),
    row("get /api/v1/doctors/{id}", Action::ReadDoctor, About::Doctor, no_body),
    row("get /api/v1/doctors/{id}/availability", Action::ReadDoctor, About::Doctor, no_body),
    row("get /api/v1/patients", Action::ListPatients, About::Nothing, no_body),
    row(
        "get /api/v1/patients?archived=true",
        Action::ListArchivedPatients,
        About::Nothing,
        no_body,
    ),
    row("get /api/v1/patients/{id}", Action::ReadPatient, About::Patient, no_body),
    row("get /api/v1/patients/{id}/access-log", Action::ReadAccessLog, About::Patient, no_body),
    row("get /api/v1/patients/{id}/appointments", Action::ReadPatient, About::Patient, no_body),
    row("get /api/v1/patients/{id}/doctors", Action::ReadAssignment, About::Patient, no_body),
    row("get /api/v1/pharmacies", Action::ListPharmacies, About::Nothing, no_body),
    row("get /api/v1/pharmacies/{id}", Action::ReadPharmacy, About::Pharmacy, no_body),
    row("get /api/v1/statistics", Action::ReadStatistics, About::Nothing, no_body),
    row("get /api/v1/time-slots", Action::ListTimeSlots, About::Nothing, no_body),
    row("get /api/v1/time-slots/{id}", Action::ReadTimeSlot, About::TimeSlot, no_body),
    row("delete /api/v1/time-slots/{id}", Action::DeleteTimeSlot, About::TimeSlot, no_body),
    row(
        "patch /api/v1/time-slots/{id}",
        Action::BlockTimeSlot,
        About::TimeSlot,
        |_, _| json!({"blocked": true}),
    ),
    row("post /api/v1/time-slots", Action::PublishTimeSlot, About::Nothing, Cast::slot),
    row("post /api/v1/time-slots/bulk", Action::PublishTimeSlot, About::Nothing, Cast::schedule),
    row("get /api/v1/users", Action::ListUsers, About::Nothing, no_body),
    row("get /api/v1/users/{id}", Action::ReadUser, About::User, no_body),
    row("get /api/v1/users/{id}/sessions", Action::ListSessions, About::User, no_body),
    row(
        "patch /api/v1/appointments/{id}",
        Action::ChangeAppointment,
        About::Appointment,
        |_, _| json!({"notes": "Prefers a morning"}),
    ),
    row(
        "patch /api/v1/assignments/{id}",
        Action::ChangeAssignment,
        About::Assignment,
        |_, _| json!({"is_primary": true}),
    ),
    row("patch /api/v1/auth/me", Action::ChangeOwnAccount, About::Nothing, a_name),
    row("patch /api/v1/doctors/{id}", Action::ChangeDoctor, About::Doctor, a_name),
    row("patch /api/v1/doctors/{id}", Action::ChangeDoctor, About::Entry, a_name),
    row("patch /api/v1/patients/{id}", Action::ChangePatient, About::Patient, a_whole_name),
    row("patch /api/v1/pharmacies/{id}", Action::ChangePharmacy, About::Pharmacy, an_address),
    row("patch /api/v1/pharmacies/{id}", Action::ChangePharmacy, About::PharmacyEntry, an_address),
    row(
        "patch /api/v1/users/{id}",
        Action::ChangeUser,
        About::User,
        |_, _| json!({"role": "coordinator"}),
    ),
    row("post /api/v1/appointments", Action::BookAppointment, About::Nothing, Cast::booking),
    row("post /api/v1/appointments/check", Action::CheckAppointment, About::Nothing, Cast::booking),
    row(
        "post /api/v1/appointments/{id}/cancel",
        Action::CancelAppointment,
        About::Appointment,
        |_, _| json!({"reason": "Because"}),
    ),
    row(
        "post /api/v1/appointments/{id}/check-in",
        Action::CheckInAppointment,
        About::Appointment,
        no_body,
    ),
    row(
        "post /api/v1/appointments/{id}/complete",
        Action::CompleteAppointment,
        About::Appointment,
        no_body,
    ),
    row(
        "post /api/v1/appointments/{id}/confirm",
        Action::ConfirmAppointment,
        About::Appointment,
        no_body,
    ),
    row(
        "post /api/v1/appointments/{id}/no-show",
        Action::MarkNoShow,
        About::BegunAppointment,
        no_body,
    ),
    row(
        "post /api/v1/appointments/{id}/reschedule",
        Action::RescheduleAppointment,
        About::Appointment,
        |cast, _| json!({"starts_at": cast.next_hour("2030-03")}),
    ),
    row(
        "post /api/v1/appointments/{id}/start",
        Action::StartAppointment,
        About::Appointment,
        no_body,
    ),
    row("post /api/v1/assignments", Action::CreateAssignment, About::Nothing, Cast::assignment),
    row("post /api/v1/doctors", Action::CreateDoctor, About::Nothing, Cast::doctor_entry),
    row("post /api/v1/doctors/{id}/restore", Action::RestoreDoctor, About::ArchivedEntry, no_body),
    row("post /api/v1/doctors/{id}/verify", Action::VerifyDoctor, About::Entry, no_body),
    row("post /api/v1/patients", Action::CreatePatient, About::Nothing, a_whole_name),
    row(
        "post /api/v1/patients/{id}/restore",
        Action::RestorePatient,
        About::ArchivedPatient,
        no_body,
    ),
    row("post /api/v1/pharmacies", Action::CreatePharmacy, About::Nothing, Cast::pharmacy_entry),
    row(
        "post /api/v1/pharmacies/{id}/verify",
        Action::VerifyPharmacy,
        About::PharmacyEntry,
        no_body,
    ),
    row("post /api/v1/users", Action::CreateUser, About::Nothing, Cast::newcomer),
    row("post /api/v1/users/{id}/approve", Action::ApproveUser, About::User, no_body),
    row("post /api/v1/users/{id}/disable", Action::DisableUser, About::User, no_body),
    row("post /api/v1/users/{id}/enable", Action::EnableUser, About::DisabledUser, no_body),
    row("put /api/v1/auth/me", Action::ChangeOwnAccount, About::Nothing, a_name),
    row("put /api/v1/doctors/{id}", Action::ChangeDoctor, About::Doctor, Cast::doctor_entry),
    row("put /api/v1/doctors/{id}", Action::ChangeDoctor, About::Entry, Cast::doctor_entry),
    row("put /api/v1/patients/{id}", Action::ChangePatient, About::Patient, a_whole_name),
    row(
        "put /api/v1/pharmacies/{id}",
        Action::ChangePharmacy,
        About::Pharmacy,
        Cast::pharmacy_entry,
    ),
    row(
        "put /api/v1/pharmacies/{id}",
        Action::ChangePharmacy,
        About::PharmacyEntry,
        Cast::pharmacy_entry,
    ),
];

/// One row of [`OPERATIONS`].
pub(super) struct Operation {
    /// Its method and its path, with a query if it has one.
    pub(super) name: &'static str,
    /// What the policy table calls it.
    pub(super) action: Action,
    /// What its path names.
    pub(super) about: About,
    /// What body makes it valid, about a patient.
    pub(super) body: fn(&Cast, &str) -> Value,
}

/// What the id in a path names.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum About {
    Nothing,
    /// A new appointment of the patient.
    Appointment,
    /// One that has begun.
    BegunAppointment,
    /// A new assignment of the patient, to somebody new.
    Assignment,
    /// The profile of the doctor in care.
    Doctor,
    /// A doctor whom the creator has entered.
    Entry,
    /// One who was archived.
    ArchivedEntry,
    Patient,
    /// A patient of the same maker and in the same care, or the one whose own record it is. Nothing is
    /// still to take place.
    PatientWithoutPlans,
    /// A new patient, whose record went out of use.
    ArchivedPatient,
    /// The profile that the pharmacy signs in for.
    Pharmacy,
    /// A pharmacy that the administrator has entered.
    PharmacyEntry,
    /// A session of somebody else.
    Session,
    /// A new time slot of the doctor.
    TimeSlot,
    /// Somebody else, who waits for approval.
    User,
    /// Somebody else, who may do nothing.
    DisabledUser,
}

impl Operation {
    /// Returns its method and its path, with a query if it has one.
    pub(super) fn parts(&self) -> (&'static str, &'static str) {
        self.name.split_once(' ').unwrap()
    }

    /// Returns its method and its path, as the document has them.
    pub(super) fn documented(&self) -> (&'static str, &'static str) {
        let (method, path) = self.parts();
        (method, path.split_once('?').map_or(path, |(path, _)| path))
    }
}

const fn row(
    name: &'static str,
    action: Action,
    about: About,
    body: fn(&Cast, &str) -> Value,
) -> Operation {
    Operation { name, action, about, body }
}

fn no_body(_: &Cast, _: &str) -> Value {
    Value::Null
}

fn a_name(_: &Cast, _: &str) -> Value {
    json!({"first_name": "Test"})
}

fn an_address(_: &Cast, _: &str) -> Value {
    json!({"address": "Main Street 1"})
}

fn a_whole_name(_: &Cast, _: &str) -> Value {
    json!({"first_name": "New", "last_name": "Patient"})
}
