//! Changing an assignment, ending it, and letting it begin again.

use medilink_domain::assignment::AssignmentChanges;
use medilink_domain::id::AssignmentId;
use medilink_domain::record::Concept;

use super::{AssignmentView, Assignments, Loaded, load, make_room, show};
use crate::call::{Call, Expected, Subject, Written};
use crate::error::Result;

/// What somebody asks for when they change an assignment.
pub struct ChangeAssignment {
    /// Which one.
    pub id: AssignmentId,
    /// What changes.
    pub changes: AssignmentChanges,
    /// The version that the caller has read.
    pub expected: Expected,
}

impl Assignments {
    /// Changes an assignment. What may be done to it decides
    /// [`AssignmentChanges::action`]: more people may end it than change it.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if there is none by that id for the caller, or if it is
    ///   to begin again and its doctor or patient is archived.
    /// - [`Forbidden`](crate::Error::Forbidden) for those who may only end it.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) if it is to begin again beside another of the same doctor
    ///   and patient.
    pub async fn change(
        &self,
        call: &Call,
        command: ChangeAssignment,
    ) -> Result<Written<AssignmentView>> {
        let ChangeAssignment { id, changes, expected } = command;
        let action = changes.action();
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        let Loaded { mut assignment, doctor, patient, permit } =
            load(call, &mut *work, id, action, self.care_since(now)).await?;

        expected.check(Concept::Assignment, assignment.revision.version)?;
        let was_active = assignment.is_active();
        assignment.change(changes, now);
        if !was_active && assignment.is_active() {
            // Nothing begins again with what is gone from every read.
            if doctor.archived_at.is_some() {
                return Err(call.missing(action, Subject::of(doctor.id)));
            }
            if patient.archived_at.is_some() {
                return Err(call.missing(action, Subject::of(patient.id)));
            }
        }

        make_room(&mut *work, &assignment, now).await?;
        work.assignments().update(&assignment).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(show(assignment, &doctor, &patient)))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::assignment::Assignment;
    use medilink_domain::audit::Outcome;
    use medilink_domain::change::Change;
    use medilink_domain::doctor::Doctor;
    use medilink_domain::id::{DoctorId, Uuid};
    use medilink_domain::patient::Patient;
    use medilink_domain::policy::Action;
    use medilink_domain::user::Role;
    use mockall::Sequence;

    use super::*;
    use crate::call::Caller;
    use crate::error::{Error, StoreError};
    use crate::testing::{
        FakeClinic, NOW, Trail, a_caller, a_doctor, a_patient, a_stranger, an_assignment, at,
        the_creator,
    };

    fn a_clinic(assignment: &Assignment) -> FakeClinic {
        a_clinic_of(assignment, a_doctor(), a_patient(), true)
    }

    /// A clinic with one assignment. The doctor is locked before the patient, and both before it.
    fn a_clinic_of(
        assignment: &Assignment,
        doctor: Doctor,
        patient: Patient,
        in_care: bool,
    ) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        let [found, locked] = [assignment.clone(), assignment.clone()];
        let mut order = Sequence::new();
        let work = &mut clinic.work;
        let find = work.assignments.expect_find().times(1).in_sequence(&mut order);
        find.return_once(|_| Ok(Some(found)));
        let lock = work.doctors.expect_lock_archived().times(1).in_sequence(&mut order);
        lock.return_once(|_| Ok(Some(doctor)));
        let lock = work.patients.expect_lock_archived().times(1).in_sequence(&mut order);
        lock.return_once(|_| Ok(Some(patient)));
        let lock = work.assignments.expect_lock().times(1).in_sequence(&mut order);
        lock.return_once(|_| Ok(Some(locked)));
        work.patients.expect_is_in_care().returning(move |_, _, _| Ok(in_care));
        clinic
    }

    async fn change(
        clinic: FakeClinic,
        by: Caller,
        changes: AssignmentChanges,
        expected: Expected,
    ) -> (Result<Written<AssignmentView>>, Trail) {
        let command = ChangeAssignment { id: an_assignment().id, changes, expected };
        clinic.perform(by, async |app, call| app.assignments.change(call, command).await).await
    }

    fn set_active(is_active: bool) -> AssignmentChanges {
        AssignmentChanges { is_active: Change::Set(is_active), ..AssignmentChanges::default() }
    }

    fn set_primary(is_primary: bool) -> AssignmentChanges {
        AssignmentChanges { is_primary: Change::Set(is_primary), ..AssignmentChanges::default() }
    }

    fn an_ended_one() -> Assignment {
        Assignment { ended_at: Some(at(NOW)), ..an_assignment() }
    }

    #[tokio::test]
    async fn an_assignment_is_ended_by_its_doctor_and_its_patient_and_its_record_keeper() {
        for by in [a_caller(Role::Doctor), a_caller(Role::Patient), the_creator(Role::Coordinator)]
        {
            let mut clinic = a_clinic(&an_assignment());
            let update = clinic.work.assignments.expect_update();
            update.withf(|it| it.ended_at == Some(at(NOW))).times(1).returning(|_| Ok(()));

            let (ended, trail) = change(clinic, by, set_active(false), Expected::Any).await;

            let ended = ended.ok().unwrap().record;
            let entry = trail.committed().unwrap();
            assert_eq!((ended.is_active, ended.version), (false, 2));
            assert_eq!((entry.action, entry.outcome), (Action::EndAssignment, Outcome::Done));
            assert_eq!(entry.patient, Some(a_patient().id));
        }
    }

    #[tokio::test]
    async fn whose_doctor_comes_first_is_for_those_who_keep_the_record() {
        for by in [a_caller(Role::Doctor), a_caller(Role::Patient)] {
            let (refused, trail) =
                change(a_clinic(&an_assignment()), by, set_primary(true), Expected::Any).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::ChangeAssignment))));
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
        }
    }

    #[tokio::test]
    async fn the_old_primary_is_demoted_before_this_one_comes_first() {
        let rival = Assignment {
            id: medilink_domain::id::AssignmentId::new(Uuid::from_u128(11)),
            doctor: DoctorId::new(Uuid::from_u128(33)),
            is_primary: true,
            ..an_assignment()
        };
        let mut clinic = a_clinic(&an_assignment());
        let own = an_assignment().id;
        let assignments = &mut clinic.work.assignments;
        assignments.expect_lock_rivals().return_once(|_| Ok(vec![rival]));
        let mut order = Sequence::new();
        let demotion = assignments.expect_update().withf(move |it| it.id != own && !it.is_primary);
        demotion.times(1).in_sequence(&mut order).returning(|_| Ok(()));
        let promotion = assignments.expect_update().withf(move |it| it.id == own && it.is_primary);
        promotion.times(1).in_sequence(&mut order).returning(|_| Ok(()));

        let (changed, _) =
            change(clinic, a_caller(Role::Admin), set_primary(true), Expected::Any).await;

        assert!(changed.ok().unwrap().record.is_primary);
    }

    #[tokio::test]
    async fn an_assignment_does_not_begin_again_beside_another() {
        let other = Assignment {
            id: medilink_domain::id::AssignmentId::new(Uuid::from_u128(11)),
            ..an_assignment()
        };
        let mut clinic = a_clinic(&an_ended_one());
        clinic.work.assignments.expect_lock_rivals().return_once(|_| Ok(vec![other]));

        let (refused, trail) =
            change(clinic, a_caller(Role::Admin), set_active(true), Expected::Any).await;

        let Err(Error::Refused(refusal)) = refused else { panic!("it began again") };
        assert_eq!(refusal.code().as_str(), "already-assigned");
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn an_assignment_does_not_begin_again_with_somebody_archived() {
        let archived_at = Some(at(NOW));
        for (doctor, patient, missing) in [
            (Doctor { archived_at, ..a_doctor() }, a_patient(), Concept::Doctor),
            (a_doctor(), Patient { archived_at, ..a_patient() }, Concept::Patient),
        ] {
            let clinic = a_clinic_of(&an_ended_one(), doctor, patient, false);

            let (refused, trail) =
                change(clinic, a_caller(Role::Admin), set_active(true), Expected::Any).await;

            assert!(matches!(refused, Err(Error::NotFound(concept)) if concept == missing));
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn another_version_than_the_caller_has_read_is_left_alone() {
        let faster = StoreError::Stale(Concept::Assignment);
        let mut raced = a_clinic(&an_assignment());
        raced.work.assignments.expect_update().return_once(|_| Err(faster));

        for (clinic, expected) in
            [(a_clinic(&an_assignment()), Expected::OneOf(vec![7])), (raced, Expected::Any)]
        {
            let (stale, trail) =
                change(clinic, a_caller(Role::Patient), set_active(false), expected).await;

            assert!(matches!(stale, Err(Error::Stale(Concept::Assignment))));
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn an_assignment_that_does_not_exist_and_one_of_others_are_refused_alike() {
        for changes in [set_active(false), set_primary(true)] {
            let mut nobody = FakeClinic::default();
            nobody.work.assignments.expect_find().return_once(|_| Ok(None));
            let hidden = a_clinic_of(&an_assignment(), a_doctor(), a_patient(), false);

            for clinic in [nobody, hidden] {
                let (refused, trail) =
                    change(clinic, a_stranger(Role::Doctor), changes.clone(), Expected::Any).await;

                assert!(matches!(refused, Err(Error::NotFound(Concept::Assignment))));
                assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
            }
        }
    }
}
