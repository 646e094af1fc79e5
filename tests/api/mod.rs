//! The API as its clients see it.

mod account;
mod administration;
mod appointment;
mod assignment;
mod attempt;
mod authorization;
mod cast;
mod contract;
mod cors;
mod doctor;
mod edge;
mod idempotency;
mod limit;
mod list;
mod openapi;
mod password;
mod patient;
mod problem;
mod refresh;
mod session;
mod set_up;
mod time_slot;
mod token;
mod transition;
mod user;
