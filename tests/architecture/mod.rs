//! The structure of the project, held to lists: a new dependency or licence is a decision.

mod dependencies;
mod documents;
mod routes;
mod sql;
