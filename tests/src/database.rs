//! A migrated database for one test, copied from one that was migrated once.

use std::path::PathBuf;

use medilink_persistence::{DatabaseUrl, SeaOrmStore};
use reqwest::Url;
use sea_orm::{
    ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, ExecResult, QueryResult,
    Statement, TransactionTrait,
};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::postgres;

/// A database that nobody else uses. Its files go when it is dropped.
pub struct TestDatabase {
    url: String,
    folder: TempDir,
}

impl TestDatabase {
    /// Makes a SQLite file, in a folder of its own.
    pub async fn sqlite() -> Self {
        static TEMPLATE: OnceCell<TempDir> = OnceCell::const_new();
        let template = TEMPLATE
            .get_or_init(|| async {
                let folder = new_folder();
                let url = format!("sqlite://{}", folder.path().join("medilink.db").display());
                migrate(&url).await;
                folder
            })
            .await;
        let folder = new_folder();
        let path = folder.path().join("medilink.db");
        std::fs::copy(template.path().join("medilink.db"), &path).expect("a copy of the template");
        Self { url: format!("sqlite://{}", path.display()), folder }
    }

    /// Makes a database on the PostgreSQL server of this test run.
    pub async fn postgres() -> Self {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        let template = TEMPLATE
            .get_or_init(|| async {
                let url = server().create_database();
                migrate(&url).await;
                url
            })
            .await;
        Self { url: server().copy_database(template), folder: new_folder() }
    }

    /// Makes a SQLite file that nobody has migrated, or an empty PostgreSQL database.
    pub fn empty(postgres: bool) -> Self {
        let folder = new_folder();
        let url = if postgres {
            server().create_database()
        } else {
            format!("sqlite://{}", folder.path().join("medilink.db").display())
        };
        Self { url, folder }
    }

    /// Returns its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns its address as the store reads it.
    pub fn parsed_url(&self) -> DatabaseUrl {
        self.url.parse().expect("the address of a database")
    }

    /// Returns its name on the PostgreSQL server.
    pub fn name(&self) -> String {
        self.address().path().trim_start_matches('/').to_owned()
    }

    /// Returns another database of the same PostgreSQL server, as somebody signs in to it.
    #[must_use]
    pub fn beside(&self, name: &str, user: &str, password: &str) -> Self {
        let mut address = self.address();
        address.set_path(name);
        address.set_username(user).expect("a server that one signs in to");
        address.set_password(Some(password)).expect("a server that one signs in to");
        Self { url: address.into(), folder: new_folder() }
    }

    fn address(&self) -> Url {
        self.url.parse().expect("the address of a database")
    }

    /// Tells whether it is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }

    /// Returns a folder for files beside it.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Opens the store.
    pub async fn store(&self) -> SeaOrmStore {
        SeaOrmStore::open(&self.parsed_url(), false).await.expect("a store")
    }

    /// Opens a connection that goes round the store, as any other program could.
    pub async fn raw(&self) -> Raw {
        Raw(Database::connect(self.url()).await.expect("a connection"))
    }
}

/// A transaction of a connection that goes round the store. Dropping it undoes everything.
pub struct RawTransaction(DatabaseTransaction);

impl RawTransaction {
    /// Runs SQL.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn execute(&self, sql: &str) -> Result<ExecResult, sea_orm::DbErr> {
        self.0.execute_unprepared(sql).await
    }
}

/// A connection that goes round the store.
pub struct Raw(pub DatabaseConnection);

impl Raw {
    /// Runs SQL.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn execute(&self, sql: &str) -> Result<ExecResult, sea_orm::DbErr> {
        self.0.execute_unprepared(sql).await
    }

    /// Begins a transaction.
    pub async fn transaction(&self) -> RawTransaction {
        let options = sea_orm::TransactionOptions::default();
        RawTransaction(self.0.begin_with_options(options).await.expect("a transaction"))
    }

    /// Runs SQL that returns rows.
    pub async fn rows(&self, sql: &str) -> Vec<QueryResult> {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        self.0.query_all_raw(statement).await.expect("rows")
    }

    /// Runs SQL that counts.
    pub async fn count(&self, sql: &str) -> i64 {
        self.rows(sql).await[0].try_get_by_index(0).expect("a count")
    }
}

async fn migrate(url: &str) {
    medilink_persistence::migrate(&url.parse().expect("an address"))
        .await
        .expect("a migrated database");
}

fn new_folder() -> TempDir {
    tempfile::Builder::new().prefix("medilink-").tempdir().expect("a temporary folder")
}

fn server() -> &'static postgres::Server {
    postgres::server().unwrap_or_else(|reason| panic!("{reason}"))
}
