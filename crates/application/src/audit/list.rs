//! Looking through the audit trail.

use medilink_domain::actor::Relations;
use medilink_domain::audit::Outcome;
use medilink_domain::id::{PatientId, UserId};
use medilink_domain::policy::Action;
use medilink_domain::record::Record;
use medilink_domain::zone::Bound;

use super::{Audit, AuditEntryView, AuditSelection};
use crate::call::{Call, Subject};
use crate::error::Result;
use crate::page::{List, Page, PageRequest};
use crate::range::instants;

/// Which entries somebody wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Of this user only.
    pub user: Option<UserId>,
    /// That touch this patient's data only.
    pub patient: Option<PatientId>,
    /// Of this kind of action only.
    pub action: Option<Action>,
    /// With this outcome only.
    pub outcome: Option<Outcome>,
    /// About this record only.
    pub record: Option<Record>,
    /// Then or later.
    pub from: Option<Bound>,
    /// Before then; a day is included.
    pub to: Option<Bound>,
}

/// What somebody asks for when they look through the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListAudit {
    /// Which entries.
    pub filter: AuditFilter,
    /// Which page.
    pub page: PageRequest,
}

impl Audit {
    /// Returns a page of the audit trail, the newest first. That, too, is recorded.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](crate::Error::Forbidden) unless an admin asks,
    /// [`Invalid`](crate::Error::Invalid) for a cursor of another list, or a day beyond the calendar.
    pub async fn list(&self, call: &Call, command: ListAudit) -> Result<Page<AuditEntryView>> {
        let ListAudit { filter, page } = command;
        // Whose data the entries tell of, if it is one patient's.
        let patient = filter.patient.or(filter.record.and_then(Record::patient));

        call.may(Action::ReadAudit, Relations::NONE, Subject::NONE.touching(patient))?;

        let stretch = page.open(List::Audit, &*self.ports.cursors)?;
        let queries = self.ports.store.queries();
        let ends = [("from", filter.from), ("to", filter.to)];
        let zone = &self.settings.default_time_zone;
        let [from, to] = instants(&*queries, zone, None, ends).await?;
        let AuditFilter { user, patient, action, outcome, record, from: _, to: _ } = filter;
        let selection = AuditSelection { user, patient, action, outcome, record, from, to };
        let found = queries.audit().list(&selection, &stretch).await?;

        Ok(found.seal(List::Audit, &*self.ports.cursors))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::id::Uuid;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::testing::{FakeClinic, Trail, a_caller, a_patient, at, nothing};

    async fn list(
        clinic: FakeClinic,
        by: Caller,
        filter: AuditFilter,
    ) -> (Result<Page<AuditEntryView>>, Trail) {
        let command = ListAudit { filter, page: PageRequest::default() };
        clinic.perform(by, async |app, call| app.audit.list(call, command).await).await
    }

    #[tokio::test]
    async fn reading_the_trail_is_on_the_trail_with_the_patient_whom_it_tells_of() {
        let patient = a_patient().id;
        let filters = [
            (AuditFilter::default(), None),
            (AuditFilter { patient: Some(patient), ..AuditFilter::default() }, Some(patient)),
            (AuditFilter { record: Some(patient.into()), ..AuditFilter::default() }, Some(patient)),
        ];
        for (filter, touched) in filters {
            let clinic = FakeClinic::finding_entries(nothing());

            let (page, trail) = list(clinic, a_caller(Role::Admin), filter).await;

            let entries = trail.recorded();
            assert!(page.is_ok());
            assert_eq!(entries.len(), 1);
            assert_eq!((entries[0].action, entries[0].patient), (Action::ReadAudit, touched));
            assert_eq!(entries[0].outcome, Outcome::Done);
        }
    }

    #[tokio::test]
    async fn everything_that_is_named_narrows_the_list() {
        let filter = AuditFilter {
            user: Some(UserId::new(Uuid::from_u128(1))),
            patient: Some(a_patient().id),
            action: Some(Action::ReadPatient),
            outcome: Some(Outcome::Denied),
            record: Some(a_patient().id.into()),
            from: Bound::parse("2030-01-07").ok(),
            to: Bound::parse("2030-01-07").ok(),
        };
        let expected = AuditSelection {
            user: filter.user,
            patient: filter.patient,
            action: filter.action,
            outcome: filter.outcome,
            record: filter.record,
            from: Some(at("2030-01-07T00:00:00Z")),
            to: Some(at("2030-01-08T00:00:00Z")),
        };
        let clinic = FakeClinic::asked_for_entries(move |selection, _| *selection == expected);

        assert!(list(clinic, a_caller(Role::Admin), filter).await.0.is_ok());
    }

    #[tokio::test]
    async fn nobody_but_an_admin_reads_the_trail() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let filter = AuditFilter::default();
            let (refused, trail) = list(FakeClinic::default(), a_caller(role), filter).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::ReadAudit))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }
}
