//! The doctors and the pharmacies of the demo clinic: a dozen fields, as many places.

use medilink_domain::doctor::{BookingMode, DoctorProfile, Specialization, YearsOfExperience};
use medilink_domain::email::Email;
use medilink_domain::money::Money;
use medilink_domain::name::PersonName;
use medilink_domain::pharmacy::PharmacyProfile;
use medilink_domain::schedule::{DayOfWeek, Hours, Schedule};
use medilink_domain::text::{
    Address, Biography, LicenseNumber, OrganizationName, Phone, Place, Qualification,
};
use medilink_domain::time::Date;
use medilink_domain::time_of_day::TimeOfDay;
use medilink_domain::zone::Zone;

use crate::failure::Failure;

/// A doctor as this file writes one down.
pub(super) struct Entry {
    pub(super) username: &'static str,
    first: &'static str,
    last: &'static str,
    pub(super) specialization: Specialization,
    hospital: &'static str,
    city: &'static str,
    country: &'static str,
    zone: &'static str,
    years: i64,
    fee: &'static str,
    booking: BookingMode,
    week: Week,
    presence: Presence,
}

/// Whether a doctor is there.
#[derive(PartialEq, Eq)]
enum Presence {
    /// On working days.
    Usual,
    /// On the day of the start too, whatever day of the week it is.
    OnDuty,
    /// Not at all: no appointments are taken, and nobody has checked the licence yet.
    OnLeave,
}

/// When a doctor works, all days alike.
struct Week {
    days: &'static [DayOfWeek],
    from: &'static str,
    to: &'static str,
    minutes: i64,
}

const FULL: &[DayOfWeek] = &[
    DayOfWeek::Monday,
    DayOfWeek::Tuesday,
    DayOfWeek::Wednesday,
    DayOfWeek::Thursday,
    DayOfWeek::Friday,
];
const UNTIL_THURSDAY: &[DayOfWeek] =
    &[DayOfWeek::Monday, DayOfWeek::Tuesday, DayOfWeek::Wednesday, DayOfWeek::Thursday];
const THREE_DAYS: &[DayOfWeek] = &[DayOfWeek::Monday, DayOfWeek::Wednesday, DayOfWeek::Friday];

/// When everybody eats.
const LUNCH: (&str, &str) = ("12:00", "13:00");

/// The first can be signed in as, and is booked at any time. Los Angeles is on duty, since its day is the last to end.
pub(super) const DOCTORS: &[Entry] = &[
    entry(
        ("chen", "Emily", "Chen", Specialization::Cardiology),
        ("Charles River Heart Center", "Boston", "United States", "America/New_York"),
        (17, "250.00", BookingMode::Open),
        (FULL, "09:00", "17:00", 30),
    ),
    entry(
        ("okafor", "Chidi", "Okafor", Specialization::General),
        ("Lagoon Family Practice", "Lagos", "Nigeria", "Africa/Lagos"),
        (9, "45.00", BookingMode::Open),
        (FULL, "08:00", "16:00", 30),
    ),
    entry(
        ("soerensen", "Søren", "Sørensen", Specialization::Pediatrics),
        ("Børnehuset Nord", "København", "Denmark", "Europe/Copenhagen"),
        (12, "95.00", BookingMode::Open),
        (UNTIL_THURSDAY, "09:00", "15:00", 20),
    ),
    entry(
        ("garcia", "Lucía", "García", Specialization::Dermatology),
        ("Clínica del Retiro", "Madrid", "Spain", "Europe/Madrid"),
        (8, "110.00", BookingMode::SlotsOnly),
        (FULL, "10:00", "18:00", 30),
    ),
    entry(
        ("iyer", "Aarav", "Iyer", Specialization::Endocrinology),
        ("Marine Drive Clinic", "Mumbai", "India", "Asia/Kolkata"),
        (21, "35.00", BookingMode::SlotsOnly),
        (FULL, "10:00", "18:00", 45),
    ),
    entry(
        ("takahashi", "Hana", "Takahashi", Specialization::Neurology),
        ("Sumida Neurology", "Tokyo", "Japan", "Asia/Tokyo"),
        (15, "180.00", BookingMode::SlotsOnly),
        (UNTIL_THURSDAY, "09:00", "17:00", 45),
    ),
    entry(
        ("rosenberg", "Maya", "Rosenberg", Specialization::General),
        ("Echo Park Family Medicine", "Los Angeles", "United States", "America/Los_Angeles"),
        (11, "160.00", BookingMode::Open),
        (FULL, "09:00", "17:00", 30),
    )
    .on_duty(),
    entry(
        ("weber", "Jonas", "Weber", Specialization::Orthopedics),
        ("Praxis am Landwehrkanal", "Berlin", "Germany", "Europe/Berlin"),
        (19, "120.00", BookingMode::Open),
        (FULL, "08:00", "15:00", 30),
    ),
    entry(
        ("almeida", "Beatriz", "Almeida", Specialization::ObstetricsGynecology),
        ("Clínica Vila Nova", "São Paulo", "Brazil", "America/Sao_Paulo"),
        (14, "85.00", BookingMode::Open),
        (FULL, "09:00", "17:00", 45),
    ),
    entry(
        ("bennett", "Oliver", "Bennett", Specialization::Psychiatry),
        ("Bloomsbury Consulting Rooms", "London", "United Kingdom", "Europe/London"),
        (25, "220.00", BookingMode::SlotsOnly),
        (THREE_DAYS, "09:00", "18:00", 60),
    ),
    entry(
        ("nguyen", "Matilda", "Nguyen", Specialization::Ophthalmology),
        ("Harbour Eye Clinic", "Sydney", "Australia", "Australia/Sydney"),
        (6, "140.00", BookingMode::Open),
        (FULL, "09:00", "16:00", 30),
    ),
    entry(
        ("tremblay", "Amélie", "Tremblay", Specialization::Rheumatology),
        ("Lakeshore Joint Care", "Toronto", "Canada", "America/Toronto"),
        (4, "130.00", BookingMode::Open),
        (THREE_DAYS, "09:00", "15:00", 30),
    )
    .on_leave(),
];

const fn entry(
    (username, first, last, specialization): (
        &'static str,
        &'static str,
        &'static str,
        Specialization,
    ),
    (hospital, city, country, zone): (&'static str, &'static str, &'static str, &'static str),
    (years, fee, booking): (i64, &'static str, BookingMode),
    (days, from, to, minutes): (&'static [DayOfWeek], &'static str, &'static str, i64),
) -> Entry {
    let week = Week { days, from, to, minutes };
    let presence = Presence::Usual;
    Entry {
        username,
        first,
        last,
        specialization,
        hospital,
        city,
        country,
        zone,
        years,
        fee,
        booking,
        week,
        presence,
    }
}

impl Entry {
    const fn on_duty(self) -> Self {
        Self { presence: Presence::OnDuty, ..self }
    }

    const fn on_leave(self) -> Self {
        Self { presence: Presence::OnLeave, ..self }
    }

    /// Tells whether the doctor takes no appointments, and is not verified.
    pub(super) fn is_on_leave(&self) -> bool {
        self.presence == Presence::OnLeave
    }

    /// Writes the profile.
    pub(super) fn profile(&self) -> Result<DoctorProfile, Failure> {
        let address = format!("{}@example.com", self.username);
        let license = format!("DEMO-{}", self.username.to_uppercase());
        let field = self.specialization.as_str().replace('_', " ");
        let bio = format!(
            "{} {} has practised for {} years, and sees patients at {} in {}.",
            self.first, self.last, self.years, self.hospital, self.city
        );
        Ok(DoctorProfile {
            name: PersonName::parse(self.first, self.last).map_err(Failure::other)?,
            email: Some(Email::parse(&address).map_err(Failure::other)?),
            phone: Some(Phone::parse("+1 555 010 0100").map_err(Failure::other)?),
            specialization: self.specialization,
            license_number: Some(LicenseNumber::parse(&license).map_err(Failure::other)?),
            years_of_experience: Some(YearsOfExperience::new(self.years).map_err(Failure::other)?),
            qualification: Some(
                Qualification::parse(&format!("MD, specialist in {field}"))
                    .map_err(Failure::other)?,
            ),
            bio: Some(Biography::parse(&bio).map_err(Failure::other)?),
            consultation_fee: Some(Money::parse(self.fee).map_err(Failure::other)?),
            is_available: !self.is_on_leave(),
            hospital_name: Some(OrganizationName::parse(self.hospital).map_err(Failure::other)?),
            city: Some(Place::parse(self.city).map_err(Failure::other)?),
            country: Some(Place::parse(self.country).map_err(Failure::other)?),
            booking: self.booking,
            ..DoctorProfile::blank(Zone::parse(self.zone).map_err(Failure::other)?)
        })
    }

    /// Cuts the doctor's working days from one to another into slots, with a break at noon.
    pub(super) fn schedule(&self, first: Date, last: Date) -> Result<Schedule, Failure> {
        let Week { days, from, to, minutes } = self.week;
        let lunch = vec![hours(LUNCH.0, LUNCH.1)?];
        Schedule::new((first, last), days, hours(from, to)?, minutes, lunch).map_err(Failure::other)
    }

    /// Cuts a long day on duty into slots, if the doctor has one on a day: not beside the usual hours.
    pub(super) fn duty(&self, day: Date) -> Result<Option<Schedule>, Failure> {
        let today = DayOfWeek::of(day);
        if self.presence != Presence::OnDuty || self.week.days.contains(&today) {
            return Ok(None);
        }
        let hours = hours("09:00", "20:00")?;
        let schedule = Schedule::new((day, day), &[today], hours, self.week.minutes, Vec::new());
        schedule.map(Some).map_err(Failure::other)
    }
}

fn hours(from: &str, to: &str) -> Result<Hours, Failure> {
    let from = TimeOfDay::parse(from).map_err(Failure::other)?;
    let to = TimeOfDay::parse(to).map_err(Failure::other)?;
    Hours::new(from, to).map_err(Failure::other)
}

/// The pharmacies: whom one signs in as, name, street, city, country.
pub(super) const PHARMACIES: &[(&str, &str, &str, &str, &str)] = &[
    ("riverside", "Riverside Pharmacy", "12 Canal Street", "Boston", "United States"),
    ("pharmacy", "Demo Pharmacy", "1 Market Square", "London", "United Kingdom"),
];

/// Writes the profile of a pharmacy.
pub(super) fn pharmacy(
    (username, name, street, city, country): (&str, &str, &str, &str, &str),
) -> Result<PharmacyProfile, Failure> {
    let license = format!("DEMO-{}", username.to_uppercase());
    Ok(PharmacyProfile {
        name: Some(OrganizationName::parse(name).map_err(Failure::other)?),
        license_number: Some(LicenseNumber::parse(&license).map_err(Failure::other)?),
        phone: Some(Phone::parse("+1 555 010 0200").map_err(Failure::other)?),
        address: Some(Address::parse(street).map_err(Failure::other)?),
        city: Some(Place::parse(city).map_err(Failure::other)?),
        country: Some(Place::parse(country).map_err(Failure::other)?),
        ..PharmacyProfile::default()
    })
}
