//! The JSON API of MediLink, with its OpenAPI document and Swagger UI.
//!
//! A request passes `middleware`, is matched to a handler in `api`, says who sends it
//! (`actor`) and what it brings (`body`, `field`, `query`); the handler asks a use case,
//! and the answer goes out
//! as a record (`answer`), a page, or a [`Problem`]. No handler decides
//! anything.

mod actor;
mod answer;
mod body;
mod field;
mod page;
mod problem;
mod query;
mod responses;

mod api;
mod middleware;
mod openapi;

pub use self::openapi::{app, openapi};
pub use self::problem::{Problem, ProblemKind, catalogue};
