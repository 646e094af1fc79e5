//! Making a patient's record.

use medilink_domain::id::PatientId;
use medilink_domain::patient::{Patient, PatientDetails, born_by};
use medilink_domain::policy::{Action, Relations};
use medilink_domain::record::Record;

use super::{PatientView, Patients};
use crate::call::{Call, Subject, Written};
use crate::error::{Error, FieldErrors, Result, StoreError};

impl Patients {
    /// Makes a patient's record, whose creator is the caller.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](crate::Error::Forbidden) for those who make no records.
    /// - [`Invalid`](crate::Error::Invalid) if the day of birth is in the future.
    pub async fn create(
        &self,
        call: &Call,
        details: PatientDetails,
    ) -> Result<Written<PatientView>> {
        let now = self.ports.clock.now();
        let id = PatientId::new(self.ports.ids.next());

        let permit = call.may(Action::CreatePatient, Relations::NONE, Subject::LIST)?;
        if let Some(day) = details.date_of_birth {
            born_by(day, now)
                .map_err(|error| Error::Invalid(FieldErrors::of("date_of_birth", error)))?;
        }

        let mut work = self.ports.store.begin().await?;
        if let Some(earlier) = call.claim(&mut *work, id.as_uuid(), now).await? {
            let earlier = PatientId::new(earlier);
            let patient = work.patients().find(earlier).await?;
            let patient = patient.ok_or(StoreError::Corrupt(Record::from(earlier)))?;
            work.commit(permit.audit(earlier, now)).await?;
            return Ok(Written::before(PatientView::of(patient)));
        }
        let patient = Patient::new(id, details, None, call.actor().user, now);

        work.patients().insert(&patient).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::now(PatientView::of(patient)))
    }
}
