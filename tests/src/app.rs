//! The whole application in this process: real router, real store, real hashing at a low price,
//! and a clock that the test moves.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, mpsc};

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use medilink_application::application::{Ports, Settings};
use medilink_application::ports::{Clock, PasswordHasher, SetUpTokens, Verdict};
use medilink_application::testing::{NOW, at};
use medilink_application::user::CreateAdmin;
use medilink_application::{Application, Error};
use medilink_domain::email::Email;
use medilink_domain::password::{NewPassword, Password, PasswordHash, PasswordRules};
use medilink_domain::time::Timestamp;
use medilink_domain::user::Username;
use medilink_http::{Description, Edge};
use medilink_persistence::{GroupedAuditLog, RefusalLog, SeaOrmStore};
use medilink_security::{
    Argon2Hasher, DerivedSetUpToken, HashCost, JwtIssuer, SealedCursors, SealedDevices, SecretKey,
    SystemIds,
};
use serde_json::{Value, json};

use crate::database::TestDatabase;
use crate::person::{Person, text};

/// The key that the application of tests signs with.
pub const KEY: &str = "a key of tests, of 32 bytes or more";

/// The password of everybody in tests.
pub const PASSWORD: &str = "correct horse battery";

/// What every application says of itself, made once for all tests.
static DESCRIPTION: LazyLock<Description> =
    LazyLock::new(|| Description::of(&medilink_http::openapi()).expect("a description"));

/// A clock that stands at [`NOW`] until a test moves it.
#[derive(Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        at(NOW).saturating_add(chrono::TimeDelta::seconds(self.0.load(Ordering::Relaxed)))
    }
}

impl TestClock {
    /// Moves the clock.
    pub fn advance(&self, minutes: i64) {
        self.0.fetch_add(minutes * 60, Ordering::Relaxed);
    }
}

/// Hashes passwords at a low price, unless a test says that nobody has time for it.
#[derive(Clone, Default)]
pub struct TestHasher(Arc<AtomicBool>);

impl TestHasher {
    /// Says whether too many wait for a hash already, from now on.
    pub fn is_overloaded(&self, overloaded: bool) {
        self.0.store(overloaded, Ordering::Relaxed);
    }

    fn may_hash(&self) -> Result<(), Error> {
        if self.0.load(Ordering::Relaxed) { Err(Error::Overloaded) } else { Ok(()) }
    }
}

/// What the application hashes with.
struct Hasher(Argon2Hasher, TestHasher);

#[async_trait::async_trait]
impl PasswordHasher for Hasher {
    async fn hash(&self, password: NewPassword) -> Result<PasswordHash, Error> {
        self.1.may_hash()?;
        self.0.hash(password).await
    }

    async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<Verdict, Error> {
        self.1.may_hash()?;
        self.0.verify(password, hash).await
    }
}

/// A clinic that serves its API on a port of its own, until it is dropped.
pub struct TestApp {
    /// The database under it.
    pub database: Arc<TestDatabase>,
    /// The clock that it lives by.
    pub clock: TestClock,
    /// What it hashes passwords with.
    pub hasher: TestHasher,
    address: SocketAddr,
    handle: ServerHandle,
    people: AtomicU32,
}

impl TestApp {
    /// Starts a clinic on SQLite.
    pub async fn start() -> Self {
        Self::on(TestDatabase::sqlite().await).await
    }

    /// Starts a clinic on a database.
    pub async fn on(database: TestDatabase) -> Self {
        Self::with(database, Settings::default()).await
    }

    /// Starts a clinic with settings of its own.
    #[expect(clippy::unused_async, reason = "starting is awaited like everything else")]
    pub async fn with(database: TestDatabase, settings: Settings) -> Self {
        Self::open(database, settings, Edge::default(), Some(the_admin()))
    }

    /// Starts a clinic that has never had an administrator; several on one database are instances of
    /// one installation.
    #[expect(clippy::unused_async, reason = "starting is awaited like everything else")]
    pub async fn without_admin(database: Arc<TestDatabase>) -> Self {
        Self::open(database, Settings::default(), Edge::default(), None)
    }

    /// Starts a clinic on SQLite with an edge of its own, behind which failed attempts do not wait.
    pub async fn behind(edge: Edge) -> Self {
        Self::behind_with(edge, Settings { attempts_wait: false, ..Settings::default() }).await
    }

    /// Starts a clinic on SQLite with an edge and settings of its own.
    pub async fn behind_with(edge: Edge, settings: Settings) -> Self {
        Self::open(TestDatabase::sqlite().await, settings, edge, Some(the_admin()))
    }

    fn open(
        database: impl Into<Arc<TestDatabase>>,
        settings: Settings,
        edge: Edge,
        admin: Option<CreateAdmin>,
    ) -> Self {
        let database = database.into();
        let clock = TestClock(Arc::default());
        let hasher = TestHasher::default();
        let (started, waiting) = mpsc::channel();
        let (url, given) = (database.parsed_url(), (clock.clone(), hasher.clone()));
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let store = SeaOrmStore::open(&url, false).await.expect("a store");
                let (clock, ids) = (Arc::new(given.0.clone()), Arc::new(SystemIds));
                let refusals = RefusalLog::new(store.clone(), clock, ids);
                let running = refusals.start();
                let application = Data::new(application(store, refusals, given, settings));
                if let Some(admin) = admin {
                    application.users.create_admin(admin).await.expect("an administrator");
                }
                let edge = Data::new(edge);
                let server = HttpServer::new(move || {
                    medilink_http::app(application.clone(), edge.clone(), DESCRIPTION.clone())
                })
                .workers(1)
                .disable_signals()
                .bind("127.0.0.1:0")
                .expect("a port");
                let address = server.addrs()[0];
                let server = server.run();
                started.send((address, server.handle())).expect("a test that waits");
                server.await.expect("a server that ends in peace");
                running.stop().await;
            });
        });
        let (address, handle) = waiting.recv().expect("a server that starts");
        Self { database, clock, hasher, address, handle, people: AtomicU32::new(0) }
    }

    /// Returns where the API is.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns somebody whom nobody knows.
    pub fn unknown(&self) -> Person {
        Person::unknown(&self.base())
    }

    /// Returns the administrator, signed in.
    pub async fn an_admin(&self) -> Person {
        self.unknown().logs_in("admin", PASSWORD).await
    }

    /// Returns a new patient, signed in.
    pub async fn a_patient(&self) -> Person {
        self.registered("patient", json!({})).await
    }

    /// Returns a new doctor, approved and signed in.
    pub async fn a_doctor(&self) -> Person {
        self.approved("doctor").await
    }

    /// Returns a new doctor, approved and signed in, with more fields of the profile.
    pub async fn a_doctor_with(&self, more: Value) -> Person {
        self.approved_with("doctor", more).await
    }

    /// Returns a new coordinator, approved and signed in.
    pub async fn a_coordinator(&self) -> Person {
        self.approved("coordinator").await
    }

    /// Returns a new pharmacy, approved and signed in.
    pub async fn a_pharmacy(&self) -> Person {
        self.approved("pharmacy").await
    }

    /// Returns a new user in a role, signed in, with more fields of the profile.
    pub async fn registered(&self, role: &str, more: Value) -> Person {
        let number = self.people.fetch_add(1, Ordering::Relaxed);
        let mut body = json!({
            "email": format!("{role}{number}@example.org"),
            "password": PASSWORD,
            "first_name": "Test",
            "last_name": format!("{role}{number}"),
            "role": role,
        });
        for (name, value) in more.as_object().expect("fields") {
            body[name] = value.clone();
        }
        self.unknown().registers(body).await
    }

    async fn approved(&self, role: &str) -> Person {
        self.approved_with(role, json!({})).await
    }

    async fn approved_with(&self, role: &str, more: Value) -> Person {
        let person = self.registered(role, more).await;
        let path = format!("/api/v1/users/{}/approve", person.user_id());
        let user = self.an_admin().await.post(&path, json!({})).await.ok();
        assert_eq!(text(&user["status"]), "active");
        person
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

fn application(
    store: SeaOrmStore,
    refusals: RefusalLog,
    (clock, hasher): (TestClock, TestHasher),
    settings: Settings,
) -> Application {
    let key = the_key();
    let cheap = Argon2Hasher::new(HashCost::TRIVIAL).expect("a hasher");
    let ports = Ports {
        audit: Arc::new(GroupedAuditLog::start(&store)),
        refusals: Arc::new(refusals),
        attempts: Arc::new(store.clone()),
        store: Arc::new(store),
        clock: Arc::new(clock),
        ids: Arc::new(SystemIds),
        passwords: Arc::new(Hasher(cheap, hasher)),
        tokens: Arc::new(JwtIssuer::new(key.clone())),
        devices: Arc::new(SealedDevices::new(key.clone())),
        set_up: Arc::new(DerivedSetUpToken::new(key.clone())),
        cursors: Arc::new(SealedCursors::new(key)),
    };
    Application::new(ports, settings)
}

fn the_key() -> SecretKey {
    SecretKey::new(KEY).expect("a key")
}

/// Returns the token with which the first administrator of a clinic is made.
pub fn set_up_token() -> String {
    DerivedSetUpToken::new(the_key()).token()
}

fn the_admin() -> CreateAdmin {
    CreateAdmin {
        username: Username::parse("admin").expect("a user name"),
        email: Email::parse("admin@example.org").expect("an address"),
        password: PasswordRules::default().choose(PASSWORD, &[]).expect("a password"),
    }
}
