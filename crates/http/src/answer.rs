//! Records in answers: each with its version as `ETag`, and a new one with its place.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, Responder};
use medilink_application::call::Written;
use serde::Serialize;

/// A record that is shown alone.
pub(crate) trait Shown: Serialize {
    /// Counts its changes.
    fn version(&self) -> i64;

    /// Where it is read.
    fn path(&self) -> String;
}

/// A record that was read.
pub(crate) struct Tagged<T>(pub(crate) T);

/// A record that was changed.
pub(crate) struct Changed<T>(pub(crate) Written<T>);

/// A record that was made.
pub(crate) struct Created<T>(pub(crate) Written<T>);

impl<T: Shown> Responder for Tagged<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        show(StatusCode::OK, &self.0, false, None)
    }
}

impl<T: Shown> Responder for Changed<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let Written { record, replayed } = self.0;
        show(StatusCode::OK, &record, replayed, None)
    }
}

impl<T: Shown> Responder for Created<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let Written { record, replayed } = self.0;
        show(StatusCode::CREATED, &record, replayed, Some(record.path()))
    }
}

fn show<T: Shown>(
    status: StatusCode,
    record: &T,
    replayed: bool,
    location: Option<String>,
) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.insert_header((ETAG, format!("\"{}\"", record.version())));
    if replayed {
        response.insert_header(("Idempotency-Replayed", "true"));
    }
    if let Some(location) = location {
        response.insert_header((LOCATION, location));
    }
    response.json(record)
}
