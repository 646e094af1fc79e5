//! MediLink: a healthcare coordination backend in one program.

use std::process::ExitCode;

mod cli;
mod config;
mod demo;
mod failure;
mod first_admin;
mod secret;
mod telemetry;
mod wire;

mod admin;
mod audit;
mod check;
mod migrate;
mod serve;
mod show;

/// Why another allocator than the system's: docs/decisions/0027-allocator.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[actix_web::main]
async fn main() -> ExitCode {
    match cli::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
