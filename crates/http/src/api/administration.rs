//! Users over HTTP, as administrators manage them.

use actix_web::web::Json;
use actix_web::{get, patch, post};
use medilink_application::error::FieldErrors;
use medilink_application::page::{List, Page};
use medilink_application::user::{CreateUser, ListUsers, UserFilter, UserView};
use medilink_application::{Application, Result};
use medilink_domain::id::UserId;
use medilink_domain::search::Search;
use medilink_domain::user::{Role, UserChanges, UserStatus};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::account::PersonFields;
use super::user::{RegisterBody, UserRegistration};
use crate::actor::{App, SignedIn};
use crate::answer::{Changed, Created, Tagged};
use crate::body::{Bare, Body, Id, IdempotencyHeader, IfMatch, IfMatchHeader};
use crate::field::{Field, Rest, read};
use crate::page::PageQuery;
use crate::problem::Problem;
use crate::query::Query;
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_users)
        .service(create_user)
        .service(find_user)
        .service(change_user)
        .service(approve_user)
        .service(disable_user)
        .service(enable_user);
}

/// Which users to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListUsersQuery {
    /// Up to eight words; each begins a word of the name, the user name or the e-mail address. Case
    /// and accents do not matter.
    #[serde(default)]
    #[param(value_type = Option<String>, max_length = 100)]
    search: Field<String>,
    /// In this role only.
    #[serde(default)]
    #[param(value_type = Option<Role>, inline)]
    role: Field<String>,
    /// In this status only: `pending` shows who waits for approval.
    #[serde(default)]
    #[param(value_type = Option<UserStatus>, inline)]
    status: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Rest,
}

/// What to send to change a user.
#[derive(Deserialize, ToSchema)]
struct ChangeUserBody {
    /// What they are to be here.
    #[serde(default)]
    #[schema(value_type = Role)]
    role: Field<String>,
    #[serde(flatten)]
    person: PersonFields,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

problems! {
    /// Instead of a list of users.
    ListUsersProblems = SIGNED_IN | [FORBIDDEN, APPROVAL_PENDING];
    /// Instead of a new user.
    CreateUserProblems = SIGNED_IN | KEYED_BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND];
    /// Instead of a user.
    FindUserProblems = SIGNED_IN | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND];
    /// Instead of a change of a user.
    ChangeUserProblems = SIGNED_IN | BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND, STALE],
        refused by [OwnAccount, LastAdmin];
    /// Instead of an approval.
    ApproveUserProblems = SIGNED_IN | KEYED_BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND, STALE],
        refused by [UserRefused, AdoptionOverlaps];
    /// Instead of keeping somebody out.
    DisableUserProblems = SIGNED_IN | KEYED_BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND, STALE],
        refused by [UserRefused, OwnAccount, LastAdmin];
    /// Instead of letting somebody in again.
    EnableUserProblems = SIGNED_IN | KEYED_BODY | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND, STALE],
        refused by [UserRefused];
}

/// List users
///
/// Shows the users, the newest first.
#[utoipa::path(
    tag = "users",
    params(ListUsersQuery, PageQuery),
    responses((status = OK, body = Page<UserView>, description = "One page."), ListUsersProblems),
    security(("bearer" = [])),
)]
#[get("/users")]
async fn list_users(
    app: App,
    caller: SignedIn,
    query: Query<ListUsersQuery>,
) -> Result<Json<Page<UserView>>, Problem> {
    let command = query.read()?.command(&app)?;
    let page = caller.perform(&app, async |call| app.users.list(call, command).await).await?;
    Ok(Json(page))
}

/// Make a user
///
/// Makes an account with the profile of its role, as a registration does, in any role. The user is
/// approved at once and signs in with the password that is given; tell them to choose another one.
#[utoipa::path(
    tag = "users",
    params(IdempotencyHeader),
    request_body(content = UserRegistration, example = json!({
        "email": "grace@example.com", "password": "correct horse", "role": "coordinator",
        "first_name": "Grace", "last_name": "Hopper",
    })),
    responses(Created<UserView>, CreateUserProblems),
    security(("bearer" = [])),
)]
#[post("/users")]
async fn create_user(
    app: App,
    caller: SignedIn,
    body: Body<RegisterBody>,
) -> Result<Created<UserView>, Problem> {
    let (caller, body) = body.read_once(caller)?;
    let (rules, zone) = (app.password_rules(), app.default_time_zone());
    let (newcomer, password) = body.newcomer(rules, zone, |_| true)?;
    let command = CreateUser { newcomer, password };
    let user = caller.perform(&app, async |call| app.users.create(call, command).await).await?;
    Ok(Created(user))
}

/// Read a user
///
/// Shows the account of somebody, and which profile is theirs.
#[utoipa::path(
    tag = "users",
    params(("id" = inline(UserId), Path, description = "The user.")),
    responses(Tagged<UserView>, FindUserProblems),
    security(("bearer" = [])),
)]
#[get("/users/{id}")]
async fn find_user(
    app: App,
    caller: SignedIn,
    id: Id<UserId>,
) -> Result<Tagged<UserView>, Problem> {
    let id = id.read()?;
    let user = caller.perform(&app, async |call| app.users.find(call, id).await).await?;
    Ok(Tagged(user))
}

/// Change a user
///
/// Changes the name, the phone or the role: what is left out stays. A new role holds from the user's
/// next request on. Whoever becomes a doctor, a patient or a pharmacy gets a blank profile unless
/// they have one; a profile that they had is kept, and one of a doctor that was archived comes back.
/// Nobody changes their own role, and the last active
/// administrator stays one.
#[utoipa::path(
    tag = "users",
    params(("id" = inline(UserId), Path, description = "The user."), IfMatchHeader),
    request_body(content = ChangeUserBody, example = json!({"role": "coordinator"})),
    responses(Changed<UserView>, ChangeUserProblems),
    security(("bearer" = [])),
)]
#[patch("/users/{id}")]
async fn change_user(
    app: App,
    caller: SignedIn,
    id: Id<UserId>,
    expected: IfMatch,
    body: Body<ChangeUserBody>,
) -> Result<Changed<UserView>, Problem> {
    let changes = body.read()?.changes()?;
    let (id, expected) = (id.read()?, expected.read()?);
    let change = async |call: &_| app.users.change(call, id, changes, expected).await;
    Ok(Changed(caller.perform(&app, change).await?))
}

/// Approve a user
///
/// Lets a pending user act, and records that the licence of the profile was checked. The id is the
/// user's; the profile of a doctor or a pharmacy shows it as `user_id`.
///
/// If somebody has entered a doctor with the same licence number before, whom nobody has verified, the
/// user signs in as that doctor from now on: `doctor_id` is the entry's, and so is what was booked and
/// published with the registration. What the registration says counts, and the entry says the rest. If
/// both have appointments or time slots at the same time, nothing changes. With pharmacies it is the same:
/// `pharmacy_id` is the entry's.
#[utoipa::path(
    tag = "users",
    params(
        ("id" = inline(UserId), Path, description = "The user."),
        IfMatchHeader,
        IdempotencyHeader,
    ),
    responses(Changed<UserView>, ApproveUserProblems),
    security(("bearer" = [])),
)]
#[post("/users/{id}/approve")]
async fn approve_user(
    app: App,
    caller: SignedIn,
    record: Bare<UserId>,
) -> Result<Changed<UserView>, Problem> {
    let (caller, id, expected) = record.read_once(caller)?;
    let approve = async |call: &_| app.users.approve(call, id, expected).await;
    Ok(Changed(caller.perform(&app, approve).await?))
}

/// Disable a user
///
/// Keeps somebody from doing anything, and ends all their sessions at once. Nobody disables
/// themself, and the last active administrator stays.
#[utoipa::path(
    tag = "users",
    params(
        ("id" = inline(UserId), Path, description = "The user."),
        IfMatchHeader,
        IdempotencyHeader,
    ),
    responses(Changed<UserView>, DisableUserProblems),
    security(("bearer" = [])),
)]
#[post("/users/{id}/disable")]
async fn disable_user(
    app: App,
    caller: SignedIn,
    record: Bare<UserId>,
) -> Result<Changed<UserView>, Problem> {
    let (caller, id, expected) = record.read_once(caller)?;
    let disable = async |call: &_| app.users.disable(call, id, expected).await;
    Ok(Changed(caller.perform(&app, disable).await?))
}

/// Enable a user
///
/// Lets a disabled user be what they were before: active if they were approved once, else pending.
/// They sign in anew.
#[utoipa::path(
    tag = "users",
    params(
        ("id" = inline(UserId), Path, description = "The user."),
        IfMatchHeader,
        IdempotencyHeader,
    ),
    responses(Changed<UserView>, EnableUserProblems),
    security(("bearer" = [])),
)]
#[post("/users/{id}/enable")]
async fn enable_user(
    app: App,
    caller: SignedIn,
    record: Bare<UserId>,
) -> Result<Changed<UserView>, Problem> {
    let (caller, id, expected) = record.read_once(caller)?;
    let enable = async |call: &_| app.users.enable(call, id, expected).await;
    Ok(Changed(caller.perform(&app, enable).await?))
}

impl ListUsersQuery {
    fn command(self, application: &Application) -> Result<ListUsers> {
        let mut errors = FieldErrors::default();
        let filter = UserFilter {
            search: read!(self.search.text(&mut errors, Search::parse)),
            role: read!(self.role.optional(&mut errors, Role::parse_alias)),
            status: read!(self.status.optional(&mut errors, UserStatus::parse)),
        };
        let page = self.page.read(application, &[List::Users], &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(ListUsers { filter, page })
    }
}

impl ChangeUserBody {
    fn changes(self) -> Result<UserChanges> {
        let mut errors = FieldErrors::default();
        let role = read!(self.role.replace(&mut errors, Role::parse_alias));
        let person = self.person.changes(&mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(UserChanges { role, person })
    }
}
