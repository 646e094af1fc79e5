//! What happens to every request before and after its handler.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::http::{ConnectionType, Method, Uri};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpResponse};
use futures_util::FutureExt;
use medilink_domain::audit::Origin;
use medilink_domain::id::RequestId;
use tracing::Instrument;

use crate::actor::App;
use crate::cors;
use crate::edge::Edge;
use crate::header::{Kind, stamp};
use crate::problem::{Problem, ProblemKind};

/// Names the request, says where it comes from, logs it once, and gives every failure the shape of a
/// [`Problem`].
///
/// # Errors
///
/// The answer to a handler that panicked.
pub(crate) async fn handle(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let application = request.app_data::<App>().cloned();
    let edge = request.app_data::<Data<Edge>>().cloned();
    let (Some(application), Some(edge)) = (application, edge) else {
        return Err(Problem::plain(ProblemKind::INTERNAL).into());
    };
    let id = application.next_request();
    let peer = request.peer_addr().map(|address| address.ip());
    let address = peer.map(|peer| edge.trusted_proxies.client(peer, request.headers()));
    request.extensions_mut().insert(Origin { request: id, address });
    let method = request.method().clone();
    if method == Method::HEAD {
        // It is answered like GET; the connection leaves the body out.
        request.head_mut().method = Method::GET;
    }
    trim_slash(&mut request);

    let span = tracing::info_span!("request", %id);
    let answer = async { next.call(request).await }.instrument(span.clone()).await;

    let _in_span = span.enter();
    let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
    let answer = match answer {
        Ok(answer) => answer.map_into_boxed_body(),
        Err(mut error) => {
            tracing::error!(%method, status = 500, milliseconds, "a handler panicked");
            error.add_response_mapper(move |response| finish(response, id, Kind::Data, &edge));
            return Err(error);
        }
    };
    // The pattern of the route and never the path, whose query may name a patient.
    let route = answer.request().match_pattern().unwrap_or_default();
    let status = answer.status().as_u16();
    let code = problem(answer.response()).map(|problem| problem.code());
    tracing::info!(%method, route, status, code, milliseconds, "answered");
    if code == Some(ProblemKind::AUTHENTICATION_REQUIRED.code) {
        application.refuse(address);
    }

    let (request, response) = answer.into_parts();
    let is_page = !is_failure(&response) && request.path().starts_with("/docs");
    let kind = if is_page { Kind::Docs } else { Kind::Data };
    let mut response = finish(response, id, kind, &edge);
    if application.is_retiring() {
        // Whoever asks again is to ask another instance.
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(ServiceResponse::new(request, response))
}

/// Catches a panic, which otherwise would take the connection down.
///
/// # Errors
///
/// What is answered then: the request is gone, so there is nothing to make a whole answer of.
pub(crate) async fn catch(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let answer = async { next.call(request).await };
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(answer) => Ok(answer?.map_into_boxed_body()),
        Err(_) => Err(Problem::plain(ProblemKind::INTERNAL).into()),
    }
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

fn is_failure(response: &HttpResponse) -> bool {
    response.status().is_client_error() || response.status().is_server_error()
}

/// Returns what went wrong, if anything did, whoever has answered.
fn problem(response: &HttpResponse) -> Option<Problem> {
    let problem = response.extensions().get::<Problem>().cloned();
    problem.or_else(|| cors::problem(response)).or_else(|| {
        let kind = ProblemKind::of_status(response.status());
        is_failure(response).then(|| Problem::plain(kind))
    })
}

/// Writes the problem into an answer that failed, and the headers into every answer.
fn finish(response: HttpResponse, id: RequestId, kind: Kind, edge: &Edge) -> HttpResponse {
    let mut response = match problem(&response) {
        Some(problem) => {
            let problem = problem.in_request(id);
            let mut response = response.map_body(|_, _| problem.body());
            let kind = HeaderValue::from_static("application/problem+json");
            response.headers_mut().insert(CONTENT_TYPE, kind);
            response
        }
        None => response,
    };
    let headers = response.headers_mut();
    stamp(headers, id, kind, edge.https_only);
    cors::hide_from_strangers(headers);
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::http::header::HeaderMap;
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service, read_body_json};
    use actix_web::web::{self, ServiceConfig};
    use medilink_application::testing::FakeClinic;
    use serde_json::Value;

    use super::*;
    use crate::limit::{Limits, POLICIES, count};

    const ORIGIN: (&str, &str) = ("origin", "https://app.example.org");

    /// Puts the layers of this file, and those between them, around some routes.
    macro_rules! layered {
        ($routes:expr) => {{
            let (application, _) = FakeClinic::default().open();
            let allowed_origins: cors::AllowedOrigins = ORIGIN.1.parse().unwrap();
            let cors = allowed_origins.cors();
            let limits = Limits::new(POLICIES);
            let edge = Edge { allowed_origins, limits, https_only: true, ..Edge::default() };
            let app = actix_web::App::new()
                .app_data(Data::from(Arc::new(application)))
                .app_data(Data::new(edge))
                .wrap(from_fn(catch))
                .wrap(from_fn(count))
                .wrap(cors)
                .wrap(from_fn(handle))
                .configure($routes);
            init_service(app).await
        }};
    }

    #[actix_web::test]
    async fn a_panic_is_a_problem_and_harms_nobody_else() {
        let app = layered!(|config: &mut ServiceConfig| {
            config
                .route("/api/falls", web::get().to(|| async { falls() }))
                .route("/stands", web::get().to(|| async { "well" }));
        });

        let fallen = TestRequest::get().uri("/api/falls").insert_header(ORIGIN).to_request();
        let fallen = actix_web::dev::Service::call(&app, fallen).await.err().unwrap();
        let fallen = fallen.error_response();
        assert_eq!(fallen.status(), 500);
        let header =
            |headers: &HeaderMap, name| headers.get(name).unwrap().to_str().unwrap().to_owned();
        for (name, value) in [
            ("content-type", "application/problem+json"),
            ("access-control-allow-origin", ORIGIN.1),
            ("ratelimit", r#""general";r=299;t=1"#),
            ("x-frame-options", "DENY"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(header(fallen.headers(), name), value);
        }
        let id = header(fallen.headers(), "x-request-id");
        let body = actix_web::body::to_bytes(fallen.into_body()).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&body["code"], &body["request_id"]), (&"internal".into(), &id.into()));
        let stands = call_service(&app, TestRequest::get().uri("/stands").to_request()).await;
        assert_eq!(stands.status(), 200);
    }

    #[actix_web::test]
    async fn what_the_framework_refuses_by_itself_is_a_problem_too() {
        let app = layered!(|config: &mut ServiceConfig| {
            config.route("/{number}", web::get().to(|_: web::Path<u8>| async { "a number" }));
        });

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
