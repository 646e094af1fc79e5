//! Wiring: the adapters plugged into the use cases.

use std::sync::Arc;

use actix_web::web::Data;
use medilink_application::Application;
use medilink_application::application::{Ports, Settings};
use medilink_http::{Edge, Limits, POLICIES};
use medilink_persistence::{GroupedAuditLog, RefusalLog, SeaOrmStore, Sealer};
use medilink_security::{
    Argon2Hasher, DerivedSetUpToken, JwtIssuer, SealedCursors, SealedDevices, SecretKeys,
    SystemClock, SystemIds,
};

use crate::config::{Config, Profile};
use crate::failure::Failure;

/// Opens the database.
pub(crate) async fn store(config: &Config, migrate: bool) -> Result<SeaOrmStore, Failure> {
    Ok(SeaOrmStore::open(&config.database, migrate).await?)
}

/// Makes what seals the audit trail.
pub(crate) fn sealer(store: SeaOrmStore) -> Sealer {
    Sealer::new(store, Arc::new(SystemClock), Arc::new(SystemIds))
}

/// Makes what counts the refusals of somebody unknown.
pub(crate) fn refusals(store: SeaOrmStore) -> RefusalLog {
    RefusalLog::new(store, Arc::new(SystemClock), Arc::new(SystemIds))
}

/// Builds the application on a store, with the keys that it signs with.
pub(crate) fn application(
    config: &Config,
    keys: SecretKeys,
    store: SeaOrmStore,
    refusals: RefusalLog,
) -> Result<Data<Application>, Failure> {
    let ports = Ports {
        audit: Arc::new(GroupedAuditLog::start(&store)),
        refusals: Arc::new(refusals),
        attempts: Arc::new(store.clone()),
        store: Arc::new(store),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
        passwords: Arc::new(Argon2Hasher::new(config.hash_cost).map_err(Failure::other)?),
        tokens: Arc::new(JwtIssuer::new(keys.clone())),
        devices: Arc::new(SealedDevices::new(keys.clone())),
        set_up: Arc::new(DerivedSetUpToken::new(keys.clone())),
        cursors: Arc::new(SealedCursors::new(keys)),
    };
    let settings = Settings {
        default_time_zone: config.default_time_zone.clone(),
        care_window: config.care_window,
        approval_required: config.profile == Profile::Production,
        registration_open: config.registration_open,
        password_rules: config.password_rules,
        attempts_wait: config.rate_limits,
        access_token_minutes: config.access_token_minutes,
        refresh_token_days: config.refresh_token_days,
    };
    Ok(Data::new(Application::new(ports, settings)))
}

/// Says who may come in.
pub(crate) fn edge(config: &Config) -> Data<Edge> {
    let policies = if config.rate_limits { POLICIES } else { &[] };
    Data::new(Edge {
        trusted_proxies: config.trusted_proxies.clone(),
        allowed_hosts: config.allowed_hosts.clone(),
        allowed_origins: config.cors_allowed_origins.clone(),
        limits: Limits::new(policies),
        https_only: config.profile == Profile::Production,
    })
}
