//! Signs of life, and explanations of problems: what is open to everybody outside the API.

use std::error::Error as _;

use actix_web::web::{Json, Path};
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actor::{App, Public, in_time};
use crate::problem::{Problem, ProblemKind, catalogue, sentence};
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(show_health).service(show_readiness).service(explain_problem);
}

/// A sign of life.
#[derive(Serialize, ToSchema)]
struct Health {
    /// Always `ok`; otherwise the status is not 200.
    #[schema(example = "ok")]
    status: &'static str,
}

problems! {
    /// Instead of a sign of life.
    ShowHealthProblems = ANYWHERE;
    /// Instead of a yes.
    ShowReadinessProblems = ANYWHERE | [UNAVAILABLE];
    /// Instead of an explanation.
    ExplainProblemProblems = ANYWHERE | [NOT_FOUND];
}

/// Tell whether the process lives
///
/// It answers as long as the process can answer anything.
#[utoipa::path(
    tag = "operations",
    responses((status = OK, body = Health, description = "It does."), ShowHealthProblems),
    security(()),
)]
#[get("/health/live")]
async fn show_health(_: Public) -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Tell whether requests can be served
///
/// It asks the database whether it can be read and written; if not, `detail` says why.
#[utoipa::path(
    tag = "operations",
    responses(
        (status = OK, body = Health, description = "They can."),
        ShowReadinessProblems,
    ),
    security(()),
)]
#[get("/health/ready")]
async fn show_readiness(app: App, _: Public) -> Result<Json<Health>, Problem> {
    let ready = in_time(async { Ok(app.ready().await) }).await?;
    ready.map_err(|why| {
        let source = why.source().and_then(|it| it.source().or(Some(it)));
        tracing::warn!(%why, source = source.map(ToString::to_string), "not ready");
        Problem::new(ProblemKind::UNAVAILABLE, sentence(&why))
    })?;
    Ok(Json(Health { status: "ok" }))
}

/// Explain a kind of problem
///
/// The `type` of every problem leads here.
#[utoipa::path(
    tag = "operations",
    params(("code" = String, Path, description = "The `code` of a problem.", example = "doctor-double-booked")),
    responses(
        (status = OK, body = String, content_type = "text/plain",
            description = "What it means, and what to do about it.",
            example = "409 doctor-double-booked"),
        ExplainProblemProblems,
    ),
    security(()),
)]
#[get("/problems/{code}")]
async fn explain_problem(_: Public, code: Path<String>) -> Result<HttpResponse, Problem> {
    let kind = catalogue().into_iter().find(|kind| kind.code == code.as_str());
    let kind = kind.ok_or_else(|| Problem::plain(ProblemKind::NOT_FOUND))?;
    let ProblemKind { code, status, title, meaning } = kind;
    let page = format!("{title}\n\n{meaning}\n\nStatus {status}, code {code}.\n");
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(page))
}
