//! The API as its clients see it.

mod appointment;
mod authorization;
mod contract;
mod cors;
mod doctor;
mod edge;
mod limit;
mod openapi;
mod patient;
mod problem;
mod session;
mod user;
