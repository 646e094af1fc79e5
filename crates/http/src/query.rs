//! Queries: the parameters behind the question mark, read like the fields of a body.

use std::collections::HashSet;
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::web::{self, Data};
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::{Ready, ready};
use medilink_application::error::FieldErrors;
use serde::de::DeserializeOwned;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{OpenApi as Document, RefOr};

use crate::field::refuse_names;
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
        names(&self.sent)?;
        web::Query::<T>::from_query(&self.sent)
            .map(web::Query::into_inner)
            .map_err(|_| unreadable())
    }
}

/// Which operations take parameters behind a question mark: their methods and paths.
pub(crate) struct Queried(HashSet<(String, String)>);

impl Queried {
    /// Finds them in the document.
    pub(crate) fn of(document: &Document) -> Self {
        let mut queried = HashSet::new();
        for (path, item) in &document.paths.paths {
            let operations = [
                (Method::GET, &item.get),
                (Method::POST, &item.post),
                (Method::PUT, &item.put),
                (Method::PATCH, &item.patch),
                (Method::DELETE, &item.delete),
            ];
            for (method, operation) in operations {
                let mut parameters = operation.iter().flat_map(|it| &it.parameters).flatten();
                if parameters.any(is_of_query) {
                    queried.insert((method.to_string(), path.clone()));
                }
            }
        }
        Self(queried)
    }
}

fn is_of_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(Parameter { parameter_in: ParameterIn::Query, .. }))
}

/// Refuses a query where an operation takes none: what somebody adds there would be lost in silence.
pub(crate) fn refuse_unexpected(request: &HttpRequest) -> Result<(), Problem> {
    if request.query_string().is_empty() {
        return Ok(());
    }
    let operation = (request.method().to_string(), request.match_pattern().unwrap_or_default());
    let queried = request.app_data::<Data<Queried>>();
    if queried.is_some_and(|queried| queried.0.contains(&operation)) {
        return Ok(());
    }
    let mut errors = FieldErrors::default();
    refuse_names(names(request.query_string())?.into_iter(), &mut errors);
    Ok(errors.check()?)
}

/// Returns the names of the parameters of a query that can be read.
fn names(sent: &str) -> Result<Vec<String>, Problem> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(sent).map_err(|_| unreadable())?;
    let pairs = pairs.into_inner();
    for (name, value) in &pairs {
        // What is no UTF-8 is decoded to this character, which nobody means to search for.
        if [name, value].iter().any(|it| it.contains('\u{fffd}')) {
            return Err(Problem::new(ProblemKind::MALFORMED, "The query is not valid UTF-8."));
        }
        if name.is_empty() {
            let detail = "The query has a value without a name.";
            return Err(Problem::new(ProblemKind::MALFORMED, detail));
        }
    }
    Ok(pairs.into_iter().map(|(name, _)| name).collect())
}

fn unreadable() -> Problem {
    Problem::new(ProblemKind::MALFORMED, "The query cannot be read; name each parameter once.")
}

/// Reads a parameter that is true or false.
pub(crate) fn flag(raw: &str) -> Result<bool, &'static str> {
    raw.parse().map_err(|_| "write true or false")
}

/// Reads a parameter that is a whole number, which has one spelling: no plus, no leading zeros.
pub(crate) fn whole_number(raw: &str) -> Result<i64, &'static str> {
    let number = raw.parse().ok().filter(|number: &i64| number.to_string() == raw);
    number.ok_or("write a whole number")
}
