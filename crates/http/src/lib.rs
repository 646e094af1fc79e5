//! The JSON API of MediLink, with its OpenAPI document and Swagger UI.
//!
//! A request passes [`middleware`], is matched to a handler in [`api`], says who sends it
//! ([`actor`]) and what it brings ([`body`], [`field`], [`query`]); the handler asks a use case,
//! and the answer goes out as a record ([`record`]), a page, or a [`Problem`]. No handler decides
//! anything.

mod actor;
mod body;
mod field;
mod page;
mod problem;
mod query;
mod record;

mod api;
mod middleware;
mod openapi;

pub use self::middleware::handle;
pub use self::openapi::{configure, openapi};
pub use self::problem::{Kind, Problem, catalogue};
