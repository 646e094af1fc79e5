//! What happens to every request before and after its handler.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{ConnectionType, Method, Uri};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, ResponseError};
use futures_util::FutureExt;
use medilink_domain::audit::Origin;
use medilink_domain::id::RequestId;
use tracing::Instrument;

use crate::actor::App;
use crate::problem::{Problem, ProblemKind};

/// The header that names the request, in answers.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Swagger UI needs its own scripts and inline styles; nothing of it comes from elsewhere.
const DOCS_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     frame-ancestors 'none'; base-uri 'none'",
);

/// An answer of the API is never a page.
const API_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Names the request, logs it once, and gives every failure the shape of a [`Problem`]; a panic
/// included, which otherwise would take the connection down.
///
/// # Errors
///
/// The answer to a handler that panicked.
pub(crate) async fn handle(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let Some(application) = request.app_data::<App>().cloned() else {
        return Err(Problem::plain(ProblemKind::INTERNAL).into());
    };
    let id = application.next_request();
    let address = request.peer_addr().map(|address| address.ip());
    request.extensions_mut().insert(Origin { request: id, address });
    let method = request.method().clone();
    if method == Method::HEAD {
        // It is answered like GET; the connection leaves the body out.
        request.head_mut().method = Method::GET;
    }
    trim_slash(&mut request);

    let span = tracing::info_span!("request", %id);
    let answer = async { next.call(request).await }.instrument(span.clone());
    let answer = AssertUnwindSafe(answer).catch_unwind().await;

    let _in_span = span.enter();
    let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
    let Ok(answer) = answer else {
        tracing::error!(%method, status = 500, milliseconds, "a handler panicked");
        return Err(panicked(id));
    };
    let answer = answer?.map_into_boxed_body();
    // The pattern of the route and never the path, whose query may name a patient.
    let route = answer.request().match_pattern().unwrap_or_default();
    let status = answer.status().as_u16();
    tracing::info!(%method, route, status, milliseconds, "answered");

    let mut answer = finish(answer, id);
    if application.is_retiring() {
        // Whoever asks again is to ask another instance.
        answer.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(answer)
}

/// A trailing slash never matters. Swagger UI alone lives behind one.
fn trim_slash(request: &mut ServiceRequest) {
    let path = request.path();
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() || trimmed.len() == path.len() || trimmed == "/docs" {
        return;
    }
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    if let Ok(uri) = format!("{trimmed}{query}").parse::<Uri>() {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
}

/// Writes the problem into an answer that failed, and the headers into every answer.
fn finish(answer: ServiceResponse<BoxBody>, id: RequestId) -> ServiceResponse<BoxBody> {
    let status = answer.status();
    let failed = status.is_client_error() || status.is_server_error();
    let problem = answer.response().extensions().get::<Problem>().cloned();
    let problem =
        problem.or_else(|| failed.then(|| Problem::plain(ProblemKind::of_status(status))));
    let is_docs = answer.request().path().starts_with("/docs");
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
    stamp(answer.headers_mut(), id);
    if is_docs && !failed {
        let headers = answer.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
        headers.insert(CONTENT_SECURITY_POLICY, DOCS_POLICY);
    }
    answer
}

/// Writes the headers that every answer has. Health data is nobody's to keep on the way.
fn stamp(headers: &mut HeaderMap, id: RequestId) {
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, API_POLICY);
}

/// Answers for a handler that cannot any more.
fn panicked(id: RequestId) -> Error {
    let problem = Problem::plain(ProblemKind::INTERNAL).in_request(id);
    let mut response = problem.error_response();
    stamp(response.headers_mut(), id);
    InternalError::from_response(problem, response).into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service, read_body_json};
    use actix_web::web::{self, Data};
    use medilink_application::testing::FakeClinic;
    use serde_json::Value;

    use super::*;

    #[actix_web::test]
    async fn a_panic_is_a_problem_and_harms_nobody_else() {
        let (application, _) = FakeClinic::default().open();
        let app = actix_web::App::new()
            .app_data(Data::from(Arc::new(application)))
            .wrap(from_fn(handle))
            .route("/falls", web::get().to(|| async { falls() }))
            .route("/stands", web::get().to(|| async { "well" }));
        let app = init_service(app).await;

        let fallen = TestRequest::get().uri("/falls").to_request();
        let fallen = actix_web::dev::Service::call(&app, fallen).await.err().unwrap();
        let fallen = fallen.error_response();
        assert_eq!(fallen.status(), 500);
        assert!(fallen.headers().contains_key(&REQUEST_ID));
        assert_eq!(fallen.headers().get(CONTENT_TYPE).unwrap(), "application/problem+json");
        let stands = call_service(&app, TestRequest::get().uri("/stands").to_request()).await;
        assert_eq!(stands.status(), 200);
    }

    #[actix_web::test]
    async fn what_the_framework_refuses_by_itself_is_a_problem_too() {
        let (application, _) = FakeClinic::default().open();
        let app = actix_web::App::new()
            .app_data(Data::from(Arc::new(application)))
            .wrap(from_fn(handle))
            .route("/{number}", web::get().to(|_: web::Path<u8>| async { "a number" }));
        let app = init_service(app).await;

        let refused = call_service(&app, TestRequest::get().uri("/x").to_request()).await;

        let status = refused.status();
        let body: Value = read_body_json(refused).await;
        assert_eq!(body["status"], status.as_u16());
        assert!(body["request_id"].is_string());
    }

    fn falls() -> &'static str {
        panic!("on purpose");
    }
}
