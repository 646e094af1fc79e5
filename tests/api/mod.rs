//! The API as its clients see it.

mod appointment;
mod authorization;
mod doctor;
mod openapi;
mod patient;
mod problem;
mod session;
mod user;
