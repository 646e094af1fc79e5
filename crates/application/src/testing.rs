//! What tests of use cases stand on: mocks of the ports, a fixed clock, and people to act.
//!
//! A test fills in what the use case will find, opens the application, performs the use case, and
//! looks at what was committed and recorded.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use medilink_domain::actor::Actor;
use medilink_domain::appointment::{Appointment, AppointmentChange, AppointmentStatus, Booking};
use medilink_domain::assignment::Assignment;
use medilink_domain::attempt::TooSoon;
use medilink_domain::audit::{AuditEntry, Origin};
use medilink_domain::doctor::{Doctor, DoctorProfile};
use medilink_domain::email::Email;
use medilink_domain::id::{
    AppointmentId, AssignmentId, DoctorId, PatientId, PharmacyId, RequestId, SessionId, UserId,
    Uuid,
};
use medilink_domain::name::PersonName;
use medilink_domain::password::PasswordHash;
use medilink_domain::patient::{Patient, PatientDetails};
use medilink_domain::period::BookableTime;
use medilink_domain::pharmacy::{Pharmacy, PharmacyProfile};
use medilink_domain::record::Record;
use medilink_domain::revision::Revision;
use medilink_domain::session::Session;
use medilink_domain::text::LicenseNumber;
use medilink_domain::time::{Date, Timestamp};
use medilink_domain::user::{Role, User, UserStatus, Username};
use medilink_domain::zone::Zone;

use crate::Application;
use crate::application::{Ports, Settings};
use crate::appointment::{
    AppointmentQueries, AppointmentRepository, MockAppointmentQueries, MockAppointmentRepository,
};
use crate::assignment::{
    AssignmentQueries, AssignmentRepository, MockAssignmentQueries, MockAssignmentRepository,
};
use crate::attempt::{AttemptRepository, MockAttemptCounter, MockAttemptRepository};
use crate::call::Caller;
use crate::doctor::{DoctorQueries, DoctorRepository, MockDoctorQueries, MockDoctorRepository};
use crate::error::StoreError;
use crate::idempotency::{
    IdempotencyKey, IdempotencyRepository, MockIdempotencyRepository, Reservation,
};
use crate::page::Position;
use crate::patient::{
    MockPatientQueries, MockPatientRepository, PatientQueries, PatientRepository,
};
use crate::pharmacy::{MockPharmacyRepository, PharmacyRepository};
use crate::ports::{
    AuditLog, Clock, Cursors, Ids, MockAuditLog, MockDevices, MockPasswordHasher, MockSetUpTokens,
    MockTokenIssuer, RefreshToken,
};
use crate::session::{
    MockSessionQueries, MockSessionRepository, SessionQueries, SessionRepository,
};
use crate::store::{Queries, Store, UnitOfWork};
use crate::time_slot::{
    MockTimeSlotQueries, MockTimeSlotRepository, TimeSlotQueries, TimeSlotRepository,
};
use crate::user::{MockUserQueries, MockUserRepository, UserQueries, UserRepository};

/// The day before the appointments of tests: 2030-01-06, noon.
pub const NOW: &str = "2030-01-06T12:00:00Z";

/// The user who made the records of tests.
pub const CREATOR: u128 = 100;

/// A clock that stands still.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Ids that count from a thousand.
#[derive(Debug)]
pub struct SequentialIds(AtomicU64);

impl Default for SequentialIds {
    fn default() -> Self {
        Self(AtomicU64::new(1000))
    }
}

impl Ids for SequentialIds {
    fn next(&self) -> Uuid {
        Uuid::from_u128(self.0.fetch_add(1, Ordering::Relaxed).into())
    }
}

/// Cursors that anybody can read.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainCursors;

impl Cursors for PlainCursors {
    fn seal(&self, list: &str, position: &Position) -> String {
        format!("{list}|{}|{}", position.key, position.id)
    }

    fn open(&self, list: &str, cursor: &str) -> Option<Position> {
        let (key, id) = cursor.strip_prefix(list)?.strip_prefix('|')?.rsplit_once('|')?;
        Some(Position { key: key.to_owned(), id: id.parse().ok()? })
    }
}

/// What was written to the audit trail.
#[derive(Debug, Clone, Default)]
pub struct Trail(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    committed: Option<AuditEntry>,
    recorded: Vec<AuditEntry>,
}

impl Trail {
    /// Returns the entry that came with the commit, or `None` if nothing was committed.
    pub fn committed(&self) -> Option<AuditEntry> {
        self.entries().committed.clone()
    }

    /// Returns the entries of what was read or refused.
    pub fn recorded(&self) -> Vec<AuditEntry> {
        self.entries().recorded.clone()
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl AuditLog for Trail {
    async fn record(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.entries().recorded.push(entry);
        Ok(())
    }
}

/// A unit of work whose repositories are mocks.
#[derive(Default)]
pub struct FakeUnitOfWork {
    /// The appointments.
    pub appointments: MockAppointmentRepository,
    /// The assignments.
    pub assignments: MockAssignmentRepository,
    /// The counts of attempts to sign in.
    pub attempts: MockAttemptRepository,
    /// The doctors.
    pub doctors: MockDoctorRepository,
    /// The idempotency keys.
    pub idempotency: MockIdempotencyRepository,
    /// The patients.
    pub patients: MockPatientRepository,
    /// The pharmacies.
    pub pharmacies: MockPharmacyRepository,
    /// The sessions.
    pub sessions: MockSessionRepository,
    /// The time slots.
    pub time_slots: MockTimeSlotRepository,
    /// The users.
    pub users: MockUserRepository,
    trail: Trail,
}

#[async_trait]
impl UnitOfWork for FakeUnitOfWork {
    fn appointments(&mut self) -> &mut dyn AppointmentRepository {
        &mut self.appointments
    }

    fn assignments(&mut self) -> &mut dyn AssignmentRepository {
        &mut self.assignments
    }

    fn attempts(&mut self) -> &mut dyn AttemptRepository {
        &mut self.attempts
    }

    fn doctors(&mut self) -> &mut dyn DoctorRepository {
        &mut self.doctors
    }

    fn idempotency(&mut self) -> &mut dyn IdempotencyRepository {
        &mut self.idempotency
    }

    fn patients(&mut self) -> &mut dyn PatientRepository {
        &mut self.patients
    }

    fn pharmacies(&mut self) -> &mut dyn PharmacyRepository {
        &mut self.pharmacies
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        &mut self.sessions
    }

    fn time_slots(&mut self) -> &mut dyn TimeSlotRepository {
        &mut self.time_slots
    }

    fn users(&mut self) -> &mut dyn UserRepository {
        &mut self.users
    }

    async fn commit(self: Box<Self>, audit: AuditEntry) -> Result<(), StoreError> {
        self.trail.entries().committed = Some(audit);
        Ok(())
    }
}

/// Queries that are mocks.
#[derive(Default)]
pub struct FakeQueries {
    /// The appointments.
    pub appointments: MockAppointmentQueries,
    /// The assignments.
    pub assignments: MockAssignmentQueries,
    /// The doctors.
    pub doctors: MockDoctorQueries,
    /// The patients.
    pub patients: MockPatientQueries,
    /// The sessions.
    pub sessions: MockSessionQueries,
    /// The time slots.
    pub time_slots: MockTimeSlotQueries,
    /// The users.
    pub users: MockUserQueries,
}

impl Queries for FakeQueries {
    fn appointments(&self) -> &dyn AppointmentQueries {
        &self.appointments
    }

    fn assignments(&self) -> &dyn AssignmentQueries {
        &self.assignments
    }

    fn doctors(&self) -> &dyn DoctorQueries {
        &self.doctors
    }

    fn patients(&self) -> &dyn PatientQueries {
        &self.patients
    }

    fn sessions(&self) -> &dyn SessionQueries {
        &self.sessions
    }

    fn time_slots(&self) -> &dyn TimeSlotQueries {
        &self.time_slots
    }

    fn users(&self) -> &dyn UserQueries {
        &self.users
    }
}

/// A clinic that exists in one test: what its use cases will find.
#[derive(Default)]
pub struct FakeClinic {
    /// What the one unit of work will find.
    pub work: FakeUnitOfWork,
    /// What a second unit of work will find, if there is to be one.
    pub then: Option<FakeUnitOfWork>,
    /// What reads will find.
    pub queries: FakeQueries,
    /// Passwords.
    pub passwords: MockPasswordHasher,
    /// How often signing in has failed.
    pub attempts: MockAttemptCounter,
    /// Devices.
    pub devices: MockDevices,
    /// The token with which the first administrator is made.
    pub set_up: MockSetUpTokens,
    /// Tokens.
    pub tokens: MockTokenIssuer,
    /// What keeps the entries of reads and refusals; without one, the trail keeps them.
    pub audit: Option<MockAuditLog>,
    /// What the store fails with, if it does.
    pub store_fails: Option<fn() -> StoreError>,
    /// Whether the store never answers.
    pub store_is_stuck: bool,
    /// What the installation decides for itself.
    pub settings: Settings,
}

impl FakeClinic {
    /// Takes the caller's key for that of an earlier request, which made or changed this record.
    pub fn has_written(&mut self, record: impl Into<Record>) {
        let earlier = record.into().id;
        let claim = self.work.idempotency.expect_reserve();
        claim.returning(move |_, _, _, _| Ok(Reservation::Replay(earlier)));
    }

    /// Signs access tokens that say their session and their end, and makes refresh tokens.
    pub fn signs_tokens(&mut self) {
        self.tokens
            .expect_sign()
            .returning(|claims| Ok(format!("{} until {}", claims.session, claims.expires_at)));
        let refresh = RefreshToken { secret: "refresh".to_owned(), hash: [8; 32] };
        self.tokens.expect_refresh().returning(move || Ok(refresh.clone()));
        self.devices.expect_remember().returning(|user| Ok(format!("device of {user}")));
    }

    /// Counts every attempt to prove who one is, or makes it wait.
    pub fn counts_attempts(&mut self, outcome: Result<(), TooSoon>) {
        self.attempts.expect_count().returning(move |_, _| Ok(outcome));
    }

    /// Fails to record reads and refusals.
    pub fn cannot_record(&mut self) {
        let mut broken = MockAuditLog::new();
        broken.expect_record().returning(|_| Err(StoreError::Busy));
        self.audit = Some(broken);
    }

    /// Opens the application, with the trail that it writes. It has one unit of work to give, or
    /// two.
    pub fn open(self) -> (Application, Trail) {
        let trail = Trail::default();
        let works = [Some(self.work), self.then].into_iter().flatten();
        let works = works.map(|work| FakeUnitOfWork { trail: trail.clone(), ..work }).collect();
        let ports = Ports {
            store: Arc::new(FakeStore {
                works: Mutex::new(works),
                queries: Arc::new(self.queries),
                fails: self.store_fails,
                is_stuck: self.store_is_stuck,
            }),
            audit: match self.audit {
                Some(audit) => Arc::new(audit),
                None => Arc::new(trail.clone()),
            },
            attempts: Arc::new(self.attempts),
            clock: Arc::new(FixedClock(at(NOW))),
            ids: Arc::new(SequentialIds::default()),
            passwords: Arc::new(self.passwords),
            tokens: Arc::new(self.tokens),
            devices: Arc::new(self.devices),
            set_up: Arc::new(self.set_up),
            cursors: Arc::new(PlainCursors),
        };
        (Application::new(ports, self.settings), trail)
    }
}

struct FakeStore {
    works: Mutex<VecDeque<FakeUnitOfWork>>,
    queries: Arc<dyn Queries>,
    fails: Option<fn() -> StoreError>,
    is_stuck: bool,
}

#[async_trait]
impl Store for FakeStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.ping().await?;
        let work = self.works.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        Ok(Box::new(work.ok_or(StoreError::Busy)?))
    }

    fn queries(&self) -> Arc<dyn Queries> {
        Arc::clone(&self.queries)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        if self.is_stuck {
            std::future::pending::<()>().await;
        }
        self.fails.map_or(Ok(()), |error| Err(error()))
    }

    async fn try_to_write(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Reads an instant that a test knows to be right.
///
/// # Panics
///
/// Panics if it is none.
#[expect(clippy::expect_used, reason = "a test that misspells an instant has to end")]
pub fn at(raw: &str) -> Timestamp {
    Timestamp::parse(raw).expect("an instant")
}

/// Makes an active user in a role. A doctor is doctor 3, a patient is patient 4.
pub fn an_actor(role: Role) -> Actor {
    Actor {
        user: UserId::new(Uuid::from_u128(1)),
        session: SessionId::new(Uuid::from_u128(2)),
        role,
        status: UserStatus::Active,
        doctor: (role == Role::Doctor).then(|| DoctorId::new(Uuid::from_u128(3))),
        patient: (role == Role::Patient).then(|| PatientId::new(Uuid::from_u128(4))),
        pharmacy: (role == Role::Pharmacy).then(|| PharmacyId::new(Uuid::from_u128(5))),
    }
}

/// Makes a call of an active user in a role.
pub fn a_caller(role: Role) -> Caller {
    Caller { actor: an_actor(role), origin: an_origin(), idempotency: None }
}

/// Makes a call that names itself, so that a second one is the same.
pub fn a_caller_with_a_key(role: Role) -> Caller {
    let key = IdempotencyKey { key: "once".to_owned(), fingerprint: [7; 32] };
    Caller { idempotency: Some(key), ..a_caller(role) }
}

/// Makes a call of the user who made the records of tests.
pub fn the_creator(role: Role) -> Caller {
    let mut caller = a_caller(role);
    caller.actor.user = UserId::new(Uuid::from_u128(CREATOR));
    caller
}

/// Makes a call of an active user whom no record of tests concerns.
pub fn a_stranger(role: Role) -> Caller {
    let mut caller = a_caller(role);
    let other = Uuid::from_u128(99);
    caller.actor.doctor = caller.actor.doctor.map(|_| DoctorId::new(other));
    caller.actor.patient = caller.actor.patient.map(|_| PatientId::new(other));
    caller.actor.pharmacy = caller.actor.pharmacy.map(|_| PharmacyId::new(other));
    caller
}

/// Makes a call of a doctor whom no admin has approved yet.
pub fn a_pending_doctor() -> Caller {
    let mut caller = a_caller(Role::Doctor);
    caller.actor.status = UserStatus::Pending;
    caller
}

/// Makes a place that a call comes from.
pub const fn an_origin() -> Origin {
    Origin { request: RequestId::new(Uuid::from_u128(6)), address: None }
}

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
    Pharmacy::new(id, PharmacyProfile::default(), None, at(NOW))
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

/// Reads a day that a test knows to be right.
pub fn day(raw: &str) -> Option<Date> {
    Date::parse(raw).ok()
}
