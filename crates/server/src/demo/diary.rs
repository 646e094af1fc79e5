//! Who sees whom in the demo clinic, when, why, and what becomes of it.

use medilink_domain::appointment::AppointmentStatus;
use medilink_domain::doctor::Specialization;
use medilink_domain::period::BookableTime;
use medilink_domain::text::Reason;
use medilink_domain::time::{Date, Timestamp};

use super::chance::Chance;
use super::patients::Person;
use crate::failure::Failure;

/// An appointment, and where it is to stand in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Visit {
    /// Which of the doctors.
    pub(super) doctor: usize,
    /// Which of the patients.
    pub(super) patient: usize,
    /// The day, as the doctor's clock has it.
    pub(super) day: Date,
    pub(super) time: BookableTime,
    pub(super) reason: Reason,
    pub(super) status: AppointmentStatus,
    /// Why it stands there, where one says so.
    pub(super) because: Option<Reason>,
}

/// How many of a hundred slots are taken: of the days before, today, in the week that comes, later.
const TAKEN: [usize; 4] = [9, 40, 18, 5];

const CANCELLED: &[&str] =
    &["Feels better", "Has to travel", "Found an earlier time elsewhere", "Caught a cold"];
const MISSED: &[&str] = &["Could not be reached", "Forgot the appointment"];

/// Writes the diary of one doctor after the other into the same book.
pub(super) struct Diary<'clinic> {
    pub(super) patients: &'clinic [Person],
    /// The doctor who comes first for each patient.
    pub(super) primary: &'clinic [usize],
    pub(super) today: Date,
    pub(super) visits: Vec<Visit>,
}

impl Diary<'_> {
    /// Fills some of a doctor's slots.
    pub(super) fn fill(
        &mut self,
        chance: &mut Chance,
        (doctor, field): (usize, Specialization),
        slots: &[(Date, BookableTime)],
    ) -> Result<(), Failure> {
        for (day, time) in slots {
            let [before, today, soon, later] = TAKEN;
            let share = match (day.as_naive() - self.today.as_naive()).num_days() {
                ..0 => before,
                0 => today,
                1..8 => soon,
                _ => later,
            };
            if !chance.of_a_hundred(share) {
                continue;
            }
            let Some(patient) = self.somebody(chance, (doctor, field), *time) else { continue };
            let (status, because) = if *day < self.today { past(chance)? } else { coming(chance)? };
            let reason = reason(chance.word(reasons(field)))?;
            let (day, time) = (*day, *time);
            self.visits.push(Visit { doctor, patient, day, time, reason, status, because });
        }
        Ok(())
    }

    /// Lets the day of the start be under way: some patients were seen, some are seen now, some wait.
    pub(super) fn begin_the_day(&mut self, now: Timestamp) {
        const SEEN_NOW: usize = 3;
        const WAITING: usize = 4;

        let today = self.today;
        let mut of_today: Vec<_> =
            self.visits.iter_mut().filter(|visit| visit.day == today).collect();
        of_today.sort_by_key(|visit| (visit.time.starts_at(), visit.doctor));
        let over = of_today.iter().filter(|visit| visit.time.ends_at() <= now).count();
        // At the very end of the day the last ones are late.
        let over = over.min(of_today.len().saturating_sub(SEEN_NOW + WAITING));
        for (number, visit) in of_today.into_iter().enumerate() {
            if visit.status == AppointmentStatus::Cancelled {
                continue;
            }
            if number < over {
                visit.status = AppointmentStatus::Completed;
            } else if number < over + SEEN_NOW {
                visit.status = AppointmentStatus::InProgress;
            } else if number < over + SEEN_NOW + WAITING {
                visit.status = AppointmentStatus::CheckedIn;
            }
        }
    }

    /// Finds somebody who would see a doctor and is free then: more often one of the doctor's own.
    fn somebody(
        &self,
        chance: &mut Chance,
        (doctor, field): (usize, Specialization),
        time: BookableTime,
    ) -> Option<usize> {
        let is_busy = |patient: usize| {
            let mut theirs = self.visits.iter().filter(|visit| visit.patient == patient);
            theirs.any(|visit| visit.time.period().overlaps(time.period()))
        };
        let free: Vec<_> = (0..)
            .zip(self.patients)
            .filter(|(patient, person)| person.goes_to(field) && !is_busy(*patient))
            .map(|(patient, _)| patient)
            .collect();
        // The one whom one can sign in as has something to look at.
        if free.first() == Some(&0) && chance.of_a_hundred(4) {
            return Some(0);
        }
        let own: Vec<_> = free
            .iter()
            .copied()
            .filter(|patient| self.primary.get(*patient) == Some(&doctor))
            .collect();
        if chance.of_a_hundred(60) && !own.is_empty() {
            chance.pick(&own)
        } else {
            chance.pick(&free)
        }
    }
}

/// What became of an appointment of the days before.
fn past(chance: &mut Chance) -> Result<(AppointmentStatus, Option<Reason>), Failure> {
    Ok(match chance.below(100) {
        0..78 => (AppointmentStatus::Completed, None),
        78..90 => (AppointmentStatus::Cancelled, Some(reason(chance.word(CANCELLED))?)),
        _ => (AppointmentStatus::NoShow, Some(reason(chance.word(MISSED))?)),
    })
}

/// What is known of an appointment that is still to come.
fn coming(chance: &mut Chance) -> Result<(AppointmentStatus, Option<Reason>), Failure> {
    Ok(match chance.below(100) {
        0..45 => (AppointmentStatus::Scheduled, None),
        45..90 => (AppointmentStatus::Confirmed, None),
        _ => (AppointmentStatus::Cancelled, Some(reason(chance.word(CANCELLED))?)),
    })
}

fn reason(text: &str) -> Result<Reason, Failure> {
    Reason::parse(text).map_err(Failure::other)
}

/// Why people see a doctor of a field.
const fn reasons(field: Specialization) -> &'static [&'static str] {
    match field {
        Specialization::Cardiology => {
            &["Palpitations", "Blood pressure check", "Chest pain on exertion", "Yearly review"]
        }
        Specialization::Pediatrics => {
            &["Vaccination", "Fever for three days", "Growth check", "Earache", "Rash"]
        }
        Specialization::Dermatology => {
            &["Mole check", "Eczema", "Acne follow-up", "Itching", "Skin cancer screening"]
        }
        Specialization::Endocrinology => {
            &["Diabetes review", "Thyroid results", "Weight change", "Insulin adjustment"]
        }
        Specialization::Neurology => &["Migraine", "Dizziness", "Numb fingers", "Epilepsy review"],
        Specialization::Orthopedics => {
            &["Knee pain", "Back pain", "Cast removal", "Shoulder injury", "Check after surgery"]
        }
        Specialization::ObstetricsGynecology => {
            &["Prenatal visit", "Yearly examination", "Contraception advice", "Ultrasound"]
        }
        Specialization::Psychiatry => &["First conversation", "Follow-up", "Medication review"],
        Specialization::Ophthalmology => {
            &["Blurred vision", "Glasses prescription", "Glaucoma check", "Red eye"]
        }
        Specialization::General
        | Specialization::Gastroenterology
        | Specialization::Hematology
        | Specialization::InfectiousDisease
        | Specialization::InternalMedicine
        | Specialization::Nephrology
        | Specialization::Oncology
        | Specialization::Other
        | Specialization::Pulmonology
        | Specialization::Radiology
        | Specialization::Rheumatology
        | Specialization::Surgery
        | Specialization::Urology => {
            &["Cough", "Yearly examination", "Sick note", "Prescription renewal", "Tiredness"]
        }
    }
}
