//! MediLink tried from outside. One binary: every further one would link the whole stack again.
#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "in tests a surprise has to end the test, and to say where"
)]

mod api;
mod architecture;
mod process;
mod store_laws;
mod zones;
