//! `medilink serve`.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::web::Data;
use clap::Args;
use medilink_application::Application;
use medilink_application::ports::Clock;
use medilink_application::store::Store;
use medilink_http::{Description, Edge};
use medilink_persistence::SeaOrmStore;
use medilink_security::SystemClock;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{Config, Profile};
use crate::failure::Failure;
use crate::{demo, first_admin, secret, wire};

/// How long the program goes on serving after it was told to stop, closing each connection with
/// its answer: whoever is about to ask on an old connection still gets an answer.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long requests in flight may take after that, in seconds.
const PATIENCE: u64 = 7;

/// How often it is looked who need not be remembered any more for the sake of limits.
const MEMORY: Duration = Duration::from_mins(1);

/// How often, on average, is deleted what has expired.
const EXPIRY: Duration = Duration::from_hours(1);

#[derive(Args)]
pub(crate) struct Serve {
    /// Fill an empty database with demo data (development only).
    #[arg(long)]
    pub(crate) demo: bool,
    /// Bring a PostgreSQL schema up to date first; SQLite does so by itself.
    #[arg(long)]
    pub(crate) migrate: bool,
}

/// Serves the API until the program is told to stop.
pub(crate) async fn serve(verb: Serve, config: Config) -> Result<(), Failure> {
    if verb.demo && config.profile == Profile::Production {
        return Err(Failure::Configuration(
            "--demo: demo accounts have known passwords; add --profile development".to_owned(),
        ));
    }
    let mut obstacles = config.obstacles(config.profile);
    obstacles.extend(secret::obstacles(&config));
    if !obstacles.is_empty() {
        return Err(obstacles.into());
    }
    if let Some(doubt) = config.doubt() {
        tracing::warn!("{doubt}");
    }
    let store = wire::store(&config, verb.migrate).await?;
    // Only now, lest a key be made beside no database.
    let keys = secret::keys(&config)?;
    let found = demo::Presence::look(&*store.queries()).await?;
    if found != demo::Presence::None && config.profile == Profile::Production {
        return Err(demo::known_passwords().into());
    }
    let refusals = wire::refusals(store.clone());
    let application = wire::application(&config, keys, store.clone(), refusals.clone())?;
    let mut told_to_stop = Box::pin(told_to_stop().map_err(Failure::other)?);
    let is_demo = verb.demo
        && tokio::select! {
            is_there = add_demo_data(&application, found) => is_there?,
            () = &mut told_to_stop => {
                store.close().await;
                return Ok(());
            }
        };

    let set_up_token = first_admin::prepare(&application, &config).await?;

    let description = Description::of(&medilink_http::openapi()).map_err(Failure::other)?;
    let edge = wire::edge(&config);
    let shared = (application.clone(), edge.clone());
    let app = move || medilink_http::app(shared.0.clone(), shared.1.clone(), description.clone());
    let server = HttpServer::new(app)
        .disable_signals()
        .shutdown_timeout(PATIENCE)
        .bind(config.bind)
        .map_err(|error| {
            let remedy = "choose another address with --bind or MEDILINK_BIND";
            Failure::Other(format!("cannot listen on {}: {error}; {remedy}", config.bind))
        })?;

    let address = server.addrs().first().copied().unwrap_or(config.bind);
    announce(address, is_demo).map_err(Failure::other)?;
    if let Some(token) = set_up_token {
        invite(address, &token).map_err(Failure::other)?;
    }
    let sealer = wire::sealer(store.clone()).start();
    let refusals = refusals.start();
    actix_web::rt::spawn(forget(edge));
    actix_web::rt::spawn(forget_expired(store.clone()));
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(async move {
        told_to_stop.await;
        tracing::info!("stopping");
        application.retire();
        tokio::time::sleep(FAREWELL).await;
        handle.stop(true).await;
    });
    let outcome = server.await;
    // Nobody is served any more, so nothing is refused behind the one, nor committed behind the other.
    refusals.stop().await;
    sealer.stop().await;
    store.close().await;
    outcome.map_err(Failure::other)
}

/// Adds the demo data to an empty database, and tells whether there are any.
async fn add_demo_data(application: &Application, found: demo::Presence) -> Result<bool, Failure> {
    let mut err = std::io::stderr();
    if found == demo::Presence::None && err.is_terminal() {
        writeln!(err, "Filling the demo clinic").map_err(Failure::other)?;
    }
    let filled = demo::fill(application, SystemClock.now()).await?;
    match found {
        demo::Presence::None if !filled => {
            tracing::warn!("the database is not empty: no demo data was added");
        }
        demo::Presence::Some => {
            tracing::warn!("the demo data are incomplete: delete the database to have them anew");
        }
        demo::Presence::None | demo::Presence::Whole => {}
    }
    Ok(filled || found != demo::Presence::None)
}

/// Forgets, now and then, who has not come for a while.
async fn forget(edge: Data<Edge>) {
    loop {
        tokio::time::sleep(MEMORY).await;
        edge.limits.forget();
    }
}

/// Deletes, every hour or so, what has expired. Instances that started together do so at different
/// times.
async fn forget_expired(store: SeaOrmStore) {
    loop {
        let mut random = [0_u8];
        // Without randomness, all at the same time will do.
        let _ = getrandom::fill(&mut random);
        let [jitter] = random.map(u32::from);
        tokio::time::sleep(EXPIRY / 2 + EXPIRY * jitter / 255).await;
        if let Err(error) = store.forget_expired(SystemClock.now()).await {
            tracing::warn!(%error, "what has expired was not deleted");
        }
    }
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

/// Says how the first administrator is made. What keeps the output keeps the token too, which is good
/// for nothing once somebody has used it.
fn invite(address: std::net::SocketAddr, token: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "\nThere is no administrator yet. Make one with `medilink admin create`")?;
    let path = "api/v1/auth/setup";
    writeln!(out, "or post token, username, email and password to http://{address}/{path}")?;
    writeln!(out, "  Set-up token    {token}")?;
    out.flush()
}

/// Listens for the signal of an operator or of a terminal from now on, to be awaited later.
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
