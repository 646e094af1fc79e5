//! Assigning a doctor to a patient's care.

use medilink_domain::assignment::{Assignment, AssignmentTerms};
use medilink_domain::id::{AssignmentId, DoctorId, PatientId};
use medilink_domain::policy::Action;

use super::{AssignmentView, Assignments, make_room, replay, show};
use crate::call::{Call, Subject, Written};
use crate::error::Result;
use crate::patient;

/// What somebody asks for when they assign a doctor.
pub struct CreateAssignment {
    /// Who is to care.
    pub doctor: DoctorId,
    /// For whom.
    pub patient: PatientId,
    /// How and why.
    pub terms: AssignmentTerms,
}

impl Assignments {
    /// Assigns a doctor to a patient's care. A primary one takes the place of the patient's other.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if the patient or the doctor is not there for the
    ///   caller, [`Forbidden`](crate::Error::Forbidden) for those who assign nobody.
    /// - [`Refused`](crate::Error::Refused) if the doctor is assigned to the patient already.
    pub async fn create(
        &self,
        call: &Call,
        command: CreateAssignment,
    ) -> Result<Written<AssignmentView>> {
        const ACTION: Action = Action::CreateAssignment;
        let CreateAssignment { doctor: doctor_id, patient: patient_id, terms } = command;
        let now = self.ports.clock.now();
        let since = self.care_since(now);
        let id = AssignmentId::new(self.ports.ids.next());

        let mut work = self.ports.store.begin().await?;
        if let Some(earlier) = call.reserve(&mut *work, id.as_uuid(), now).await? {
            return replay(call, work, AssignmentId::new(earlier), since, now).await;
        }

        let subject = Subject::of(patient_id);
        let doctor = work.doctors().lock(doctor_id).await?;
        let patient = work.patients().lock(patient_id).await?;
        // A caller who may not know of the patient must not learn of the doctor either way.
        let patient = patient.ok_or_else(|| call.missing(ACTION, subject))?;
        let relations = patient::relations(&mut *work, call.actor(), &patient, since).await?;

        let permit = call.may(ACTION, relations, subject)?;
        let doctor = doctor.ok_or_else(|| call.missing(ACTION, Subject::of(doctor_id)))?;

        let assignment = Assignment::new(id, &doctor, &patient, terms, call.actor().user, now);

        make_room(&mut *work, &assignment, now).await?;
        work.assignments().insert(&assignment).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(show(assignment, &doctor, &patient)))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::id::Uuid;
    use medilink_domain::record::Concept;
    use medilink_domain::user::Role;
    use mockall::Sequence;

    use super::*;
    use crate::call::Caller;
    use crate::error::{Conflict, Error, StoreError};
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_caller_with_a_key, a_doctor, a_patient, a_pending_doctor,
        a_stranger, an_assignment, the_creator,
    };

    fn a_clinic(in_care: bool) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_lock().returning(|_| Ok(Some(a_doctor())));
        clinic.work.patients.expect_lock().returning(|_| Ok(Some(a_patient())));
        clinic.work.patients.expect_is_in_care().returning(move |_, _, _| Ok(in_care));
        clinic
    }

    async fn create(
        clinic: FakeClinic,
        by: Caller,
        is_primary: bool,
    ) -> (Result<Written<AssignmentView>>, Trail) {
        let terms = AssignmentTerms { is_primary, is_active: true, reason: None, notes: None };
        let command = CreateAssignment { doctor: a_doctor().id, patient: a_patient().id, terms };
        clinic.perform(by, async |app, call| app.assignments.create(call, command).await).await
    }

    #[tokio::test]
    async fn an_assignment_and_its_audit_entry_are_committed_together() {
        let mut clinic = a_clinic(false);
        clinic.work.assignments.expect_lock_rivals().returning(|_| Ok(Vec::new()));
        clinic.work.assignments.expect_insert().times(1).returning(|_| Ok(()));

        let (made, trail) = create(clinic, a_caller(Role::Patient), false).await;

        let made = made.ok().unwrap().record;
        let entry = trail.committed().unwrap();
        assert!(made.is_active && !made.is_primary);
        assert_eq!((entry.action, entry.outcome), (Action::CreateAssignment, Outcome::Done));
        assert_eq!((entry.record, entry.patient), (Some(made.id.into()), Some(a_patient().id)));
        assert!(trail.recorded().is_empty());
    }

    #[tokio::test]
    async fn the_old_primary_is_demoted_before_the_new_one_is_added() {
        let mut clinic = a_clinic(false);
        let mut old = an_assignment();
        old.doctor = DoctorId::new(Uuid::from_u128(33));
        old.is_primary = true;
        let mut order = Sequence::new();
        let assignments = &mut clinic.work.assignments;
        assignments.expect_lock_rivals().return_once(|_| Ok(vec![old]));
        assignments
            .expect_update()
            .withf(|old| !old.is_primary && old.is_active() && old.revision.version == 2)
            .times(1)
            .in_sequence(&mut order)
            .returning(|_| Ok(()));
        assignments
            .expect_insert()
            .withf(|new| new.is_primary)
            .times(1)
            .in_sequence(&mut order)
            .returning(|_| Ok(()));

        let (made, trail) = create(clinic, the_creator(Role::Coordinator), true).await;

        assert!(made.ok().unwrap().record.is_primary);
        assert!(trail.committed().is_some());
    }

    #[tokio::test]
    async fn a_doctor_who_is_assigned_is_not_assigned_again() {
        let mut known = a_clinic(false);
        known.work.assignments.expect_lock_rivals().returning(|_| Ok(vec![an_assignment()]));
        // Somebody went round the locks.
        let mut raced = a_clinic(false);
        let conflict = StoreError::Conflict(Conflict::AlreadyAssigned);
        raced.work.assignments.expect_lock_rivals().returning(|_| Ok(Vec::new()));
        raced.work.assignments.expect_insert().return_once(|_| Err(conflict));

        for clinic in [known, raced] {
            let (refused, trail) = create(clinic, a_caller(Role::Patient), false).await;

            let Err(Error::Refused(refusal)) = refused else { panic!("it was made") };
            assert_eq!(refusal.code().as_str(), "already-assigned");
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn a_primary_that_slips_in_past_the_locks_is_worth_another_try() {
        let mut clinic = a_clinic(false);
        let conflict = StoreError::Conflict(Conflict::PrimaryTaken);
        clinic.work.assignments.expect_lock_rivals().returning(|_| Ok(Vec::new()));
        clinic.work.assignments.expect_insert().return_once(|_| Err(conflict));

        let (refused, _) = create(clinic, a_caller(Role::Admin), true).await;

        assert!(matches!(refused, Err(Error::Store(StoreError::Busy))));
    }

    #[tokio::test]
    async fn a_patient_who_does_not_exist_and_one_of_others_are_refused_alike() {
        for role in [Role::Doctor, Role::Coordinator, Role::Patient] {
            let mut nobody = FakeClinic::default();
            nobody.work.doctors.expect_lock().returning(|_| Ok(None));
            nobody.work.patients.expect_lock().returning(|_| Ok(None));

            let (missing, missing_trail) = create(nobody, a_stranger(role), false).await;
            let (hidden, hidden_trail) = create(a_clinic(false), a_stranger(role), false).await;

            assert!(matches!(missing, Err(Error::NotFound(Concept::Patient))), "{role}");
            assert!(matches!(hidden, Err(Error::NotFound(Concept::Patient))), "{role}");
            assert_eq!(missing_trail.recorded(), hidden_trail.recorded(), "{role}");
        }
    }

    #[tokio::test]
    async fn a_doctor_who_cares_for_the_patient_assigns_and_one_who_does_not_is_a_stranger() {
        let mut clinic = a_clinic(true);
        clinic.work.assignments.expect_lock_rivals().returning(|_| Ok(Vec::new()));
        clinic.work.assignments.expect_insert().returning(|_| Ok(()));

        let (made, _) = create(clinic, a_caller(Role::Doctor), false).await;
        let (hidden, trail) = create(a_clinic(false), a_caller(Role::Doctor), false).await;

        assert!(made.is_ok());
        assert!(matches!(hidden, Err(Error::NotFound(Concept::Patient))));
        assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
    }

    #[tokio::test]
    async fn pharmacies_and_the_pending_assign_nobody() {
        let (pharmacy, _) = create(a_clinic(false), a_caller(Role::Pharmacy), false).await;
        let (pending, _) = create(a_clinic(true), a_pending_doctor(), false).await;

        assert!(matches!(pharmacy, Err(Error::Forbidden(Action::CreateAssignment))));
        assert!(matches!(pending, Err(Error::ApprovalPending)));
    }

    #[tokio::test]
    async fn a_doctor_who_is_not_there_is_not_assigned() {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_lock().returning(|_| Ok(None));
        clinic.work.patients.expect_lock().returning(|_| Ok(Some(a_patient())));

        let (missing, trail) = create(clinic, a_caller(Role::Patient), false).await;

        assert!(matches!(missing, Err(Error::NotFound(Concept::Doctor))));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn a_repeated_request_answers_the_first_ones_assignment() {
        let mut clinic = FakeClinic::default();
        clinic.has_written(an_assignment().id);
        let assignments = &mut clinic.work.assignments;
        assignments.expect_find().returning(|_| Ok(Some(an_assignment())));
        assignments.expect_lock().returning(|_| Ok(Some(an_assignment())));
        clinic.work.doctors.expect_lock_archived().returning(|_| Ok(Some(a_doctor())));
        clinic.work.patients.expect_lock_archived().returning(|_| Ok(Some(a_patient())));

        let (made, trail) = create(clinic, a_caller_with_a_key(Role::Patient), false).await;

        let made = made.ok().unwrap();
        assert!(made.replayed);
        assert_eq!(made.record.id, an_assignment().id);
        assert_eq!(trail.committed().unwrap().action, Action::ReadAssignment);
    }
}
