//! The store of MediLink on sea-orm, for SQLite and PostgreSQL alike.
//!
//! One adapter serves both databases. What differs is in few places: the schema's guards (the
//! migrations), how connections are opened (`connection`) and kept for reads (`lane`), where statements run
//! (`sqlite` on the thread that asks, sqlx for PostgreSQL), who may write when (`writer` on SQLite, row
//! locks on PostgreSQL), and how refusals are worded (`error`). Everything is asked through
//! `transaction::Connection` and read as a `row`.
//!
//! Each concept has one file: its repository, its queries, and the two conversions between the
//! domain's type and the stored row. The rows themselves are in `entity`.

mod checkpoint;
mod connection;
mod entity;
mod error;
mod file;
mod inline;
mod known;
mod lane;
mod reads;
mod row;
mod sqlite;
mod statement;
mod turnstile;
mod writer;

mod audit;
mod expiry;
mod inspection;
mod migration;
mod refusal;
mod seal;
mod store;
mod transaction;
mod unit_of_work;

mod page;
mod parties;
#[cfg(test)]
mod plan;
mod search;
mod stored;

mod adoption;
mod appointment;
mod assignment;
mod attempt;
mod availability;
mod doctor;
mod idempotency;
mod patient;
mod pharmacy;
mod session;
mod statistics;
mod time_slot;
mod user;

pub use self::audit::GroupedAuditLog;
pub use self::connection::{DatabaseUrl, DatabaseUrlError, OpenError};
pub use self::inspection::inspect;
pub use self::migration::{MigrationState, up as migrate};
pub use self::refusal::{RefusalLog, RunningRefusalLog};
pub use self::seal::{RunningSealer, Sealer};
pub use self::store::{SeaOrmStore, look};
