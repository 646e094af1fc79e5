//! Records of tests.

use medilink_domain::appointment::{Appointment, AppointmentChange, AppointmentStatus, Booking};
use medilink_domain::assignment::Assignment;
use medilink_domain::doctor::{Doctor, DoctorProfile};
use medilink_domain::email::Email;
use medilink_domain::id::{
    AppointmentId, AssignmentId, DoctorId, PatientId, PharmacyId, SessionId, TimeSlotId, UserId,
    Uuid,
};
use medilink_domain::name::PersonName;
use medilink_domain::password::PasswordHash;
use medilink_domain::patient::{Patient, PatientDetails};
use medilink_domain::period::BookableTime;
use medilink_domain::pharmacy::{Pharmacy, PharmacyProfile};
use medilink_domain::revision::Revision;
use medilink_domain::session::Session;
use medilink_domain::text::LicenseNumber;
use medilink_domain::time_slot::TimeSlot;
use medilink_domain::user::{Role, User, UserStatus, Username};
use medilink_domain::zone::Zone;

use super::{NOW, at};

/// The user who made the records of tests.
pub const CREATOR: u128 = 100;

/// Makes doctor 3, who takes appointments at any time.
pub fn a_doctor() -> Doctor {
    let id = DoctorId::new(Uuid::from_u128(3));
    Doctor::new(id, DoctorProfile::blank(Zone::utc()), None, at(NOW))
}

/// Makes doctor 3 with a licence number, which nobody has checked.
pub fn a_licensed_doctor() -> Doctor {
    let license_number = LicenseNumber::parse("DE-1").ok();
    let doctor = a_doctor();
    Doctor { profile: DoctorProfile { license_number, ..doctor.profile }, ..doctor }
}

/// Makes pharmacy 5, which nobody has verified yet.
pub fn a_pharmacy() -> Pharmacy {
    let id = PharmacyId::new(Uuid::from_u128(5));
    Pharmacy::new(id, PharmacyProfile::default(), at(NOW))
}

/// Makes pharmacy 5 with a licence number, which nobody has checked.
pub fn a_licensed_pharmacy() -> Pharmacy {
    let license_number = LicenseNumber::parse("DE-1").ok();
    let pharmacy = a_pharmacy();
    Pharmacy { profile: PharmacyProfile { license_number, ..pharmacy.profile }, ..pharmacy }
}

/// Makes patient 4, whose record somebody else made.
pub fn a_patient() -> Patient {
    let id = PatientId::new(Uuid::from_u128(4));
    let creator = UserId::new(Uuid::from_u128(CREATOR));
    Patient::new(id, PatientDetails::default(), None, creator, at(NOW))
}

/// Makes a booking of half an hour, the day after [`NOW`].
///
/// # Panics
///
/// Never: half an hour is a length that an appointment may have.
#[expect(clippy::expect_used, reason = "the time is right, and this is for tests")]
pub fn a_booking() -> Booking {
    Booking {
        time: BookableTime::lasting(at("2030-01-07T10:00:00Z"), 30).expect("half an hour"),
        reason: None,
        notes: None,
    }
}

/// Makes time slot 8 of doctor 3, from ten to eleven.
///
/// # Panics
///
/// Never: an hour is a length that a slot may have.
#[expect(clippy::expect_used, reason = "the time is right, and this is for tests")]
pub fn a_slot() -> TimeSlot {
    let time = BookableTime::lasting(at("2030-01-07T10:00:00Z"), 60).expect("an hour");
    let id = TimeSlotId::new(Uuid::from_u128(8));
    TimeSlot::publish(id, a_doctor().id, time, UserId::new(Uuid::from_u128(CREATOR)), at(NOW))
}

/// Makes appointment 9 of doctor 3 and patient 4, booked by somebody else.
pub fn an_appointment(status: AppointmentStatus) -> Appointment {
    let Booking { time, reason, notes } = a_booking();
    Appointment {
        id: AppointmentId::new(Uuid::from_u128(9)),
        doctor: a_doctor().id,
        patient: a_patient().id,
        patient_created_by: a_patient().created_by,
        time,
        status,
        reason,
        notes,
        retrospective: false,
        created_by: UserId::new(Uuid::from_u128(CREATOR)),
        revision: Revision::new(at(NOW)),
    }
}

/// Makes appointment 9, which starts now.
///
/// # Panics
///
/// Never: half an hour is a length that an appointment may have.
#[expect(clippy::expect_used, reason = "the time is right, and this is for tests")]
pub fn an_appointment_of_today(status: AppointmentStatus) -> Appointment {
    let time = BookableTime::lasting(at(NOW), 30).expect("half an hour");
    Appointment { time, ..an_appointment(status) }
}

/// Makes the first line of an appointment's history.
pub fn the_first_change(appointment: &Appointment) -> AppointmentChange {
    AppointmentChange {
        from: None,
        to: appointment.status,
        old_time: None,
        new_time: appointment.time,
        by: appointment.created_by,
        at: at(NOW),
        reason: None,
    }
}

/// Makes assignment 10 of doctor 3 to patient 4, active and not primary, made by somebody else.
pub fn an_assignment() -> Assignment {
    Assignment {
        id: AssignmentId::new(Uuid::from_u128(10)),
        doctor: a_doctor().id,
        patient: a_patient().id,
        patient_created_by: a_patient().created_by,
        is_primary: false,
        reason: None,
        notes: None,
        created_by: UserId::new(Uuid::from_u128(CREATOR)),
        ended_at: None,
        archived_at: None,
        revision: Revision::new(at(NOW)),
    }
}

/// Makes session 7 of user 8, which began now and goes on for a week.
pub fn a_session() -> Session {
    Session {
        id: SessionId::new(Uuid::from_u128(7)),
        user: UserId::new(Uuid::from_u128(8)),
        refresh_hash: [1; 32],
        device: None,
        address: None,
        created_at: at(NOW),
        refreshed_at: at(NOW),
        expires_at: at("2030-01-13T12:00:00Z"),
        ended_at: None,
    }
}

/// Makes user 8 in a role, waiting or not.
///
/// # Panics
///
/// Never: the names are right.
#[expect(clippy::expect_used, reason = "the names are right, and this is for tests")]
pub fn a_user(role: Role, status: UserStatus) -> User {
    User {
        id: UserId::new(Uuid::from_u128(8)),
        username: Username::parse("ada").expect("a user name"),
        email: Email::parse("ada@example.com").expect("an address"),
        password_hash: a_hash(),
        name: PersonName::default(),
        phone: None,
        role,
        status,
        approved_at: (status != UserStatus::Pending).then(|| at(NOW)),
        revision: Revision::new(at(NOW)),
    }
}

/// Makes the hash that everybody's password has.
pub fn a_hash() -> PasswordHash {
    PasswordHash::new("hash".to_owned())
}
