//! Changing a patient's record.

use medilink_domain::id::PatientId;
use medilink_domain::patient::PatientChanges;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;

use super::{PatientView, Patients, relations};
use crate::call::{Call, Expected, Subject, Written};
use crate::error::{Error, FieldErrors, Result};

impl Patients {
    /// Changes what a patient's record says. What the account of the patient says is a record of its
    /// own and stays as it is.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](Error::NotFound) if there is none by that id for the caller.
    /// - [`Stale`](Error::Stale) if it is not the version that the caller expects.
    /// - [`Forbidden`](Error::Forbidden) if more changes than how the patient is reached, and the
    ///   caller may change no more of it.
    /// - [`Invalid`](Error::Invalid) if the day of birth is in the future.
    pub async fn change(
        &self,
        call: &Call,
        id: PatientId,
        changes: PatientChanges,
        expected: Expected,
    ) -> Result<Written<PatientView>> {
        const SMALLER: Action = Action::ChangePatientContact;
        let subject = Subject::of(id);
        let now = self.ports.clock.now();
        let since = self.settings.care_window.since(now);

        let mut work = self.ports.store.begin().await?;
        let patient = work.patients().lock(id).await?;
        let mut patient = patient.ok_or_else(|| call.missing(SMALLER, subject))?;
        let relations = relations(&mut *work, call.actor(), &patient, since).await?;

        // Whoever may change nothing else is told first that the record is another by now: what they
        // send back unchanged may be what somebody else has changed meanwhile.
        let mut permit = call.may(SMALLER, relations, subject)?;
        expected.check(Concept::Patient, patient.revision.version)?;
        let details = patient.details.clone().with(changes);
        if !details.differs_in_contact_alone(&patient.details) {
            permit = call.may(Action::ChangePatient, relations, subject)?;
        }
        patient
            .change(details, now)
            .map_err(|error| Error::Invalid(FieldErrors::of("date_of_birth", error)))?;

        work.patients().update(&patient).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(PatientView::of(patient)))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::change::Change;
    use medilink_domain::patient::{Patient, PatientDetails};
    use medilink_domain::text::{ClinicalText, Phone};
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_patient, a_pending_doctor, a_stranger, day, the_creator,
    };

    fn the_patient() -> Patient {
        let allergies = ClinicalText::parse("Penicillin").ok();
        let details = PatientDetails { allergies, ..PatientDetails::default() };
        Patient { details, ..a_patient() }
    }

    fn a_clinic(patient: Option<Patient>, cares: bool) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.work.patients.expect_lock().return_once(|_| Ok(patient));
        clinic.work.patients.expect_is_in_care().returning(move |_, _, _| Ok(cares));
        clinic
    }

    /// A clinic that has to write once, what the test expects.
    fn a_writing_clinic(cares: bool, expected: fn(&Patient) -> bool) -> FakeClinic {
        let mut clinic = a_clinic(Some(the_patient()), cares);
        let update = clinic.work.patients.expect_update();
        update.withf(expected).times(1).returning(|_| Ok(()));
        clinic
    }

    fn a_phone() -> PatientChanges {
        let phone = Change::Set(Phone::parse("+44 20").ok());
        PatientChanges { phone, ..PatientChanges::default() }
    }

    fn no_allergies() -> PatientChanges {
        PatientChanges { allergies: Change::Set(None), ..a_phone() }
    }

    async fn change(
        clinic: FakeClinic,
        by: Caller,
        changes: PatientChanges,
        expected: Expected,
    ) -> (Result<Written<PatientView>>, Trail) {
        let id = a_patient().id;
        clinic
            .perform(by, async |app, call| app.patients.change(call, id, changes, expected).await)
            .await
    }

    #[tokio::test]
    async fn whoever_keeps_the_record_changes_all_of_it() {
        let keepers = [
            (a_caller(Role::Admin), false),
            (a_caller(Role::Doctor), true),
            (the_creator(Role::Doctor), false),
            (the_creator(Role::Coordinator), false),
        ];
        for (keeper, cares) in keepers {
            let role = keeper.actor.role;
            let clinic = a_writing_clinic(cares, |patient| {
                patient.details.allergies.is_none() && patient.details.phone.is_some()
            });

            let (changed, trail) =
                change(clinic, keeper, no_allergies(), Expected::OneOf(vec![1])).await;

            let entry = trail.committed().unwrap();
            assert_eq!(changed.ok().unwrap().record.version, 2, "{role}");
            assert_eq!((entry.action, entry.outcome), (Action::ChangePatient, Outcome::Done));
            assert_eq!(entry.patient, Some(a_patient().id), "{role}");
        }
    }

    #[tokio::test]
    async fn patients_change_how_they_are_reached() {
        let clinic = a_writing_clinic(false, |patient| {
            patient.details.allergies.is_some() && patient.details.phone.is_some()
        });

        let (changed, trail) =
            change(clinic, a_caller(Role::Patient), a_phone(), Expected::Any).await;

        assert_eq!(changed.ok().unwrap().record.phone.as_deref(), Some("+44 20"));
        assert_eq!(trail.committed().unwrap().action, Action::ChangePatientContact);
    }

    #[tokio::test]
    async fn patients_who_send_the_whole_record_back_may_change_their_phone_in_it() {
        let clinic = a_writing_clinic(false, |patient| patient.details.phone.is_some());
        let whole = the_patient().details.with(a_phone());

        let (changed, _) =
            change(clinic, a_caller(Role::Patient), whole.into(), Expected::Any).await;

        assert_eq!(changed.ok().unwrap().record.allergies.as_deref(), Some("Penicillin"));
    }

    #[tokio::test]
    async fn patients_change_nothing_else_and_nothing_of_it_is_kept() {
        let clinic = a_clinic(Some(the_patient()), false);

        let (refused, trail) =
            change(clinic, a_caller(Role::Patient), no_allergies(), Expected::Any).await;

        assert!(matches!(refused, Err(Error::Forbidden(Action::ChangePatient))));
        assert_eq!(trail.recorded()[0].action, Action::ChangePatient);
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn a_patient_whose_record_moved_on_is_told_so_before_anything_else() {
        let clinic = a_clinic(Some(the_patient()), false);

        let (stale, trail) =
            change(clinic, a_caller(Role::Patient), no_allergies(), Expected::OneOf(vec![7])).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::Patient))));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn a_record_that_is_not_there_and_one_of_others_are_hidden_alike() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let stale = || Expected::OneOf(vec![7]);
            let (missing, missing_trail) =
                change(a_clinic(None, false), a_stranger(role), no_allergies(), stale()).await;
            let there = a_clinic(Some(the_patient()), false);
            let (hidden, hidden_trail) =
                change(there, a_stranger(role), no_allergies(), stale()).await;

            assert!(matches!(missing, Err(Error::NotFound(Concept::Patient))), "{role}");
            assert!(matches!(hidden, Err(Error::NotFound(Concept::Patient))), "{role}");
            assert_eq!(missing_trail.recorded(), hidden_trail.recorded(), "{role}");
        }
    }

    #[tokio::test]
    async fn somebody_pending_changes_nothing() {
        let clinic = a_clinic(Some(the_patient()), true);

        let (refused, _) = change(clinic, a_pending_doctor(), a_phone(), Expected::Any).await;

        assert!(matches!(refused, Err(Error::ApprovalPending)));
    }

    #[tokio::test]
    async fn nobody_is_born_the_day_after_tomorrow() {
        let unborn = PatientChanges {
            date_of_birth: Change::Set(day("2030-01-08")),
            ..PatientChanges::default()
        };
        let clinic = a_clinic(Some(the_patient()), false);

        let (refused, trail) = change(clinic, a_caller(Role::Admin), unborn, Expected::Any).await;

        let Err(Error::Invalid(errors)) = refused else { panic!("the record was changed") };
        assert!(errors.by_field().contains_key("date_of_birth"));
        assert_eq!(trail.committed(), None);
    }
}
