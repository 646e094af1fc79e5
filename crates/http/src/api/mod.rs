//! The routes of version 1, one file a concept.

mod account;
mod administration;
mod appointment;
mod assignment;
mod audit;
mod availability;
mod doctor;
mod health;
mod password;
mod patient;
mod pharmacy;
mod session;
mod set_up;
mod statistics;
mod time_slot;
mod user;

use utoipa_actix_web::scope;
use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts every route.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            // One after the other is tried, so what is asked for most comes first.
            scope("/api/v1")
                .configure(appointment::routes)
                .configure(time_slot::routes)
                .configure(doctor::routes)
                .configure(availability::routes)
                .configure(patient::routes)
                .configure(session::routes)
                .configure(password::routes)
                .configure(user::routes)
                .configure(set_up::routes)
                .configure(account::routes)
                .configure(administration::routes)
                .configure(pharmacy::routes)
                .configure(assignment::routes)
                .configure(statistics::routes)
                .configure(audit::routes),
        )
        .configure(health::routes);
}
