//! The demo clinic on paper: the same one for the same seed, around the day of the start.

use chrono::Days;
use medilink_domain::period::BookableTime;
use medilink_domain::schedule::Schedule;
use medilink_domain::time::{Date, Timestamp};

use super::chance::Chance;
use super::diary::{Diary, Visit};
use super::doctors::{DOCTORS, Entry};
use super::patients::{Person, ada, make_up};
use crate::failure::Failure;

/// How many patients there are, the one whom one can sign in as among them.
const PATIENTS: usize = 200;

/// How many days of the past the doctors have published, and how many to come.
const DAYS: (u64, u64) = (14, 28);

/// Everything that is to be in the database.
pub(super) struct Clinic {
    pub(super) doctors: Vec<Practice>,
    /// The first is the one whom one can sign in as.
    pub(super) patients: Vec<Person>,
    /// Doctor and patient, and whether the doctor comes first.
    pub(super) assignments: Vec<(usize, usize, bool)>,
    pub(super) visits: Vec<Visit>,
}

/// A doctor with their time.
pub(super) struct Practice {
    pub(super) entry: &'static Entry,
    pub(super) schedules: Vec<Schedule>,
    /// The slots that are blocked again.
    pub(super) blocked: Vec<Timestamp>,
}

impl Clinic {
    /// Makes the clinic up.
    pub(super) fn plan(seed: u64, now: Timestamp) -> Result<Self, Failure> {
        let mut chance = Chance::new(seed);
        let today = now.date();
        let patients = std::iter::once(ada())
            .chain((1..PATIENTS).map(|number| make_up(&mut chance, number, today)))
            .collect::<Result<Vec<_>, _>>()?;
        let primary =
            patients.iter().map(|person| their_doctor(&mut chance, person)).collect::<Vec<_>>();

        let mut doctors = Vec::new();
        let mut diary = Diary { patients: &patients, primary: &primary, today, visits: Vec::new() };
        for (number, entry) in (0..).zip(DOCTORS) {
            let schedules = schedules(entry, today)?;
            let slots = slots(entry, &schedules)?;
            // A doctor's last hours are for something else.
            let (open, blocked) = slots.split_at(slots.len().saturating_sub(3));
            if !entry.is_on_leave() {
                diary.fill(&mut chance, (number, entry.specialization), open)?;
            }
            let blocked = blocked.iter().map(|(_, time)| time.starts_at()).collect();
            doctors.push(Practice { entry, schedules, blocked });
        }
        diary.begin_the_day(now);
        let visits = diary.visits;
        let assignments = assignments(&mut chance, &primary);
        Ok(Self { doctors, patients, assignments, visits })
    }
}

fn their_doctor(chance: &mut Chance, person: &Person) -> usize {
    let fitting: Vec<_> = (0..)
        .zip(DOCTORS)
        .filter(|(_, entry)| person.goes_to(entry.specialization))
        .map(|(number, _)| number)
        .collect();
    chance.pick(&fitting).unwrap_or_default()
}

/// Most patients are in their doctor's care, and some in another's too.
fn assignments(chance: &mut Chance, primary: &[usize]) -> Vec<(usize, usize, bool)> {
    let mut assignments = Vec::new();
    for (patient, doctor) in (0..).zip(primary) {
        // The doctor and the patient whom one can sign in as know each other.
        if patient == 0 {
            assignments.push((0, 0, true));
        } else if chance.of_a_hundred(60) {
            assignments.push((*doctor, patient, true));
            let other = chance.below(DOCTORS.len());
            if chance.of_a_hundred(15) && other != *doctor {
                assignments.push((other, patient, false));
            }
        }
    }
    assignments
}

fn schedules(entry: &Entry, today: Date) -> Result<Vec<Schedule>, Failure> {
    let (before, to_come) = DAYS;
    let beyond = || Failure::other("the machine's clock is beyond the calendar");
    let first = today.as_naive().checked_sub_days(Days::new(before)).ok_or_else(beyond)?;
    let last = today.as_naive().checked_add_days(Days::new(to_come)).ok_or_else(beyond)?;
    let first = Date::new(first).map_err(Failure::other)?;
    let last = Date::new(last).map_err(Failure::other)?;
    let usual = entry.schedule(first, last)?;
    Ok(entry.duty(today)?.into_iter().chain([usual]).collect())
}

fn slots(entry: &Entry, schedules: &[Schedule]) -> Result<Vec<(Date, BookableTime)>, Failure> {
    let zone = entry.profile()?.time_zone;
    let mut slots = Vec::new();
    for schedule in schedules {
        let planned = schedule.plan(&zone).map_err(Failure::other)?;
        slots.extend(planned.iter().filter_map(|it| it.time.map(|time| (it.day, time))));
    }
    Ok(slots)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use medilink_domain::appointment::AppointmentStatus;

    use super::*;

    fn at(raw: &str) -> Timestamp {
        Timestamp::parse(raw).unwrap()
    }

    fn plan(seed: u64, now: &str) -> Clinic {
        let Ok(clinic) = Clinic::plan(seed, at(now)) else { panic!("every word can be read") };
        clinic
    }

    fn names(clinic: &Clinic) -> Vec<String> {
        clinic.patients.iter().map(|it| it.details.name.full()).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_clinic() {
        let (one, same) = (plan(1, "2030-01-07T10:00:00Z"), plan(1, "2030-01-07T10:00:00Z"));
        let other = plan(2, "2030-01-07T10:00:00Z");

        assert_eq!(names(&one), names(&same));
        assert_eq!(one.visits, same.visits);
        assert_eq!(one.assignments, same.assignments);
        assert_ne!(names(&one), names(&other));
        for (one, same) in one.doctors.iter().zip(&same.doctors) {
            assert_eq!(one.schedules, same.schedules);
        }
    }

    #[test]
    fn the_time_of_day_decides_nothing_but_how_far_the_day_has_come() {
        let (morning, evening) = (plan(1, "2030-01-07T00:00:00Z"), plan(1, "2030-01-07T23:59:59Z"));

        let booked = |clinic: &Clinic| {
            let visits = clinic.visits.iter();
            visits.map(|it| (it.doctor, it.patient, it.time)).collect::<Vec<_>>()
        };
        assert_eq!(booked(&morning), booked(&evening));
        assert_ne!(morning.visits, evening.visits);
    }

    /// On a Monday, a Saturday, a Sunday, at both ends of a day, and when the clocks change.
    #[test]
    fn every_day_sees_every_status_and_nobody_twice_at_once() {
        for now in [
            "2030-01-07T10:00:00Z",
            "2030-01-12T00:00:00Z",
            "2030-01-13T23:59:59Z",
            "2030-03-31T01:30:00Z",
            "2030-11-03T08:30:00Z",
        ] {
            let clinic = plan(super::super::SEED, now);

            let statuses: BTreeSet<_> = clinic.visits.iter().map(|it| it.status.as_str()).collect();
            assert_eq!(statuses.len(), AppointmentStatus::ALL.len(), "{now}: {statuses:?}");
            for (number, one) in clinic.visits.iter().enumerate() {
                for other in clinic.visits.iter().skip(number + 1) {
                    let shares = one.doctor == other.doctor || one.patient == other.patient;
                    let overlaps = one.time.period().overlaps(other.time.period());
                    assert!(!(shares && overlaps), "{now}: {one:?} {other:?}");
                }
                let is_over = one.time.ends_at() <= at(now);
                let was_missed = one.status == AppointmentStatus::NoShow;
                assert!(!was_missed || is_over, "{now}: {one:?}");
            }
            let adas = clinic.visits.iter().filter(|it| it.patient == 0);
            let (past, to_come): (Vec<_>, Vec<_>) =
                adas.partition(|it| it.time.starts_at() < at(now));
            assert!(!past.is_empty() && !to_come.is_empty(), "{now}");
        }
    }

    #[test]
    fn every_schedule_can_be_published_and_leaves_people_their_lunch() {
        let clinic = plan(super::super::SEED, "2030-01-07T10:00:00Z");

        assert_eq!((clinic.doctors.len(), clinic.patients.len()), (12, PATIENTS));
        let zones: BTreeSet<_> = DOCTORS
            .iter()
            .map(|it| it.profile().ok().unwrap().time_zone.name().to_owned())
            .collect();
        assert_eq!(zones.len(), 12);
        for practice in &clinic.doctors {
            let zone = practice.entry.profile().ok().unwrap().time_zone;
            let slots = slots(practice.entry, &practice.schedules).ok().unwrap();
            assert!(100 < slots.len(), "{}", practice.entry.username);
            for (day, time) in slots {
                let noon = medilink_domain::time_of_day::TimeOfDay::parse("12:30").unwrap();
                let noon = zone.instant(day, noon).unwrap().unwrap();
                assert!(!(time.starts_at() <= noon && noon < time.ends_at()));
            }
        }
    }
}
