//! The use cases of MediLink, and the ports that they need.
//!
//! A use case says what happens when somebody asks for something, and in which order: clock →
//! begin → load → authorize → rule → write → commit → return. It knows no SQL and no HTTP; what it
//! needs from outside stands behind a trait.
//!
//! Read it in this order: what a use case can answer instead ([`error`]), what it reads and writes
//! through ([`store`], [`ports`]), who asks ([`call`]), then one concept, [`appointment`], and in
//! [`application`] how an adapter asks for any of it.

pub mod error;

pub mod attempt;
pub mod availability;
pub mod idempotency;
pub mod page;
pub mod ports;
mod range;
pub mod store;

pub mod call;

pub mod appointment;
pub mod assignment;
pub mod audit;
pub mod doctor;
pub mod patient;
pub mod pharmacy;
pub mod session;
pub mod statistics;
pub mod time_slot;
pub mod user;

pub mod application;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use application::Application;
pub use error::{Error, Result};
