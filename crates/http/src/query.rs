//! Queries: the parameters behind the question mark, read like the fields of a body.

use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::{Ready, ready};
use serde::de::DeserializeOwned;

use crate::problem::{Problem, ProblemKind};

/// The parameters that were sent.
pub(crate) struct Query<T> {
    sent: String,
    shape: PhantomData<T>,
}

impl<T> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self { sent: request.query_string().to_owned(), shape: PhantomData }))
    }
}

impl<T: DeserializeOwned> Query<T> {
    /// Reads the parameters.
    pub(crate) fn read(self) -> Result<T, Problem> {
        // What is no UTF-8 is decoded to this character, which nobody means to search for.
        let decoded = web::Query::<Vec<(String, String)>>::from_query(&self.sent);
        let broken = |(name, value): &(String, String)| {
            [name, value].iter().any(|it| it.contains('\u{fffd}'))
        };
        if decoded.is_ok_and(|pairs| pairs.iter().any(broken)) {
            return Err(Problem::new(ProblemKind::MALFORMED, "The query is not valid UTF-8."));
        }
        web::Query::<T>::from_query(&self.sent).map(web::Query::into_inner).map_err(|_| {
            Problem::new(
                ProblemKind::MALFORMED,
                "The query cannot be read; name each parameter once.",
            )
        })
    }
}

/// Reads a parameter that is true or false.
pub(crate) fn flag(raw: &str) -> Result<bool, &'static str> {
    raw.parse().map_err(|_| "write true or false")
}
