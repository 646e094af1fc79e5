//! The JSON API of MediLink, with its OpenAPI document and Swagger UI.
//!
//! A request passes the layers that [`app`] names in their order: `middleware`, `cors`, `host` and
//! `limit`, which do what an installation has decided in its [`Edge`]. It is matched to a handler in
//! `api`, says who sends it (`actor`) and what it brings (`body`, `field`, `query`); the handler asks
//! a use case, and the answer goes out as a record (`answer`), a page, or a [`Problem`]. No handler
//! decides anything.

mod edge;

mod address;
mod cors;
mod header;
mod host;
mod limit;
mod middleware;

mod actor;
mod answer;
mod body;
mod device;
mod field;
mod page;
mod problem;
mod query;
mod responses;
mod surrogate;

mod api;
mod docs;
mod openapi;

pub use self::address::TrustedProxies;
pub use self::cors::AllowedOrigins;
pub use self::edge::{Edge, EntryError};
pub use self::host::AllowedHosts;
pub use self::limit::{Limits, POLICIES, Per, Place, Policy};
pub use self::openapi::{Description, app, openapi};
pub use self::problem::{Problem, ProblemKind, catalogue};
