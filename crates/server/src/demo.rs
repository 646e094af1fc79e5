//! Demo data: a small clinic to try things out in. Its passwords are known to everybody.

use chrono::{Days, NaiveTime};
use medilink_application::Application;
use medilink_application::appointment::BookAppointment;
use medilink_application::call::Caller;
use medilink_application::session::{Device, SignedInView};
use medilink_application::store::Queries;
use medilink_application::user::{CreateAdmin, Newcomer, Profile, Register, exists};
use medilink_domain::appointment::Booking;
use medilink_domain::audit::Origin;
use medilink_domain::doctor::{DoctorProfile, Specialization};
use medilink_domain::email::Email;
use medilink_domain::id::{DoctorId, PatientId};
use medilink_domain::name::PersonName;
use medilink_domain::password::NewPassword;
use medilink_domain::patient::{BloodGroup, Gender, PatientDetails};
use medilink_domain::period::BookableTime;
use medilink_domain::pharmacy::PharmacyProfile;
use medilink_domain::text::{LicenseNumber, OrganizationName, Place, Reason};
use medilink_domain::time::{Date, Timestamp};
use medilink_domain::user::Username;
use medilink_domain::zone::Zone;

use crate::config::{DATABASE_URL, Wrong, wrong};
use crate::failure::Failure;

/// Who can sign in to the demo clinic: role, user name, password.
pub(crate) const LOG_INS: &[(&str, &str, &str)] = &[
    ("administrator", "admin", "admin123"),
    ("coordinator", "coordinator", "demo-coordinator"),
    ("doctor", "chen", "demo-doctor"),
    ("patient", "ada", "demo-patient"),
    ("pharmacy", "pharmacy", "demo-pharmacy"),
];

const ADMIN_EMAIL: &str = "admin@example.com";

const DOCTORS: &[(&str, &str, &str, Specialization, &str)] = &[
    ("chen", "Emily", "Chen", Specialization::Cardiology, "Boston"),
    ("okafor", "Chidi", "Okafor", Specialization::General, "Lagos"),
    ("soerensen", "Søren", "Sørensen", Specialization::Pediatrics, "København"),
    ("garcia", "Lucía", "García", Specialization::Dermatology, "Madrid"),
];

const PATIENTS: &[(&str, &str, &str, &str, Gender)] = &[
    ("ada", "Ada", "Lovelace", "1984-02-29", Gender::Female),
    ("alan", "Alan", "Turing", "1992-06-23", Gender::Male),
    ("mary", "Mary", "Seacole", "1975-11-23", Gender::Female),
];

/// Tells whether the database holds demo accounts.
pub(crate) async fn is_there(queries: &dyn Queries) -> Result<bool, Failure> {
    exists(queries, ADMIN_EMAIL).await.map_err(Failure::other)
}

/// Complains about a database that holds demo accounts.
pub(crate) fn known_passwords() -> Wrong {
    let what = "the database holds demo accounts with known passwords; use another one";
    wrong(DATABASE_URL, what)
}

/// Fills an empty database; returns whether it was empty.
pub(crate) async fn fill(application: &Application) -> Result<bool, Failure> {
    if application.users.any().await.map_err(Failure::other)? {
        return Ok(false);
    }
    let admin = CreateAdmin {
        username: Username::parse("admin").map_err(Failure::other)?,
        email: Email::parse(ADMIN_EMAIL).map_err(Failure::other)?,
        password: password("admin"),
    };
    application.users.create_admin(admin).await.map_err(Failure::other)?;
    register(application, "coordinator", ("Grace", "Hopper"), Profile::Coordinator).await?;
    register(application, "pharmacy", ("Percy", "Julian"), a_pharmacy()?).await?;

    let mut doctors = Vec::new();
    for (username, first, last, specialization, city) in DOCTORS {
        let profile = a_doctor(username, *specialization, city)?;
        let doctor = register(application, username, (first, last), profile).await?;
        doctors.extend(doctor.user.doctor_id);
    }
    for (day, (username, first, last, born, gender)) in (1..).zip(PATIENTS) {
        let profile = a_patient(born, *gender)?;
        let patient = register(application, username, (first, last), profile).await?;
        let Some(own) = patient.user.patient_id else { continue };
        for (hour, doctor) in (9..).zip(&doctors) {
            book(application, &patient, *doctor, own, day, hour).await?;
        }
    }
    Ok(true)
}

async fn register(
    application: &Application,
    username: &str,
    (first, last): (&str, &str),
    profile: Profile,
) -> Result<SignedInView, Failure> {
    let newcomer = Newcomer {
        email: Email::parse(&format!("{username}@example.com")).map_err(Failure::other)?,
        username: Some(Username::parse(username).map_err(Failure::other)?),
        name: PersonName::parse(first, last).map_err(Failure::other)?,
        phone: None,
        profile,
    };
    let (password, device) = (password(username), Device::default());
    let command = Register { newcomer, password, device };
    application.users.register(origin(application), command).await.map_err(Failure::other)
}

async fn book(
    application: &Application,
    by: &SignedInView,
    doctor: DoctorId,
    patient: PatientId,
    day: u64,
    hour: u32,
) -> Result<(), Failure> {
    let actor =
        application.sessions.authenticate(&by.tokens.access).await.map_err(Failure::other)?;
    let caller = Caller { actor, origin: origin(application), idempotency: None };
    let starts_at = by
        .user
        .created_at
        .as_utc()
        .checked_add_days(Days::new(day))
        .and_then(|day| day.with_time(NaiveTime::from_hms_opt(hour, 0, 0)?).single())
        .and_then(|instant| Timestamp::new(instant).ok())
        .ok_or_else(|| Failure::other("the machine's clock is beyond the calendar"))?;
    let booking = Booking {
        time: BookableTime::lasting(starts_at, 30).map_err(Failure::other)?,
        reason: Some(Reason::parse("Yearly examination").map_err(Failure::other)?),
        notes: None,
    };
    let command = BookAppointment { doctor, patient, booking };
    application
        .perform(caller, async |call| application.appointments.book(call, command).await)
        .await
        .map_err(Failure::other)?;
    Ok(())
}

fn origin(application: &Application) -> Origin {
    Origin { request: application.next_request(), address: None }
}

/// The passwords that everybody knows; who has none in the list has the doctors'.
fn password(username: &str) -> NewPassword {
    let known = LOG_INS.iter().find(|(_, name, _)| *name == username);
    let password = known.map_or("demo-doctor", |(_, _, password)| password);
    NewPassword::of_a_demo(password.to_owned())
}

fn a_doctor(
    username: &str,
    specialization: Specialization,
    city: &str,
) -> Result<Profile, Failure> {
    let license = format!("DEMO-{}", username.to_uppercase());
    Ok(Profile::Doctor(Box::new(DoctorProfile {
        specialization,
        license_number: Some(LicenseNumber::parse(&license).map_err(Failure::other)?),
        hospital_name: Some(OrganizationName::parse("Demo Clinic").map_err(Failure::other)?),
        city: Some(Place::parse(city).map_err(Failure::other)?),
        ..DoctorProfile::blank(Zone::utc())
    })))
}

fn a_patient(born: &str, gender: Gender) -> Result<Profile, Failure> {
    Ok(Profile::Patient(Box::new(PatientDetails {
        date_of_birth: Some(Date::parse(born).map_err(Failure::other)?),
        gender: Some(gender),
        blood_group: Some(BloodGroup::OPositive),
        ..PatientDetails::default()
    })))
}

fn a_pharmacy() -> Result<Profile, Failure> {
    Ok(Profile::Pharmacy(Box::new(PharmacyProfile {
        name: Some(OrganizationName::parse("Demo Pharmacy").map_err(Failure::other)?),
        license_number: Some(LicenseNumber::parse("DEMO-PHARMACY").map_err(Failure::other)?),
        ..PharmacyProfile::default()
    })))
}
