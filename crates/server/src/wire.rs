//! Wiring: the adapters plugged into the use cases.

use std::sync::Arc;

use actix_web::web::Data;
use medilink_application::Application;
use medilink_application::application::{Ports, Settings};
use medilink_persistence::{GroupedAuditLog, SeaOrmStore};
use medilink_security::{Argon2Hasher, HashCost, JwtIssuer, SealedCursors, SystemClock, SystemIds};

use crate::config::{Config, Profile};
use crate::failure::Failure;
use crate::secret;

/// Opens the database and builds the application on it.
pub(crate) async fn application(
    config: &Config,
    migrate: bool,
) -> Result<Data<Application>, Failure> {
    let key = secret::key(config)?;
    let store = SeaOrmStore::open(&config.database, migrate).await?;
    let ports = Ports {
        audit: Arc::new(GroupedAuditLog::start(store.clone())),
        store: Arc::new(store),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
        passwords: Arc::new(Argon2Hasher::new(HashCost::RECOMMENDED).map_err(Failure::other)?),
        tokens: Arc::new(JwtIssuer::new(&key)),
        cursors: Arc::new(SealedCursors::new(key)),
    };
    let settings = Settings {
        default_time_zone: config.default_time_zone.clone(),
        approval_required: config.profile == Profile::Production,
        registration_open: config.registration_open,
        password_rules: config.password_rules,
        access_token_minutes: config.access_token_minutes,
        refresh_token_days: config.refresh_token_days,
    };
    Ok(Data::new(Application::new(ports, settings)))
}
