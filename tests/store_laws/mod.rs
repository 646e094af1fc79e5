//! The laws of the store, on both databases. Their names come from what the ports promise.

mod appointment;
mod assignment;
mod attempt;
mod audit;
mod care;
mod clinic;
mod expiry;
mod idempotency;
mod patient;
mod pharmacy;
mod reading;
mod schema;
mod seal;
mod session;
mod statistics;
mod time_slot;
mod unit_of_work;
mod user;
