//! `medilink migrate up` and `medilink migrate status`.

use std::io::Write;

use clap::Subcommand;
use medilink_persistence::MigrationState;

use crate::config::Config;
use crate::failure::Failure;

#[derive(Subcommand)]
pub(crate) enum Migrate {
    /// Run the steps that are pending.
    #[command(after_help = "Example: medilink migrate up --database-url postgres://m@localhost/m")]
    Up,
    /// Say which steps have run.
    #[command(after_help = "Example: medilink migrate status")]
    Status,
}

pub(crate) async fn migrate(verb: &Migrate, config: &Config) -> Result<(), Failure> {
    match verb {
        Migrate::Up => medilink_persistence::migrate(&config.database).await?,
        Migrate::Status => {}
    }
    let state = MigrationState::of(&config.database).await?;
    let mut out = std::io::stdout();
    for name in &state.applied {
        writeln!(out, "applied  {name}").map_err(Failure::other)?;
    }
    for name in &state.pending {
        writeln!(out, "pending  {name}").map_err(Failure::other)?;
    }
    for name in &state.newer {
        writeln!(out, "newer    {name}").map_err(Failure::other)?;
    }
    Ok(())
}
