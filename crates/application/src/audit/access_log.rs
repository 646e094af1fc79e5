//! Looking who has opened a patient's record.

use medilink_domain::id::PatientId;
use medilink_domain::policy::Action;

use super::{AccessView, Audit};
use crate::call::{Call, Subject};
use crate::error::Result;
use crate::page::{List, Page, PageRequest};

impl Audit {
    /// Returns a page of what was done that touched a patient's data, the newest first: for the
    /// patient and for administrators. That, too, is recorded.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if there is no such patient for the caller.
    /// - [`Forbidden`](crate::Error::Forbidden) for those who may read the record, but are not the
    ///   patient.
    /// - [`Invalid`](crate::Error::Invalid) for a cursor of another list.
    pub async fn access_log(
        &self,
        call: &Call,
        patient: PatientId,
        page: PageRequest,
    ) -> Result<Page<AccessView>> {
        const ACTION: Action = Action::ReadAccessLog;
        let subject = Subject::of(patient);
        let actor = call.actor();
        let since = self.settings.care_window.since(self.ports.clock.now());

        let queries = self.ports.store.queries();
        let seen = queries.patients().find(patient, actor.doctor, since).await?;
        let seen = seen.ok_or_else(|| call.missing(ACTION, subject))?;
        let relations = actor.relations_to_patient(patient, seen.created_by, seen.in_care);

        call.may(ACTION, relations, subject)?;

        let stretch = page.open(List::AccessLog(patient), &*self.ports.cursors)?;
        let found = queries.audit().access_log(patient, &stretch).await?;

        Ok(found.seal(List::AccessLog(patient), &*self.ports.cursors))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::record::Concept;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::patient::{PatientView, SeenPatient};
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_patient, a_stranger, nothing, the_creator,
    };

    async fn access_log(by: Caller, in_care: bool) -> (Result<Page<AccessView>>, Trail) {
        let mut clinic = FakeClinic::default();
        clinic.queries.patients.expect_find().returning(move |_, _, _| {
            let created_by = a_patient().created_by;
            Ok(Some(SeenPatient { view: PatientView::of(a_patient()), created_by, in_care }))
        });
        let log = clinic.queries.audit.expect_access_log();
        log.returning(|_, _| Ok(nothing()));
        let (id, page) = (a_patient().id, PageRequest::default());
        clinic.perform(by, async |app, call| app.audit.access_log(call, id, page).await).await
    }

    #[tokio::test]
    async fn the_patient_and_administrators_read_it_and_the_trail_knows() {
        for role in [Role::Patient, Role::Admin] {
            let (page, trail) = access_log(a_caller(role), false).await;

            let entries = trail.recorded();
            assert!(page.is_ok(), "{role}");
            assert_eq!(entries.len(), 1, "{role}");
            assert_eq!(
                (entries[0].action, entries[0].outcome),
                (Action::ReadAccessLog, Outcome::Done)
            );
            assert_eq!(entries[0].patient, Some(a_patient().id));
        }
    }

    #[tokio::test]
    async fn those_who_read_the_record_may_not_and_others_learn_of_nothing() {
        let readers = [
            (a_caller(Role::Doctor), true),
            (the_creator(Role::Doctor), false),
            (the_creator(Role::Coordinator), false),
        ];
        for (reader, in_care) in readers {
            let (refused, trail) = access_log(reader, in_care).await;
            assert!(matches!(refused, Err(Error::Forbidden(Action::ReadAccessLog))));
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
        }
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (hidden, trail) = access_log(a_stranger(role), false).await;
            assert!(matches!(hidden, Err(Error::NotFound(Concept::Patient))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }
}
