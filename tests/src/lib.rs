//! What the tests from outside stand on: a database of their own on either kind, the whole
//! application in this process, the program as a process of its own, and people who call it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "in tests a surprise has to end the test, and to say where"
)]

pub mod app;
pub mod contract;
pub mod database;
pub mod history;
pub mod person;
pub mod postgres;
pub mod program;
pub mod rights;
pub mod tally;

pub use self::app::TestApp;
pub use self::database::TestDatabase;
pub use self::person::{Answer, Person};
pub use self::program::Program;
pub use self::rights::LeastRights;
pub use self::tally::Tally;

/// Makes a test of each function, on SQLite and on PostgreSQL. Each gets a database of its own.
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$attribute:meta])* $test:ident,)*) => {
        mod sqlite {
            $($(#[$attribute])* #[actix_web::test] async fn $test() {
                super::$test($crate::TestDatabase::sqlite().await).await;
            })*
        }

        mod postgres {
            $($(#[$attribute])* #[actix_web::test] async fn $test() {
                super::$test($crate::TestDatabase::postgres().await).await;
            })*
        }
    };
}
