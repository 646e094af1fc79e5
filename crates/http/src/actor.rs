//! Who sends a request. Every handler takes one of these two, so none is open by mistake.

use std::future::Future;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::future::{LocalBoxFuture, Ready, ready};
use medilink_application::call::{Call, Caller};
use medilink_application::idempotency::IdempotencyKey;
use medilink_application::{Application, Error, Result};
use medilink_domain::audit::Origin;

use crate::body::single;
use crate::limit::{Allowance, Key};
use crate::problem::{Problem, ProblemKind};
use crate::query::refuse_unexpected;

/// How long a use case may take. On SQLite a unit of work keeps all other writers waiting.
const DEADLINE: Duration = Duration::from_secs(5);

/// What a handler is given to ask.
pub(crate) type App = Data<Application>;

/// Anybody: the handler is open to the world, on purpose.
pub(crate) struct Public {
    /// Where the call came from.
    pub(crate) origin: Origin,
}

impl FromRequest for Public {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let unexpected = refuse_unexpected(request);
        ready(unexpected.and_then(|()| Ok(Self { origin: origin(request)? })))
    }
}

/// Somebody with a valid access token.
pub(crate) struct SignedIn(Caller);

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let application = request.app_data::<App>().cloned();
        let token = bearer(request);
        let origin = origin(request);
        let allowance = Allowance::of(request);
        let unexpected = refuse_unexpected(request);
        Box::pin(async move {
            let application = application.ok_or_else(|| Problem::plain(ProblemKind::INTERNAL))?;
            let token = token?;
            let actor = in_time(application.sessions.authenticate(&token)).await?;
            if let Some(allowance) = allowance {
                allowance.spend(&Key::User(actor.user))?;
            }
            unexpected?;
            Ok(Self(Caller { actor, origin: origin?, idempotency: None }))
        })
    }
}

/// Somebody who may be signed in: the handler is open to the world, on purpose, and asks who it is.
pub(crate) struct PerhapsSignedIn(pub(crate) Result<SignedIn, Problem>);

impl FromRequest for PerhapsSignedIn {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = SignedIn::from_request(request, payload);
        Box::pin(async move { Ok(Self(caller.await)) })
    }
}

impl SignedIn {
    /// Notes what makes a second request the same one, as
    /// [`Body::read_once`](crate::body::Body::read_once) finds it.
    pub(crate) fn sending(self, idempotency: Option<IdempotencyKey>) -> Self {
        Self(Caller { idempotency, ..self.0 })
    }

    /// Asks a use case.
    pub(crate) async fn perform<T>(
        self,
        application: &Application,
        use_case: impl AsyncFnOnce(&Call) -> Result<T>,
    ) -> Result<T, Problem> {
        in_time(application.perform(self.0, use_case)).await
    }
}

/// Gives up on what takes too long.
pub(crate) async fn in_time<T>(answer: impl Future<Output = Result<T>>) -> Result<T, Problem> {
    match tokio::time::timeout(DEADLINE, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Error::Overloaded.into()),
    }
}

fn bearer(request: &HttpRequest) -> Result<String, Problem> {
    if !request.headers().contains_key(AUTHORIZATION) {
        return Err(Problem::no_credentials());
    }
    let header = single(request.headers(), &AUTHORIZATION);
    let token = header.and_then(|header| header.split_once(' '));
    token
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim().to_owned())
        .ok_or_else(|| Problem::plain(ProblemKind::AUTHENTICATION_REQUIRED))
}

fn origin(request: &HttpRequest) -> Result<Origin, Problem> {
    request
        .extensions()
        .get::<Origin>()
        .copied()
        .ok_or_else(|| Problem::plain(ProblemKind::INTERNAL))
}
