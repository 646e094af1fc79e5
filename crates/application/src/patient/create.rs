//! Making a patient's record.

use medilink_domain::actor::Relations;
use medilink_domain::id::PatientId;
use medilink_domain::patient::{Patient, PatientDetails, born_by};
use medilink_domain::policy::Action;

use super::{PatientView, Patients, replay};
use crate::call::{Call, Subject, Written};
use crate::error::{Error, FieldErrors, Result};

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
        let since = self.settings.care_window.since(now);
        let id = PatientId::new(self.ports.ids.next());

        let permit = call.may(Action::CreatePatient, Relations::NONE, Subject::NONE)?;
        if let Some(day) = details.date_of_birth {
            born_by(day, now)
                .map_err(|error| Error::Invalid(FieldErrors::of("date_of_birth", error)))?;
        }

        let mut work = self.ports.store.begin().await?;
        if let Some(earlier) = call.reserve(&mut *work, id.as_uuid(), now).await? {
            return replay(call, work, PatientId::new(earlier), since, now).await;
        }
        let patient = Patient::new(id, details, None, call.actor().user, now);

        work.patients().insert(&patient).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(PatientView::of(patient)))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_caller_with_a_key, a_patient, a_pending_doctor, day,
        the_creator,
    };

    async fn create(
        clinic: FakeClinic,
        by: Caller,
        details: PatientDetails,
    ) -> (Result<Written<PatientView>>, Trail) {
        clinic.perform(by, async |app, call| app.patients.create(call, details).await).await
    }

    #[tokio::test]
    async fn a_record_belongs_to_its_creator_and_is_committed_with_its_audit_entry() {
        let maker = a_caller(Role::Coordinator);
        let user = maker.actor.user;
        let mut clinic = FakeClinic::default();
        let insert = clinic.work.patients.expect_insert();
        insert
            .withf(move |patient| (patient.created_by, patient.user) == (user, None))
            .times(1)
            .returning(|_| Ok(()));

        let (made, trail) = create(clinic, maker, PatientDetails::default()).await;

        let made = made.ok().unwrap().record;
        let entry = trail.committed().unwrap();
        assert_eq!((entry.action, entry.outcome), (Action::CreatePatient, Outcome::Done));
        assert_eq!((entry.record, entry.patient), (Some(made.id.into()), Some(made.id)));
    }

    #[tokio::test]
    async fn patients_and_pharmacies_make_no_records() {
        for role in [Role::Patient, Role::Pharmacy] {
            let clinic = FakeClinic::default();

            let (refused, trail) = create(clinic, a_caller(role), PatientDetails::default()).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::CreatePatient))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }

    #[tokio::test]
    async fn somebody_pending_makes_no_record_yet() {
        let clinic = FakeClinic::default();

        let (refused, _) = create(clinic, a_pending_doctor(), PatientDetails::default()).await;

        assert!(matches!(refused, Err(Error::ApprovalPending)));
    }

    #[tokio::test]
    async fn nobody_is_born_the_day_after_tomorrow() {
        let unborn =
            PatientDetails { date_of_birth: day("2030-01-08"), ..PatientDetails::default() };

        let (refused, trail) =
            create(FakeClinic::default(), a_caller(Role::Coordinator), unborn).await;

        let Err(Error::Invalid(errors)) = refused else { panic!("the record was made") };
        assert!(errors.by_field().contains_key("date_of_birth"));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn a_repeated_request_answers_the_first_ones_record() {
        let mut clinic = FakeClinic::default();
        clinic.has_written(a_patient().id);
        clinic.work.patients.expect_find().returning(|_| Ok(Some(a_patient())));

        let creator = the_creator(Role::Coordinator);
        let (made, trail) = create(
            clinic,
            Caller { idempotency: a_caller_with_a_key(Role::Coordinator).idempotency, ..creator },
            PatientDetails::default(),
        )
        .await;

        let made = made.ok().unwrap();
        assert!(made.replayed);
        assert_eq!(made.record.id, a_patient().id);
        assert_eq!(trail.committed().unwrap().patient, Some(a_patient().id));
    }

    #[tokio::test]
    async fn a_replay_does_not_show_a_record_that_the_caller_may_not_read() {
        let mut clinic = FakeClinic::default();
        clinic.has_written(a_patient().id);
        clinic.work.patients.expect_find().returning(|_| Ok(Some(a_patient())));
        let stranger = a_caller_with_a_key(Role::Coordinator);

        let (hidden, trail) = create(clinic, stranger, PatientDetails::default()).await;

        assert!(matches!(hidden, Err(Error::NotFound(_))));
        assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
        assert_eq!(trail.committed(), None);
    }
}
