//! `medilink serve`.

use std::io::Write;

use actix_web::HttpServer;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{Config, Profile};
use crate::failure::Failure;
use crate::{demo, wire};

/// How long requests in flight may take after the program was told to stop, in seconds.
const PATIENCE: u64 = 8;

#[derive(Args)]
pub(crate) struct Serve {
    /// Fill an empty database with demo data (development only).
    #[arg(long)]
    demo: bool,
    /// Bring a PostgreSQL schema up to date first; SQLite does so by itself.
    #[arg(long)]
    migrate: bool,
}

/// Serves the API until the program is told to stop.
pub(crate) async fn serve(verb: Serve, config: Config) -> Result<(), Failure> {
    if verb.demo && config.profile == Profile::Production {
        return Err(Failure::Configuration(
            "--demo: demo accounts have known passwords; add --profile development".to_owned(),
        ));
    }
    let application = wire::application(&config, verb.migrate).await?;
    let has_demo_accounts = demo::is_there(&application).await?;
    if has_demo_accounts && config.profile == Profile::Production {
        return Err(Failure::Configuration(
            "the database holds demo accounts with known passwords; use another one".to_owned(),
        ));
    }
    let filled = verb.demo && demo::fill(&application).await?;

    let document = medilink_http::openapi();
    let server = HttpServer::new(move || medilink_http::app(application.clone(), document.clone()))
        .disable_signals()
        .shutdown_timeout(PATIENCE)
        .bind(config.bind)
        .map_err(|error| Failure::Other(format!("cannot listen on {}: {error}", config.bind)))?;

    let address = server.addrs().first().copied().unwrap_or(config.bind);
    announce(address, filled || (verb.demo && has_demo_accounts)).map_err(Failure::other)?;
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(async move {
        if told_to_stop().await.is_ok() {
            tracing::info!("stopping");
            handle.stop(true).await;
        }
    });
    server.await.map_err(Failure::other)
}

fn announce(address: std::net::SocketAddr, demo: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "MediLink listens on http://{address}")?;
    writeln!(out, "  Swagger UI      http://{address}/docs/")?;
    writeln!(out, "  OpenAPI         http://{address}/openapi.json")?;
    if demo {
        writeln!(out, "\nDemo log-ins (user name / password)")?;
        for (role, username, password) in demo::LOG_INS {
            writeln!(out, "  {role:15} {username} / {password}")?;
        }
    }
    out.flush()
}

/// Waits for the signal of an operator or of a terminal.
async fn told_to_stop() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
