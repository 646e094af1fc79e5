//! What happens to every request before and after its handler.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use futures_util::FutureExt;
use medilink_domain::audit::Origin;
use medilink_domain::id::RequestId;
use tracing::Instrument;

use crate::actor::App;
use crate::problem::{Problem, ProblemKind};

/// The header that names the request, in answers.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names the request, logs it once, and gives every failure the shape of a [`Problem`]; a panic
/// included, which otherwise would take the connection down.
///
/// # Errors
///
/// The problem of a handler that panicked.
pub(crate) async fn handle(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let Some(application) = request.app_data::<App>() else {
        return Err(Problem::plain(ProblemKind::INTERNAL).into());
    };
    let id = application.next_request();
    let address = request.peer_addr().map(|address| address.ip());
    request.extensions_mut().insert(Origin { request: id, address });
    trim_slash(&mut request);
    let method = request.method().clone();

    let span = tracing::info_span!("request", %id);
    let answer = AssertUnwindSafe(next.call(request).instrument(span.clone())).catch_unwind().await;

    let _in_span = span.enter();
    let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
    let Ok(answer) = answer else {
        tracing::error!(%method, status = 500, milliseconds, "a handler panicked");
        return Err(Problem::plain(ProblemKind::INTERNAL).in_request(id).into());
    };
    let answer = answer?.map_into_boxed_body();
    // The pattern of the route and never the path, whose query may name a patient.
    let route = answer.request().match_pattern().unwrap_or_default();
    let status = answer.status().as_u16();
    tracing::info!(%method, route, status, milliseconds, "answered");
    Ok(finish(answer, id))
}

/// A trailing slash never matters. Swagger UI alone lives behind one.
fn trim_slash(request: &mut ServiceRequest) {
    let path = request.path();
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() || trimmed.len() == path.len() || trimmed == "/docs" {
        return;
    }
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    if let Ok(uri) = format!("{trimmed}{query}").parse::<actix_web::http::Uri>() {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
}

fn finish(answer: ServiceResponse<BoxBody>, id: RequestId) -> ServiceResponse<BoxBody> {
    let status = answer.status();
    let problem = answer.response().extensions().get::<Problem>().cloned();
    let failed = status.is_client_error() || status.is_server_error();
    let problem = match problem {
        Some(problem) => Some(problem),
        None if failed => Some(Problem::plain(ProblemKind::of_status(status))),
        None => None,
    };
    let mut answer = match problem {
        Some(problem) => {
            let problem = problem.in_request(id);
            let mut answer = answer.map_body(|_, _| problem.body());
            let kind = HeaderValue::from_static("application/problem+json");
            answer.headers_mut().insert(CONTENT_TYPE, kind);
            answer
        }
        None => answer,
    };
    let headers = answer.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(CACHE_CONTROL) && status != StatusCode::NOT_MODIFIED {
        // Health data is nobody's to keep on the way.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    answer
}
