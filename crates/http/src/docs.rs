//! Swagger UI: where people read about the API and try it.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Bytes, ServiceConfig};
use utoipa_swagger_ui::{Config, SwaggerUi, serve};

use crate::problem::{Problem, ProblemKind};

/// Mounts Swagger UI under `/docs/`, and the document that it shows.
pub(crate) fn routes(config: &mut ServiceConfig, document: Bytes) {
    let show_document = move || {
        let document = document.clone();
        async move { HttpResponse::Ok().content_type("application/json").body(document) }
    };
    config
        .route("/openapi.json", web::get().to(show_document))
        .route("/docs", web::get().to(to_page))
        .route("/docs/", web::get().to(show_page))
        .route("/docs/index.html", web::get().to(show_page))
        .service(SwaggerUi::new("/docs/{_:.*}").config(settings()));
}

/// Nothing is sent elsewhere. The token is kept in the browser until its owner logs out on the page;
/// it holds for a quarter of an hour at most.
fn settings() -> Config<'static> {
    Config::from("/openapi.json")
        .use_base_layout()
        .deep_linking(true)
        .persist_authorization(true)
        .try_it_out_enabled(true)
        .validator_url("none")
}

async fn to_page() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "docs/")).finish()
}

/// Shows the page, which is called like the API in tabs and bookmarks.
async fn show_page() -> Result<HttpResponse, Problem> {
    let page = serve("index.html", Arc::new(settings())).ok().flatten();
    let page = page.ok_or_else(|| Problem::plain(ProblemKind::NOT_FOUND))?;
    let page = String::from_utf8_lossy(&page.bytes)
        .replace("<title>Swagger UI</title>", "<title>MediLink</title>");
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page))
}
