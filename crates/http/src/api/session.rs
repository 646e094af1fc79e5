//! Signing in, staying signed in, and signing out, over HTTP.

use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::web::Json;
use actix_web::{HttpRequest, HttpResponse, Responder, delete, get, post};
use medilink_application::error::FieldErrors;
use medilink_application::page::{List, Page};
use medilink_application::session::{Device, LogIn, SessionView, SignedInView, TokensView};
use medilink_application::{Error, Result};
use medilink_domain::id::{SessionId, UserId};
use medilink_domain::password::Password;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoResponses, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actor::{App, PerhapsSignedIn, Public, SignedIn, in_time};
use crate::answer::{Done, documented};
use crate::body::{Body, Id};
use crate::device::OnDevice;
use crate::field::{Field, Rest, read, verbatim};
use crate::page::{PageAlone, PageQuery};
use crate::problem::Problem;
use crate::query::Query;
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(log_in)
        .service(refresh_session)
        .service(log_out)
        .service(list_own_sessions)
        .service(end_own_sessions)
        .service(end_session)
        .service(list_sessions_of_user)
        .service(end_sessions_of_user);
}

/// What to send to sign in: one of the two names, and the password.
#[derive(Deserialize, ToSchema)]
struct LogInBody {
    /// The user name; an e-mail address is understood too.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 254)]
    username: Field<String>,
    /// Or the e-mail address.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 254)]
    email: Field<String>,
    /// The password.
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    password: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to continue a session.
#[derive(Deserialize, ToSchema)]
struct RefreshBody {
    /// The refresh token of the last answer.
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    refresh: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to sign out, if anything.
#[derive(Deserialize, ToSchema)]
struct LogOutBody {
    /// The refresh token of a session that is to end too; it is enough by itself, when the access
    /// token has expired.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    refresh: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// A session that was continued.
#[derive(Serialize, ToSchema)]
struct RefreshedView {
    /// Its new tokens.
    tokens: TokensView,
}

/// Somebody who has signed in, and what their device keeps.
struct LoggedIn(SignedInView, Cookie<'static>);

impl Responder for LoggedIn {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().cookie(self.1).json(self.0)
    }
}

impl IntoResponses for LoggedIn {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        documented::<SignedInView>(StatusCode::OK, "Signed in.", &["Set-Cookie"])
    }
}

problems! {
    /// Instead of a session.
    LogInProblems = PUBLIC | BODY | [WRONG_CREDENTIALS];
    /// Instead of new tokens.
    RefreshSessionProblems = PUBLIC | BODY | [REFRESH_TOKEN_REFUSED];
    /// Instead of the end of the present session.
    LogOutProblems = SIGNED_IN | BODY | [REFRESH_TOKEN_REFUSED];
    /// Instead of a list of one's own sessions.
    ListOwnSessionsProblems = SIGNED_IN;
    /// Instead of the end of one's own sessions.
    EndOwnSessionsProblems = SIGNED_IN;
    /// Instead of the end of a session.
    EndSessionProblems = SIGNED_IN | [APPROVAL_PENDING, NOT_FOUND];
    /// Instead of a list of somebody's sessions.
    ListSessionsOfUserProblems = SIGNED_IN | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND];
    /// Instead of the end of somebody's sessions.
    EndSessionsOfUserProblems = SIGNED_IN | [APPROVAL_PENDING, NOT_FOUND];
}

/// Log in
///
/// Answers the user, an access token for `Authorization: Bearer …`, and a refresh token. Keep the
/// cookie `medilink_device`: a device that has signed in before is not kept waiting because others
/// have tried wrong passwords.
#[utoipa::path(
    tag = "auth",
    request_body(content = LogInBody, example = json!({"username": "ada", "password": "demo-patient"})),
    responses(LoggedIn, LogInProblems),
    security(()),
)]
#[post("/auth/login")]
async fn log_in(
    app: App,
    caller: Public,
    device: OnDevice,
    body: Body<LogInBody>,
) -> Result<LoggedIn, Problem> {
    let command = body.read()?.command(device.read())?;
    let signed_in = in_time(app.sessions.log_in(caller.origin, command)).await?;
    let cookie = device.keeps(signed_in.device.clone());
    Ok(LoggedIn(signed_in, cookie))
}

/// Continue a session
///
/// Answers a new access token, and the refresh token for the next time: each is used once. A token
/// that was used within the last ten seconds gets the same answer again; any other use of one that
/// was used before ends the session, since somebody has a copy of it.
#[utoipa::path(
    tag = "auth",
    request_body(content = RefreshBody, example = json!({
        "refresh": "kq3Zb0mH1s6Vb1PzF6oQkK1vP7u2n8yQe0w5c4d3b2a"
    })),
    responses((status = OK, body = RefreshedView, description = "Continued."), RefreshSessionProblems),
    security(()),
)]
#[post("/auth/refresh")]
async fn refresh_session(
    app: App,
    caller: Public,
    body: Body<RefreshBody>,
) -> Result<Json<RefreshedView>, Problem> {
    let refresh = body.read()?.token()?;
    let tokens = in_time(app.sessions.refresh(caller.origin, &refresh)).await?;
    Ok(Json(RefreshedView { tokens }))
}

/// Log out
///
/// Ends the session of the access token, and that of the refresh token if one is sent. Either of
/// the two is enough: beside a valid access token, a refresh token that continues no session of yours
/// changes nothing, and you are signed out.
#[utoipa::path(
    tag = "auth",
    request_body(content = Option<LogOutBody>, example = json!({})),
    responses(Done, LogOutProblems),
    security(("bearer" = [])),
)]
#[post("/auth/logout")]
async fn log_out(
    app: App,
    public: Public,
    caller: PerhapsSignedIn,
    body: Body<LogOutBody>,
) -> Result<Done, Problem> {
    let refresh = body.read_or_empty().and_then(|body| Ok(body.token()?));
    match (caller.0, refresh) {
        (Ok(caller), refresh) => {
            let refresh = refresh?;
            let log_out = async |call: &_| app.sessions.log_out(call, refresh.as_deref()).await;
            caller.perform(&app, log_out).await?;
        }
        (Err(_), Ok(Some(refresh))) => {
            in_time(app.sessions.log_out_with(public.origin, &refresh)).await?;
        }
        // Somebody unknown learns nothing of what else is wrong.
        (Err(unknown), Ok(None) | Err(_)) => return Err(unknown),
    }
    Ok(Done)
}

/// List your own sessions
///
/// Shows where you are signed in, the newest first.
#[utoipa::path(
    tag = "auth",
    params(PageQuery),
    responses(
        (status = OK, body = Page<SessionView>, description = "One page."),
        ListOwnSessionsProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/auth/sessions")]
async fn list_own_sessions(
    app: App,
    caller: SignedIn,
    query: Query<PageAlone>,
) -> Result<Json<Page<SessionView>>, Problem> {
    let page = query.read()?.read(&app, List::Sessions(caller.user()))?;
    let list = async |call: &_| app.sessions.list_own(call, page).await;
    Ok(Json(caller.perform(&app, list).await?))
}

/// End all your sessions
///
/// Signs you out everywhere, here too.
#[utoipa::path(
    tag = "auth",
    responses(Done, EndOwnSessionsProblems),
    security(("bearer" = [])),
)]
#[delete("/auth/sessions")]
async fn end_own_sessions(app: App, caller: SignedIn) -> Result<Done, Problem> {
    caller.perform(&app, async |call| app.sessions.end_own(call).await).await?;
    Ok(Done)
}

/// End a session
///
/// One of your own, the present one too; administrators end anybody's.
#[utoipa::path(
    tag = "auth",
    params(("id" = inline(SessionId), Path, description = "The session.")),
    responses(Done, EndSessionProblems),
    security(("bearer" = [])),
)]
#[delete("/auth/sessions/{id}")]
async fn end_session(app: App, caller: SignedIn, id: Id<SessionId>) -> Result<Done, Problem> {
    let id = id.read()?;
    caller.perform(&app, async |call| app.sessions.end(call, id).await).await?;
    Ok(Done)
}

/// List a user's sessions
///
/// Shows where somebody is signed in, the newest first.
#[utoipa::path(
    tag = "users",
    params(("id" = inline(UserId), Path, description = "The user."), PageQuery),
    responses(
        (status = OK, body = Page<SessionView>, description = "One page."),
        ListSessionsOfUserProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/users/{id}/sessions")]
async fn list_sessions_of_user(
    app: App,
    caller: SignedIn,
    id: Id<UserId>,
    query: Query<PageAlone>,
) -> Result<Json<Page<SessionView>>, Problem> {
    let id = id.read()?;
    let page = query.read()?.read(&app, List::Sessions(id))?;
    let list = async |call: &_| app.sessions.list(call, id, page).await;
    Ok(Json(caller.perform(&app, list).await?))
}

/// End all sessions of a user
///
/// Signs somebody out everywhere, on their next request.
#[utoipa::path(
    tag = "users",
    params(("id" = inline(UserId), Path, description = "The user.")),
    responses(Done, EndSessionsOfUserProblems),
    security(("bearer" = [])),
)]
#[delete("/users/{id}/sessions")]
async fn end_sessions_of_user(app: App, caller: SignedIn, id: Id<UserId>) -> Result<Done, Problem> {
    let id = id.read()?;
    caller.perform(&app, async |call| app.sessions.end_all(call, id).await).await?;
    Ok(Done)
}

impl LogInBody {
    fn command(self, device: Device) -> Result<LogIn> {
        let mut errors = FieldErrors::default();
        let username = read!(self.username.text(&mut errors, login_name));
        let email = read!(self.email.text(&mut errors, login_name));
        let name = match (username, email) {
            (Some(_), Some(_)) => {
                errors.add("email", "give either this or username");
                None
            }
            (None, None) if errors.by_field().is_empty() => {
                errors.add("username", "give this or email");
                None
            }
            (username, email) => username.or(email),
        };
        let password = read!(self.password.required(&mut errors, verbatim));
        self.unknown.refuse(&mut errors);

        let (Some(name), Some(password)) = (name, password) else {
            return Err(Error::Invalid(errors));
        };
        errors.check()?;
        Ok(LogIn { name, password: Password::typed(password), device })
    }
}

/// Reads a name to sign in with. It may be nobody's, but not longer than anybody's.
fn login_name(raw: &str) -> Result<String, &'static str> {
    if 254 < raw.chars().count() {
        return Err("keep it to 254 characters");
    }
    if raw.chars().any(char::is_control) {
        return Err("leave out control characters");
    }
    Ok(raw.to_owned())
}

impl RefreshBody {
    fn token(self) -> Result<String> {
        let mut errors = FieldErrors::default();
        let refresh = read!(self.refresh.required(&mut errors, verbatim));
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(refresh.unwrap_or_default())
    }
}

impl LogOutBody {
    fn token(self) -> Result<Option<String>> {
        let mut errors = FieldErrors::default();
        let refresh = read!(self.refresh.optional(&mut errors, verbatim));
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(refresh)
    }
}
