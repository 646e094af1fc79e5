//! A store with a few people in it.

use std::sync::atomic::{AtomicU32, Ordering};

use medilink_application::error::StoreError;
use medilink_application::ports::Ids;
use medilink_application::store::{Store, UnitOfWork};
use medilink_application::testing::{NOW, a_hash, at};
use medilink_domain::actor::Actor;
use medilink_domain::appointment::{Appointment, Booking};
use medilink_domain::audit::{AuditEntry, Outcome};
use medilink_domain::doctor::{Doctor, DoctorProfile};
use medilink_domain::email::Email;
use medilink_domain::id::{
    AppointmentId, AuditEntryId, DoctorId, PatientId, SessionId, UserId, Uuid,
};
use medilink_domain::name::PersonName;
use medilink_domain::patient::{Patient, PatientDetails};
use medilink_domain::period::{BookableTime, Period};
use medilink_domain::policy::Action;
use medilink_domain::revision::Revision;
use medilink_domain::text::LicenseNumber;
use medilink_domain::time::Timestamp;
use medilink_domain::time_slot::Publication;
use medilink_domain::user::{Role, User, UserStatus, Username};
use medilink_domain::zone::Zone;
use medilink_persistence::SeaOrmStore;
use medilink_security::SystemIds;
use medilink_tests::TestDatabase;

/// A store with a user, two doctors and two patients.
pub(crate) struct Clinic {
    pub(crate) database: TestDatabase,
    pub(crate) store: SeaOrmStore,
    pub(crate) user: User,
    pub(crate) doctors: [Doctor; 2],
    pub(crate) patients: [Patient; 2],
}

impl Clinic {
    pub(crate) async fn on(database: TestDatabase) -> Self {
        let store = database.store().await;
        let user = a_user();
        let doctors = [a_doctor(None), a_doctor(None)];
        let patients = [a_patient(&user), a_patient(&user)];
        let mut work = store.begin().await.unwrap();
        work.users().insert(&user).await.unwrap();
        for doctor in &doctors {
            work.doctors().insert(doctor).await.unwrap();
        }
        for patient in &patients {
            work.patients().insert(patient).await.unwrap();
        }
        work.commit(an_entry()).await.unwrap();
        Self { database, store, user, doctors, patients }
    }

    /// Makes an appointment of one of the doctors and one of the patients, on 2030-01-07.
    pub(crate) fn appointment(
        &self,
        doctor: usize,
        patient: usize,
        start: &str,
        end: &str,
    ) -> Appointment {
        let booking = Booking {
            time: BookableTime::new(on_monday(start, end)).unwrap(),
            reason: None,
            notes: None,
        };
        let id = AppointmentId::new(new_id());
        let by = self.actor(Role::Admin);
        let (doctor, patient) = (&self.doctors[doctor], &self.patients[patient]);
        Appointment::book(id, (doctor, Publication::NotWhole), patient, booking, &by, at(NOW))
            .unwrap()
            .0
    }

    /// Books an appointment as the use case does: doctor, patient, then the write.
    pub(crate) async fn book(&self, appointment: &Appointment) -> Result<(), StoreError> {
        let mut work = self.store.begin().await?;
        work.doctors().lock(appointment.doctor).await?;
        work.patients().lock(appointment.patient).await?;
        insert(&mut *work, appointment).await?;
        work.commit(an_entry()).await
    }

    /// Cancels an appointment.
    pub(crate) async fn cancel(&self, id: AppointmentId) -> Appointment {
        let mut work = self.store.begin().await.unwrap();
        let mut appointment = work.appointments().lock(id).await.unwrap().unwrap();
        let change = appointment.cancel(None, &self.actor(Role::Admin), at(NOW)).unwrap();
        work.appointments().update(&appointment, &change).await.unwrap();
        work.commit(an_entry()).await.unwrap();
        appointment
    }

    /// Returns the user in a role.
    pub(crate) fn actor(&self, role: Role) -> Actor {
        Actor {
            user: self.user.id,
            session: SessionId::new(Uuid::nil()),
            role,
            status: UserStatus::Active,
            doctor: (role == Role::Doctor).then_some(self.doctors[0].id),
            patient: (role == Role::Patient).then_some(self.patients[0].id),
            pharmacy: None,
        }
    }
}

/// Adds an appointment with the first line of its history.
pub(crate) async fn insert(
    work: &mut dyn UnitOfWork,
    appointment: &Appointment,
) -> Result<(), StoreError> {
    let change = medilink_domain::appointment::AppointmentChange {
        from: None,
        to: appointment.status,
        old_time: None,
        new_time: appointment.time,
        by: appointment.created_by,
        at: appointment.revision.created_at,
        reason: None,
    };
    work.appointments().insert(appointment, &change).await
}

pub(crate) fn new_id() -> Uuid {
    SystemIds.next()
}

pub(crate) fn on_monday(start: &str, end: &str) -> Period {
    let at = |time: &str| Timestamp::parse(&format!("2030-01-07T{time}:00Z")).unwrap();
    Period::new(at(start), at(end)).unwrap()
}

pub(crate) fn a_user() -> User {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    User {
        id: UserId::new(new_id()),
        username: Username::parse(&format!("user{number}")).unwrap(),
        email: Email::parse(&format!("user{number}@example.org")).unwrap(),
        password_hash: a_hash(),
        name: PersonName::parse("Ada", "Lovelace").unwrap(),
        phone: None,
        role: Role::Coordinator,
        status: UserStatus::Active,
        approved_at: Some(at(NOW)),
        revision: Revision::new(at(NOW)),
    }
}

pub(crate) fn a_doctor(license: Option<&str>) -> Doctor {
    let mut profile = DoctorProfile::blank(Zone::parse("Europe/Berlin").unwrap());
    profile.name = PersonName::parse("Emily", "Chen").unwrap();
    profile.license_number = license.map(|number| LicenseNumber::parse(number).unwrap());
    Doctor::new(DoctorId::new(new_id()), profile, None, at(NOW))
}

pub(crate) fn a_patient(creator: &User) -> Patient {
    let details = PatientDetails {
        name: PersonName::parse("Alan", "Turing").unwrap(),
        ..PatientDetails::default()
    };
    Patient::new(PatientId::new(new_id()), details, None, creator.id, at(NOW))
}

pub(crate) fn an_entry() -> AuditEntry {
    AuditEntry {
        id: AuditEntryId::new(new_id()),
        at: at(NOW),
        who: None,
        origin: None,
        action: Action::CreateAdmin,
        outcome: Outcome::Done,
        record: None,
        patient: None,
        refused: None,
    }
}
