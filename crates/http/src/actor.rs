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
use medilink_domain::id::UserId;

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

    /// Returns who it is.
    pub(crate) const fn user(&self) -> UserId {
        self.0.actor.user
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
    if let Ok(answer) = tokio::time::timeout(DEADLINE, answer).await {
        return Ok(answer?);
    }
    tracing::warn!(seconds = DEADLINE.as_secs(), "a use case was given up");
    Err(Error::Overloaded.into())
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

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use medilink_application::error::StoreError;
    use medilink_application::testing::FakeClinic;
    use serde_json::{Value, json};

    use super::*;
    use crate::edge::Edge;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(line)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Ends a session by its refresh token: a use case that begins a unit of work.
    async fn log_out(mut clinic: FakeClinic) -> Value {
        clinic.tokens.expect_refresh_hash().return_const([1; 32]);
        let request = TestRequest::post().uri("/api/v1/auth/logout");
        ask(clinic.open().0, request.set_json(json!({"refresh": "a secret"}))).await
    }

    /// Returns the status, what there is to wait for, and the body.
    async fn ask(application: Application, request: TestRequest) -> Value {
        let (application, edge) = (App::new(application), Data::new(Edge::default()));
        let description = crate::Description::of(&crate::openapi()).unwrap();
        let app = init_service(crate::app(application, edge, description)).await;
        let answer = call_service(&app, request.to_request()).await;
        let retry = answer.headers().get("retry-after").map(|it| it.to_str().unwrap().to_owned());
        let status = answer.status().as_u16();
        let body = String::from_utf8(read_body(answer).await.to_vec()).unwrap();
        assert!(!body.contains("10.0.0.7"), "{body}");
        let code = serde_json::from_str::<Value>(&body).unwrap()["code"].clone();
        json!([status, retry, code])
    }

    #[actix_web::test]
    async fn a_store_that_is_busy_or_away_is_worth_another_try() {
        let away = || StoreError::Unavailable(Box::new(io::Error::other("users on 10.0.0.7")));
        let failures: [fn() -> StoreError; 2] = [|| StoreError::Busy, away];

        for fails in failures {
            let clinic = || FakeClinic { store_fails: Some(fails), ..FakeClinic::default() };
            let unavailable = json!([503, "1", "unavailable"]);
            assert_eq!(log_out(clinic()).await, unavailable);
            let ready = TestRequest::get().uri("/health/ready");
            assert_eq!(ask(clinic().open().0, ready).await, unavailable);
        }
    }

    #[actix_web::test]
    async fn what_never_ends_is_given_up_and_leaves_a_trace() {
        let log = Log::default();
        let kept = log.clone();
        let logger = tracing_subscriber::fmt().with_writer(move || kept.clone()).with_ansi(false);
        // For every thread, and after a first request: what another test logs before anybody listens
        // would else be taken for what nobody ever reads.
        retired().await;
        tracing::subscriber::set_global_default(logger.finish()).unwrap();

        let clinic = FakeClinic { store_is_stuck: true, ..FakeClinic::default() };
        assert_eq!(log_out(clinic).await, json!([503, "1", "unavailable"]));

        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let given_up: Vec<_> = log.lines().filter(|line| line.contains("given up")).collect();
        assert_eq!(given_up.len(), 1, "{log}");
        assert!(given_up[0].contains("WARN request{id="), "{log}");
    }

    #[actix_web::test]
    async fn whoever_is_about_to_stop_is_not_ready() {
        assert_eq!(retired().await, json!([503, "1", "unavailable"]));
    }

    /// Asks a program that is about to stop whether it is ready.
    async fn retired() -> Value {
        let (application, _) = FakeClinic::default().open();
        application.retire();
        ask(application, TestRequest::get().uri("/health/ready")).await
    }
}
