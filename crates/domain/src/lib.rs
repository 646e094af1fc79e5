//! The rules of MediLink.
//!
//! Nothing here is asynchronous, reads a clock, makes an id, or knows a database or HTTP: a rule
//! gets everything it needs as a value and answers with a value. That is why it can be tested in
//! a unit test, and why no adapter can go round it.
//!
//! Read it in this order: the words that every concept is written in ([`id`], [`choice`],
//! [`change`], [`text`], [`search`], [`name`], [`email`], [`time`], [`time_of_day`], [`period`], [`zone`], [`money`],
//! [`phi`], [`record`], [`revision`], [`archive`]), how a rule refuses ([`rule`]), who may do what
//! ([`policy`], [`actor`]), when a licence counts as checked ([`verification`]), and then the concepts,
//! one file each.

pub mod archive;
pub mod change;
pub mod choice;
pub mod email;
pub mod id;
pub mod money;
pub mod name;
pub mod period;
pub mod phi;
pub mod record;
pub mod revision;
mod role;
pub mod rule;
pub mod search;
pub mod text;
pub mod time;
pub mod time_of_day;
mod username;
pub mod zone;

pub mod policy;

pub mod actor;

pub mod verification;

pub mod adoption;
pub mod appointment;
pub mod assignment;
pub mod attempt;
pub mod audit;
pub mod availability;
pub mod care;
pub mod checkpoint;
pub mod doctor;
pub mod inspection;
pub mod password;
pub mod patient;
pub mod pharmacy;
pub mod refusal;
pub mod schedule;
pub mod seal;
pub mod session;
pub mod statistics;
pub mod time_slot;
pub mod user;
pub mod workload;
