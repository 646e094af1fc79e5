//! Carrying out the demo clinic, as its administrator and its coordinator would.

use std::collections::BTreeSet;

use medilink_application::Application;
use medilink_application::appointment::{
    BookAppointment, CancelAppointment, MarkNoShow, WantedTime,
};
use medilink_application::assignment::CreateAssignment;
use medilink_application::call::{Call, Caller, Expected, Written};
use medilink_application::error::Result as Answer;
use medilink_application::session::{Device, LogIn};
use medilink_application::time_slot::{BlockTimeSlot, PublishTimeSlots};
use medilink_application::user::{CreateAdmin, CreateUser, Newcomer, Profile, UserView};
use medilink_domain::actor::Actor;
use medilink_domain::appointment::AppointmentStatus;
use medilink_domain::assignment::AssignmentTerms;
use medilink_domain::audit::Origin;
use medilink_domain::email::Email;
use medilink_domain::id::{AppointmentId, DoctorId, PatientId};
use medilink_domain::name::PersonName;
use medilink_domain::password::{NewPassword, Password};
use medilink_domain::user::Username;

use super::clinic::{Clinic, Practice};
use super::diary::Visit;
use super::doctors::{PHARMACIES, pharmacy};
use super::patients::Person;
use super::{FIRST, LOG_INS};
use crate::failure::Failure;

/// The two who fill the clinic.
pub(super) struct Filling<'app> {
    application: &'app Application,
    admin: Actor,
    coordinator: Actor,
}

impl<'app> Filling<'app> {
    /// Makes the two, and signs them in.
    pub(super) async fn begin(application: &'app Application) -> Result<Self, Failure> {
        let admin = CreateAdmin {
            username: Username::parse("admin").map_err(Failure::other)?,
            email: Email::parse(FIRST).map_err(Failure::other)?,
            password: password("admin"),
        };
        application.users.create_admin(admin).await.map_err(Failure::other)?;
        let admin = sign_in(application, "admin").await?;
        let alone = Self { application, admin, coordinator: admin };
        let name = PersonName::parse("Grace", "Hopper").map_err(Failure::other)?;
        alone.account("coordinator", name, Profile::Coordinator).await?;
        let coordinator = sign_in(application, "coordinator").await?;
        Ok(Self { coordinator, ..alone })
    }

    /// Puts everything into the database, and signs the two out.
    pub(super) async fn carry_out(&self, clinic: Clinic) -> Result<(), Failure> {
        let Clinic { doctors, patients, assignments, visits } = clinic;
        let mut doctor_ids = Vec::new();
        for practice in &doctors {
            doctor_ids.push(self.doctor(practice, doctor_ids.is_empty()).await?);
        }
        let mut patient_ids = Vec::new();
        for person in patients {
            patient_ids.push(self.patient(person, patient_ids.is_empty()).await?);
        }
        for (doctor, patient, is_primary) in assignments {
            let pair = (nth(&doctor_ids, doctor)?, nth(&patient_ids, patient)?);
            self.assign(pair, is_primary).await?;
        }
        for visit in visits {
            let pair = (nth(&doctor_ids, visit.doctor)?, nth(&patient_ids, visit.patient)?);
            self.visit(pair, visit).await?;
        }
        for entry in PHARMACIES {
            let profile = Profile::Pharmacy(Box::new(pharmacy(*entry)?));
            self.account(entry.0, PersonName::default(), profile).await?;
        }
        for actor in [self.coordinator, self.admin] {
            let sign_out = async |call: &_| self.application.sessions.log_out(call, None).await;
            self.perform(actor, sign_out).await?;
        }
        Ok(())
    }

    async fn doctor(&self, practice: &Practice, signs_in: bool) -> Result<DoctorId, Failure> {
        let doctors = &self.application.doctors;
        let profile = practice.entry.profile()?;
        let id = if signs_in {
            let (name, profile) = (profile.name.clone(), Profile::Doctor(Box::new(profile)));
            let account = self.account(practice.entry.username, name, profile).await?;
            account.doctor_id.ok_or_else(|| Failure::other("a doctor lacks a profile"))?
        } else {
            let create = async |call: &_| doctors.create(call, profile).await;
            let id = self.perform(self.coordinator, create).await?.record.id;
            if !practice.entry.is_on_leave() {
                let verify = async |call: &_| doctors.verify(call, id, Expected::Any).await;
                self.perform(self.admin, verify).await?;
            }
            id
        };
        self.publish(practice, id).await?;
        Ok(id)
    }

    async fn publish(&self, practice: &Practice, doctor: DoctorId) -> Result<(), Failure> {
        let time_slots = &self.application.time_slots;
        let blocked: BTreeSet<_> = practice.blocked.iter().copied().collect();
        for schedule in &practice.schedules {
            let command = PublishTimeSlots { doctor: Some(doctor), schedule: schedule.clone() };
            let publish = async |call: &_| time_slots.publish_all(call, command).await;
            let slots = self.perform(self.admin, publish).await?.record.created;
            for slot in slots.iter().filter(|slot| blocked.contains(&slot.starts_at)) {
                let command = BlockTimeSlot { id: slot.id, blocked: true, expected: Expected::Any };
                let block = async |call: &_| time_slots.block(call, command).await;
                self.perform(self.admin, block).await?;
            }
        }
        Ok(())
    }

    async fn patient(&self, person: Person, signs_in: bool) -> Result<PatientId, Failure> {
        if signs_in {
            let (name, details) = (person.details.name.clone(), Box::new(person.details));
            let account = self.account("ada", name, Profile::Patient(details)).await?;
            return account.patient_id.ok_or_else(|| Failure::other("a patient lacks a record"));
        }
        let patients = &self.application.patients;
        let create = async |call: &_| patients.create(call, person.details).await;
        Ok(self.perform(self.coordinator, create).await?.record.id)
    }

    async fn assign(
        &self,
        (doctor, patient): (DoctorId, PatientId),
        is_primary: bool,
    ) -> Result<(), Failure> {
        let terms = AssignmentTerms { is_primary, is_active: true, reason: None, notes: None };
        let command = CreateAssignment { doctor, patient, terms };
        let assign = async |call: &_| self.application.assignments.create(call, command).await;
        self.perform(self.admin, assign).await.map(drop)
    }

    async fn visit(
        &self,
        (doctor, patient): (DoctorId, PatientId),
        visit: Visit,
    ) -> Result<(), Failure> {
        let Visit { patient: number, time, reason, status, because, .. } = visit;
        // The record of whoever signs in is their own, and no coordinator's.
        let by = if number == 0 { self.admin } else { self.coordinator };
        let appointments = &self.application.appointments;
        let time = WantedTime::Exactly(time);
        let command = BookAppointment { doctor, patient, time, reason: Some(reason), notes: None };
        let book = async |call: &_| appointments.book(call, command).await;
        let id = self.perform(by, book).await?.record.id;
        let bring = async |call: &_| bring(self.application, call, id, status, because).await;
        self.perform(self.admin, bring).await
    }

    /// Makes an account that one can sign in to.
    async fn account(
        &self,
        username: &str,
        name: PersonName,
        profile: Profile,
    ) -> Result<UserView, Failure> {
        let newcomer = Newcomer {
            email: Email::parse(&format!("{username}@example.com")).map_err(Failure::other)?,
            username: Some(Username::parse(username).map_err(Failure::other)?),
            name,
            phone: None,
            profile,
        };
        let command = CreateUser { newcomer, password: password(username) };
        let create = async |call: &_| self.application.users.create(call, command).await;
        Ok(self.perform(self.admin, create).await?.record)
    }

    async fn perform<T>(
        &self,
        actor: Actor,
        use_case: impl AsyncFnOnce(&Call) -> Answer<T>,
    ) -> Result<T, Failure> {
        let caller = Caller { actor, origin: origin(self.application), idempotency: None };
        self.application.perform(caller, use_case).await.map_err(Failure::other)
    }
}

/// Brings an appointment that was just booked to where it is to stand.
async fn bring(
    application: &Application,
    call: &Call,
    id: AppointmentId,
    status: AppointmentStatus,
    reason: Option<medilink_domain::text::Reason>,
) -> Answer<()> {
    let (appointments, expected) = (&application.appointments, Expected::Any);
    let brought: Written<_> = match status {
        AppointmentStatus::Scheduled => return Ok(()),
        AppointmentStatus::Confirmed => appointments.confirm(call, id, expected).await?,
        AppointmentStatus::CheckedIn => appointments.check_in(call, id, expected).await?,
        AppointmentStatus::InProgress => appointments.start(call, id, expected).await?,
        AppointmentStatus::Completed => appointments.complete(call, id, expected).await?,
        AppointmentStatus::Cancelled => {
            appointments.cancel(call, CancelAppointment { id, reason, expected }).await?
        }
        AppointmentStatus::NoShow => {
            appointments.mark_no_show(call, MarkNoShow { id, reason, expected }).await?
        }
    };
    drop(brought);
    Ok(())
}

async fn sign_in(application: &Application, username: &str) -> Result<Actor, Failure> {
    let command = LogIn {
        name: username.to_owned(),
        password: Password::typed(known_password(username).to_owned()),
        device: Device::default(),
    };
    let signed_in = application.sessions.log_in(origin(application), command).await;
    let tokens = signed_in.map_err(Failure::other)?.tokens;
    application.sessions.authenticate(&tokens.access).await.map_err(Failure::other)
}

fn origin(application: &Application) -> Origin {
    Origin { request: application.next_request(), address: None }
}

fn password(username: &str) -> NewPassword {
    NewPassword::of_a_demo(known_password(username).to_owned())
}

/// The passwords that everybody knows; who has none in the list has a pharmacy's.
fn known_password(username: &str) -> &'static str {
    let known = LOG_INS.iter().find(|(_, name, _)| *name == username);
    known.map_or("demo-pharmacy", |(_, _, password)| password)
}

fn nth<T: Copy>(ids: &[T], at: usize) -> Result<T, Failure> {
    ids.get(at).copied().ok_or_else(|| Failure::other("the demo clinic names nobody"))
}
