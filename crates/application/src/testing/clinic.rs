//! A clinic that exists in one test.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use medilink_domain::attempt::TooSoon;
use medilink_domain::record::Record;

use super::{FakeQueries, FakeUnitOfWork, FixedClock, NOW, PlainCursors, SequentialIds, Trail, at};
use crate::Application;
use crate::application::{Ports, Settings};
use crate::attempt::MockAttemptCounter;
use crate::call::{Call, Caller};
use crate::error::{Result, StoreError};
use crate::idempotency::Reservation;
use crate::ports::{
    MockAuditLog, MockDevices, MockPasswordHasher, MockSetUpTokens, MockTokenIssuer, RefreshToken,
};
use crate::store::{Queries, Store, UnitOfWork};

/// A clinic that exists in one test: what its use cases will find.
#[derive(Default)]
pub struct FakeClinic {
    /// What the one unit of work will find.
    pub work: Box<FakeUnitOfWork>,
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

    /// Finds nothing that a doctor has published, and nothing that anybody has booked.
    pub fn has_nothing_on_its_calendar(&mut self) {
        let slots = &mut self.queries.time_slots;
        slots.expect_overlapping().returning(|_, _| Ok(Vec::new()));
        slots.expect_publishes().returning(|_, _| Ok(false));
        let appointments = &mut self.queries.appointments;
        appointments.expect_booked_of_doctor().returning(|_, _| Ok(Vec::new()));
        appointments.expect_booked_of_patient().returning(|_, _| Ok(Vec::new()));
    }

    /// Fails to record reads and refusals.
    pub fn cannot_record(&mut self) {
        let mut broken = MockAuditLog::new();
        broken.expect_record().returning(|_| Err(StoreError::Busy));
        self.audit = Some(broken);
    }

    /// Lets somebody perform a use case in it, and returns the answer and the trail that was written.
    pub fn perform<T>(
        self,
        by: Caller,
        use_case: impl AsyncFnOnce(&Application, &Call) -> Result<T>,
    ) -> impl Future<Output = (Result<T>, Trail)> {
        // Not within the future, which would be large with a clinic in it.
        let (application, trail) = self.open();
        async move {
            let answer =
                application.perform(by, async |call| use_case(&application, call).await).await;
            (answer, trail)
        }
    }

    /// Opens the application, with the trail that it writes. It has one unit of work to give, or
    /// two.
    pub fn open(self) -> (Application, Trail) {
        let trail = Trail::default();
        let works = [Some(*self.work), self.then].into_iter().flatten();
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
            refusals: Arc::new(trail.clone()),
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
