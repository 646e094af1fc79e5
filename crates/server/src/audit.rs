//! `medilink audit verify`.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use medilink_domain::checkpoint::{Checkpoint, CheckpointError};
use medilink_domain::inspection::Findings;

use crate::config::Config;
use crate::failure::Failure;

#[derive(Subcommand)]
pub(crate) enum Audit {
    /// Hold every entry of the audit trail to its seal, and the seals to each other.
    ///
    /// It names what was changed, taken out, moved or put in, and ends with code 1 then. Else it prints a
    /// checkpoint: keep it where whoever can write to the database cannot. A trail whose end was cut off
    /// looks whole but for a checkpoint that was taken before. The database may be in use.
    #[command(after_help = "Examples:\n  \
        medilink audit verify > checkpoint.txt\n  \
        medilink audit verify --checkpoint-file checkpoint.txt")]
    Verify(Verify),
}

#[derive(Args)]
pub(crate) struct Verify {
    /// A checkpoint that was printed before: medilink-audit-1:…
    #[arg(long, value_name = "TEXT", conflicts_with = "checkpoint_file")]
    checkpoint: Option<String>,
    /// A file that holds what was printed before.
    #[arg(long, value_name = "PATH")]
    checkpoint_file: Option<PathBuf>,
}

pub(crate) async fn audit(verb: Audit, config: &Config) -> Result<(), Failure> {
    match verb {
        Audit::Verify(verify) => self::verify(verify, config).await,
    }
}

async fn verify(verb: Verify, config: &Config) -> Result<(), Failure> {
    let since = since(verb)?;
    let is_watched = stderr().is_terminal();
    let progress = |rows: u64| {
        if is_watched {
            let _ = write!(stderr(), "\r{rows} rows");
        }
    };
    let found = medilink_persistence::inspect(&config.database, &since, progress).await;
    if is_watched {
        let _ = write!(stderr(), "\r\x1b[K");
    }
    report(&found?)
}

fn since(verb: Verify) -> Result<Checkpoint, Failure> {
    let wrong = |flag: &str, reason: &dyn std::fmt::Display| {
        Failure::Configuration(format!("{flag}: {reason}"))
    };
    if let Some(path) = verb.checkpoint_file {
        let flag = "--checkpoint-file";
        let printed = std::fs::read_to_string(&path)
            .map_err(|error| wrong(flag, &format!("cannot read {}: {error}", path.display())))?;
        return Checkpoint::find(&printed).map_err(|error| wrong(flag, &error));
    }
    let given = verb.checkpoint.map(|text| text.parse()).transpose();
    let given = given.map_err(|error: CheckpointError| wrong("--checkpoint", &error))?;
    Ok(given.unwrap_or_default())
}

fn report(found: &Findings) -> Result<(), Failure> {
    let mut out = stdout();
    for flaw in &found.flaws {
        writeln!(out, "wrong  {flaw}").map_err(Failure::other)?;
    }
    let Findings { sealed, waiting, late, .. } = *found;
    let chains = found.checkpoint.heads().len();
    let chains = count(u64::try_from(chains).unwrap_or_default(), "chain", "chains");
    let sealed = count(sealed, "entry is", "entries are");
    let waiting = count(waiting, "waits for its seal", "wait for their seals");
    writeln!(out, "{sealed} sealed in {chains}; {waiting}").map_err(Failure::other)?;
    if let Some(first) = found.first_late {
        let late = count(late, "was", "were");
        writeln!(
            out,
            "{late} sealed more than 10 minutes after it was written, the first {first}: expected \
            after an update or a crash, and to be looked into otherwise"
        )
        .map_err(Failure::other)?;
    }
    if let Some(first) = found.flaws.first() {
        let flaws = count(found.flawed, "finding", "findings");
        let why = format!("the audit trail is not what was written: {flaws}; the first: {first}");
        return Err(Failure::Other(why));
    }
    writeln!(out, "{}", found.checkpoint).map_err(Failure::other)
}

fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
