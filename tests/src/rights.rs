//! A PostgreSQL database to which the program signs in with the rights that docs/audit.md gives it, and no
//! others.

use crate::database::TestDatabase;

/// What an operator is told to do.
const PAGE: &str = include_str!("../../docs/audit.md");

/// The password of both roles.
const PASSWORD: &str = "secret";

/// A database that belongs to one role and is used by another one.
pub struct LeastRights {
    /// A database of the same server, of whoever may make roles.
    maintenance: TestDatabase,
    /// The name of the database, and of the role that the program has.
    name: String,
}

impl LeastRights {
    /// Does what the page says, word for word but for the names.
    pub async fn granted() -> Self {
        let maintenance = TestDatabase::empty(true);
        let name = format!("{}_rights", maintenance.name());
        let rights = Self { maintenance, name };
        let (_, section) = PAGE.split_once("\n## Rights on PostgreSQL\n").expect("the section");
        let code = section.split("```").nth(1).and_then(|code| code.strip_prefix("sql\n"));
        let code = code.expect("its statements").replace("medilink", &rights.name);
        let code = code.replace('…', PASSWORD);
        let (before, after) = code.split_once("\n-- connected to it as").expect("both parts");
        let after = after.split_once('\n').map_or("", |(_, statements)| statements);

        run(&rights.maintenance, before).await;
        let owner = rights.owner();
        medilink_persistence::migrate(&owner.parsed_url()).await.expect("a migrated database");
        run(&owner, after).await;
        rights
    }

    /// Returns the database as whoever owns it signs in.
    pub fn owner(&self) -> TestDatabase {
        self.maintenance.beside(&self.name, &format!("{}_owner", self.name), PASSWORD)
    }

    /// Returns the database as the program signs in.
    pub fn program(&self) -> TestDatabase {
        self.maintenance.beside(&self.name, &self.name, PASSWORD)
    }

    /// Takes the database and its roles away, which a server that goes on would keep.
    pub async fn revoke(self) {
        let name = &self.name;
        let statements =
            format!("DROP DATABASE {name} WITH (FORCE); DROP ROLE {name}; DROP ROLE {name}_owner");
        run(&self.maintenance, &statements).await;
    }
}

/// Runs statements one by one: a database is not made within a transaction.
async fn run(database: &TestDatabase, statements: &str) {
    let raw = database.raw().await;
    for statement in statements.split(';').map(str::trim).filter(|it| !it.is_empty()) {
        let ran = raw.execute(statement).await;
        ran.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    raw.0.close().await.expect("an end");
}
