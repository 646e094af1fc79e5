//! The audit trail over HTTP.

use actix_web::get;
use actix_web::web::Json;
use medilink_application::audit::{AccessView, AuditEntryView, AuditFilter, ListAudit};
use medilink_application::error::FieldErrors;
use medilink_application::page::{List, Page};
use medilink_application::{Application, Result};
use medilink_domain::audit::Outcome;
use medilink_domain::id::{IdError, PatientId, RequestId, Uuid};
use medilink_domain::policy::Action;
use medilink_domain::record::{Concept, Record};
use medilink_domain::zone::Bound;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actor::{App, SignedIn};
use crate::body::Id;
use crate::field::{Field, Rest, read};
use crate::page::{PageAlone, PageQuery};
use crate::problem::Problem;
use crate::query::Query;
use crate::responses::problems;

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_audit).service(list_access_log);
}

/// Which entries to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListAuditQuery {
    /// Of this user only.
    #[serde(default)]
    #[param(value_type = Option<String>, format = Uuid)]
    user_id: Field<String>,
    /// That touch this patient's data only.
    #[serde(default)]
    #[param(value_type = Option<String>, format = Uuid)]
    patient_id: Field<String>,
    /// Of this kind of action only.
    #[serde(default)]
    #[param(value_type = Option<Action>, inline)]
    action: Field<String>,
    /// With this outcome only.
    #[serde(default)]
    #[param(value_type = Option<Outcome>, inline)]
    outcome: Field<String>,
    /// About a record of this kind only; `record_id` says which.
    #[serde(default)]
    #[param(value_type = Option<Concept>, inline)]
    concept: Field<String>,
    /// About this record only; `concept` says of which kind it is.
    #[serde(default)]
    #[param(value_type = Option<String>, format = Uuid)]
    record_id: Field<String>,
    /// At this instant or later, or on this day, in the default time zone.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    from: Field<String>,
    /// Before this instant, or on this day at the latest.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    to: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Rest,
}

problems! {
    /// Instead of a part of the audit trail.
    ListAuditProblems = SIGNED_IN | [FORBIDDEN, APPROVAL_PENDING];
    /// Instead of an access log.
    ListAccessLogProblems = SIGNED_IN | [FORBIDDEN, APPROVAL_PENDING, NOT_FOUND];
}

/// List the audit trail
///
/// Shows who did, saw or was refused what, the newest first, to administrators. That they look is on
/// the trail, too. Whether it is what was written, `medilink audit verify` says.
#[utoipa::path(
    tag = "audit",
    params(ListAuditQuery, PageQuery),
    responses(
        (status = OK, body = Page<AuditEntryView>, description = "One page."),
        ListAuditProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/audit")]
async fn list_audit(
    app: App,
    caller: SignedIn,
    query: Query<ListAuditQuery>,
) -> Result<Json<Page<AuditEntryView>>, Problem> {
    let command = query.read()?.command(&app)?;
    let page = caller.perform(&app, async |call| app.audit.list(call, command).await).await?;
    Ok(Json(page))
}

/// List who has opened a patient's record
///
/// Shows what was done that touched the patient's data, the newest first: reads and changes, and when
/// the list was looked at. The patient and administrators may see it. Of doctors and pharmacies it
/// has the name, of others the role. A list of many patients is not in it.
#[utoipa::path(
    tag = "patients",
    params(("id" = inline(PatientId), Path, description = "The patient."), PageQuery),
    responses(
        (status = OK, body = Page<AccessView>, description = "One page."),
        ListAccessLogProblems,
    ),
    security(("bearer" = [])),
)]
#[get("/patients/{id}/access-log")]
async fn list_access_log(
    app: App,
    caller: SignedIn,
    id: Id<PatientId>,
    query: Query<PageAlone>,
) -> Result<Json<Page<AccessView>>, Problem> {
    let id = id.read()?;
    let page = query.read()?.read(&app, List::AccessLog(id))?;
    let list = async |call: &_| app.audit.access_log(call, id, page).await;
    Ok(Json(caller.perform(&app, list).await?))
}

impl ListAuditQuery {
    fn command(self, application: &Application) -> Result<ListAudit> {
        let mut errors = FieldErrors::default();
        let (has_concept, has_id) = (!self.concept.is_missing(), !self.record_id.is_missing());
        let concept = read!(self.concept.optional(&mut errors, Concept::parse));
        let id = read!(self.record_id.optional(&mut errors, any_id));
        match (has_concept, has_id) {
            (true, false) => errors.add("record_id", "name the record, too"),
            (false, true) => errors.add("concept", "say what kind of record it is"),
            (true, true) | (false, false) => {}
        }
        let filter = AuditFilter {
            user: read!(self.user_id.optional(&mut errors, str::parse)),
            patient: read!(self.patient_id.optional(&mut errors, str::parse)),
            action: read!(self.action.optional(&mut errors, Action::parse)),
            outcome: read!(self.outcome.optional(&mut errors, Outcome::parse)),
            record: concept.zip(id).map(|(concept, id)| Record { concept, id }),
            from: read!(self.from.optional(&mut errors, Bound::parse)),
            to: read!(self.to.optional(&mut errors, Bound::parse)),
        };
        let page = self.page.read(application, &[List::Audit], &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(ListAudit { filter, page })
    }
}

/// Reads the id of a record of any kind: all are written alike.
fn any_id(raw: &str) -> Result<Uuid, IdError> {
    raw.parse::<RequestId>().map(RequestId::as_uuid)
}
