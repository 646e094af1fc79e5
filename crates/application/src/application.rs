//! The application: every use case, as the adapters reach them.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use medilink_domain::care::CareWindow;
use medilink_domain::id::{AuditEntryId, RequestId};
use medilink_domain::password::PasswordRules;
use medilink_domain::zone::Zone;

use crate::appointment::Appointments;
use crate::assignment::Assignments;
use crate::attempt::AttemptCounter;
use crate::audit::Audit;
use crate::call::{Call, Caller};
use crate::doctor::Doctors;
use crate::error::{Result, StoreError};
use crate::page::{CursorError, List};
use crate::patient::Patients;
use crate::pharmacy::Pharmacies;
use crate::ports::{
    AuditLog, Clock, Cursors, Devices, Ids, PasswordHasher, RefusalCounter, SetUpTokens,
    TokenIssuer,
};
use crate::session::Sessions;
use crate::statistics::Statistics;
use crate::store::Store;
use crate::time_slot::TimeSlots;
use crate::user::Users;

/// What the use cases are built on.
#[derive(Clone)]
pub struct Ports {
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// What was read and refused.
    pub audit: Arc<dyn AuditLog>,
    /// Who was refused and is unknown.
    pub refusals: Arc<dyn RefusalCounter>,
    /// How often signing in has failed.
    pub attempts: Arc<dyn AttemptCounter>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// Passwords.
    pub passwords: Arc<dyn PasswordHasher>,
    /// Tokens.
    pub tokens: Arc<dyn TokenIssuer>,
    /// Devices.
    pub devices: Arc<dyn Devices>,
    /// The token with which the first administrator is made.
    pub set_up: Arc<dyn SetUpTokens>,
    /// Cursors.
    pub cursors: Arc<dyn Cursors>,
}

/// What an installation decides for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The zone of dates that no doctor's zone applies to.
    pub default_time_zone: Zone,
    /// For how long a completed appointment is care.
    pub care_window: CareWindow,
    /// Whether registrations wait for an admin's approval.
    pub approval_required: bool,
    /// Whether people may register themselves.
    pub registration_open: bool,
    /// What is asked of new passwords.
    pub password_rules: PasswordRules,
    /// Whether whoever has failed to sign in has to wait before the next attempt.
    pub attempts_wait: bool,
    /// How long an access token holds.
    pub access_token_minutes: u32,
    /// How long a session lasts without use.
    pub refresh_token_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_time_zone: Zone::utc(),
            care_window: CareWindow::default(),
            approval_required: true,
            registration_open: true,
            password_rules: PasswordRules::default(),
            attempts_wait: true,
            access_token_minutes: 15,
            refresh_token_days: 7,
        }
    }
}

/// Why requests cannot be served. What the store said is for the log alone.
#[derive(Debug, thiserror::Error)]
pub enum Unready {
    /// Somebody told the program to stop.
    #[error("the program is about to stop")]
    Retiring,
    /// Nothing can be read.
    #[error("the database does not answer")]
    Silent(#[source] StoreError),
    /// Nothing can be kept.
    #[error("nothing can be written")]
    Unwritable(#[source] StoreError),
}

/// Every use case of MediLink.
pub struct Application {
    /// Booking and what follows.
    pub appointments: Appointments,
    /// Who is assigned to whose care.
    pub assignments: Assignments,
    /// Who did, saw or was refused what.
    pub audit: Audit,
    /// The directory of doctors.
    pub doctors: Doctors,
    /// Patients' records.
    pub patients: Patients,
    /// The directory of pharmacies.
    pub pharmacies: Pharmacies,
    /// Signing in and staying signed in.
    pub sessions: Sessions,
    /// The whole installation in figures.
    pub statistics: Statistics,
    /// What doctors publish of their time.
    pub time_slots: TimeSlots,
    /// Accounts.
    pub users: Users,
    ports: Ports,
    settings: Arc<Settings>,
    retiring: AtomicBool,
}

impl Application {
    /// Plugs the ports into the use cases.
    pub fn new(ports: Ports, settings: Settings) -> Self {
        let settings = Arc::new(settings);
        Self {
            appointments: Appointments::new(ports.clone(), Arc::clone(&settings)),
            assignments: Assignments::new(ports.clone(), Arc::clone(&settings)),
            audit: Audit::new(ports.clone(), Arc::clone(&settings)),
            doctors: Doctors::new(ports.clone()),
            patients: Patients::new(ports.clone(), Arc::clone(&settings)),
            pharmacies: Pharmacies::new(ports.clone()),
            sessions: Sessions::new(ports.clone(), Arc::clone(&settings)),
            statistics: Statistics::new(ports.clone(), Arc::clone(&settings)),
            time_slots: TimeSlots::new(ports.clone(), Arc::clone(&settings)),
            users: Users::new(ports.clone(), Arc::clone(&settings)),
            ports,
            settings,
            retiring: AtomicBool::new(false),
        }
    }

    /// Performs a use case for somebody, and records what the audit trail has to know of it before
    /// the answer goes out: data of patients that were read, and refusals. If that record cannot
    /// be made, there is no answer either.
    ///
    /// # Errors
    ///
    /// Those of the use case, and [`Error::Store`](crate::Error::Store) if the audit trail fails.
    pub async fn perform<T>(
        &self,
        caller: Caller,
        use_case: impl AsyncFnOnce(&Call) -> Result<T>,
    ) -> Result<T> {
        let call = Call::new(caller, AuditEntryId::new(self.ports.ids.next()));
        let result = use_case(&call).await;
        if let Some(entry) = call.owed(&result, self.ports.clock.now()) {
            self.ports.audit.record(entry).await?;
        }
        result
    }

    /// Counts somebody whom nobody knows, and who was told so.
    pub fn refuse(&self, address: Option<IpAddr>) {
        self.ports.refusals.count(address, self.ports.clock.now());
    }

    /// Names a new request.
    pub fn next_request(&self) -> RequestId {
        RequestId::new(self.ports.ids.next())
    }

    /// Returns the zone of dates that no doctor's zone applies to.
    pub fn default_time_zone(&self) -> &Zone {
        &self.settings.default_time_zone
    }

    /// Reads a cursor, which has to go on in one of these lists. A list opens it again; that it cannot
    /// is told here together with whatever else is wrong.
    ///
    /// # Errors
    ///
    /// [`CursorError`] if it goes on in none of them.
    pub fn cursor(&self, lists: &[List], raw: &str) -> Result<String, CursorError> {
        let goes_on = |list: &List| self.ports.cursors.open(*list, raw).is_some();
        lists.iter().any(goes_on).then(|| raw.to_owned()).ok_or(CursorError)
    }

    /// Returns what is asked of new passwords.
    pub fn password_rules(&self) -> PasswordRules {
        self.settings.password_rules
    }

    /// Tells whether requests can be served: the store answers, and the program is to go on.
    ///
    /// # Errors
    ///
    /// [`Unready`] that says why not.
    pub async fn ready(&self) -> Result<(), Unready> {
        if self.is_retiring() {
            return Err(Unready::Retiring);
        }
        self.ports.store.ping().await.map_err(Unready::Silent)?;
        self.ports.store.try_to_write().await.map_err(Unready::Unwritable)
    }

    /// Says that the program is about to stop. It still serves whoever comes, but asks nobody to
    /// stay.
    pub fn retire(&self) {
        self.retiring.store(true, Ordering::Relaxed);
    }

    /// Tells whether the program is about to stop.
    pub fn is_retiring(&self) -> bool {
        self.retiring.load(Ordering::Relaxed)
    }
}
