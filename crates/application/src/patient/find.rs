//! Reading one patient's record.

use medilink_domain::id::PatientId;
use medilink_domain::policy::{Action, care_since};

use super::{PatientView, Patients};
use crate::call::{Call, Subject};
use crate::error::Result;

impl Patients {
    /// Returns the patient's record.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound) if there is none by that id for the caller.
    pub async fn find(&self, call: &Call, id: PatientId) -> Result<PatientView> {
        const ACTION: Action = Action::ReadPatient;
        let subject = Subject::patient(id);
        let actor = call.actor();
        let since = care_since(self.ports.clock.now());

        let seen = self.ports.store.queries().patients().find(id, actor.doctor, since).await?;
        let seen = seen.ok_or_else(|| call.missing(ACTION, subject))?;

        call.may(ACTION, actor.relations_to(id, seen.created_by, seen.in_care), subject)?;

        Ok(seen.view)
    }
}
