//! Records in answers: each with its version as `ETag`, and a new one with its place. What an answer
//! is stands beside what the OpenAPI document says of it.

use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, Responder};
use medilink_application::call::Written;
use medilink_domain::record::Concept;
use serde::Serialize;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::responses::name_headers;

/// A record that is shown alone.
pub(crate) trait Shown: Serialize + ToSchema {
    /// What kind of record it is.
    const CONCEPT: Concept;

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

/// Something that was done and leaves nothing to show.
pub(crate) struct Done;

impl<T: Shown> Responder for Tagged<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        show(StatusCode::OK, &self.0, false, None)
    }
}

impl<T: Shown> IntoResponses for Tagged<T> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let about = format!("The {}.", T::CONCEPT);
        documented::<T>(StatusCode::OK, &about, &["ETag"])
    }
}

impl<T: Shown> Responder for Changed<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let Written { record, replayed } = self.0;
        show(StatusCode::OK, &record, replayed, None)
    }
}

impl<T: Shown> IntoResponses for Changed<T> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let about = format!("The {} as it is now.", T::CONCEPT);
        documented::<T>(StatusCode::OK, &about, &["ETag", "Idempotency-Replayed"])
    }
}

impl<T: Shown> Responder for Created<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let Written { record, replayed } = self.0;
        show(StatusCode::CREATED, &record, replayed, Some(record.path()))
    }
}

impl<T: Shown> IntoResponses for Created<T> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let about = format!("The new {}.", T::CONCEPT);
        let headers = ["ETag", "Idempotency-Replayed", "Location"];
        documented::<T>(StatusCode::CREATED, &about, &headers)
    }
}

impl Responder for Done {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}

impl IntoResponses for Done {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let response = Response::new("It is done, and there is nothing to show.");
        BTreeMap::from([(StatusCode::NO_CONTENT.as_str().to_owned(), RefOr::T(response))])
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

/// Describes an answer that shows something as JSON. `ApiDoc` has to list the schema, to which this
/// only refers.
pub(crate) fn documented<T: ToSchema>(
    status: StatusCode,
    about: &str,
    headers: &[&str],
) -> BTreeMap<String, RefOr<Response>> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(T::name()))).build();
    let mut response =
        ResponseBuilder::new().description(about).content("application/json", content).build();
    name_headers(&mut response, headers);
    BTreeMap::from([(status.as_str().to_owned(), RefOr::T(response))])
}
