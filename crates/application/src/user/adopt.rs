//! Adopting the entry that the directory has of a newcomer already.

use medilink_domain::adoption::AdoptionError;
use medilink_domain::doctor::{Doctor, DoctorProfile};
use medilink_domain::pharmacy::Pharmacy;
use medilink_domain::time::Timestamp;
use medilink_domain::user::User;

use super::Users;
use crate::error::{Conflict, Result, StoreError};
use crate::store::UnitOfWork;

impl Users {
    /// Adds the doctor whom an approved user signs in as: the entry of the same licence, or a new one.
    /// Returns who it is.
    pub(super) async fn enter_doctor(
        &self,
        work: &mut dyn UnitOfWork,
        doctor: Doctor,
        user: &User,
        now: Timestamp,
    ) -> Result<Doctor> {
        // Whoever waits for approval adopts nothing before it.
        if doctor.is_verified
            && let Some(mut entry) = self.entry_of(work, &doctor).await?
        {
            entry.adopt(doctor.profile, &self.blank(), user.id, now);
            work.doctors().update(&entry).await?;
            return Ok(entry);
        }
        work.doctors().insert(&doctor).await?;
        Ok(doctor)
    }

    /// Verifies the doctor whom a user signs in as and who is kept from others: as the entry of the
    /// same licence, if there is one. Everything that refers to the doctor refers to the entry then.
    pub(super) async fn approve_doctor(
        &self,
        work: &mut dyn UnitOfWork,
        mut doctor: Doctor,
        user: &User,
        now: Timestamp,
    ) -> Result<()> {
        let Some(mut entry) = self.entry_of(work, &doctor).await? else {
            doctor.approve(now);
            return Ok(work.doctors().update(&doctor).await?);
        };
        entry.adopt(doctor.profile.clone(), &self.blank(), user.id, now);
        doctor.give_way(now);

        // In this order: nobody signs in as two doctors, whatever happens in between.
        work.doctors().update(&doctor).await?;
        work.doctors().update(&entry).await?;
        let handed_over = work.doctors().hand_over(doctor.id, entry.id, now).await;
        if let Err(StoreError::Conflict(Conflict::DoctorDoubleBooked)) = handed_over {
            return Err(AdoptionError::Appointments.into());
        }
        if let Err(StoreError::Conflict(Conflict::TimeSlotOverlaps)) = handed_over {
            return Err(AdoptionError::TimeSlots.into());
        }
        Ok(handed_over?)
    }

    /// Returns and keeps the entry that the directory has of a doctor besides.
    async fn entry_of(&self, work: &mut dyn UnitOfWork, of: &Doctor) -> Result<Option<Doctor>> {
        match &of.profile.license_number {
            Some(number) => Ok(work.doctors().lock_entry(number).await?),
            None => Ok(None),
        }
    }

    /// Returns the profile that says nothing.
    pub(super) fn blank(&self) -> DoctorProfile {
        DoctorProfile::blank(self.settings.default_time_zone.clone())
    }
}

/// Adds the pharmacy that an approved user signs in for: the entry of the same licence, or a new one.
/// Returns which it is.
pub(super) async fn enter_pharmacy(
    work: &mut dyn UnitOfWork,
    pharmacy: Pharmacy,
    user: &User,
    now: Timestamp,
) -> Result<Pharmacy> {
    // Whoever waits for approval adopts nothing before it.
    if pharmacy.is_verified
        && let Some(mut entry) = entry_of_pharmacy(work, &pharmacy).await?
    {
        entry.adopt(pharmacy.profile, user.id, now);
        work.pharmacies().update(&entry).await?;
        return Ok(entry);
    }
    work.pharmacies().insert(&pharmacy).await?;
    Ok(pharmacy)
}

/// Verifies the pharmacy that a user signs in for and that is kept from others: as the entry of the same
/// licence, if there is one.
pub(super) async fn approve_pharmacy(
    work: &mut dyn UnitOfWork,
    mut pharmacy: Pharmacy,
    user: &User,
    now: Timestamp,
) -> Result<()> {
    let Some(mut entry) = entry_of_pharmacy(work, &pharmacy).await? else {
        pharmacy.approve(now);
        return Ok(work.pharmacies().update(&pharmacy).await?);
    };
    // Nothing refers to a pharmacy that nobody has approved, and there is no archive for it. It goes
    // first: nobody signs in for two pharmacies, whatever happens in between.
    work.pharmacies().delete(pharmacy.id).await?;
    entry.adopt(pharmacy.profile, user.id, now);
    Ok(work.pharmacies().update(&entry).await?)
}

/// Returns and keeps the entry that the directory has of a pharmacy besides.
async fn entry_of_pharmacy(
    work: &mut dyn UnitOfWork,
    of: &Pharmacy,
) -> Result<Option<Pharmacy>, StoreError> {
    match &of.profile.license_number {
        Some(number) => work.pharmacies().lock_entry(number).await,
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::id::{DoctorId, PharmacyId, Uuid};
    use medilink_domain::text::Biography;
    use medilink_domain::user::{Role, UserStatus};
    use mockall::Sequence;

    use super::*;
    use crate::call::{Expected, Written};
    use crate::error::Error;
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_licensed_doctor, a_licensed_pharmacy, a_user,
    };
    use crate::user::{OwnProfile, UserView};

    /// Makes the entry of the same licence, which somebody else made.
    fn the_entry() -> Doctor {
        Doctor { id: DoctorId::new(Uuid::from_u128(33)), ..a_licensed_doctor() }
    }

    /// A clinic with somebody pending who has registered as a doctor.
    fn a_clinic() -> FakeClinic {
        let mut clinic = FakeClinic::default();
        let user = a_user(Role::Doctor, UserStatus::Pending);
        let mut registered = a_licensed_doctor();
        registered.user = Some(user.id);
        registered.profile.bio = Biography::parse("Dives").ok();
        clinic.work.users.expect_lock().return_once(|_| Ok(Some(user)));
        clinic.work.users.expect_update().returning(|_| Ok(()));
        let own = OwnProfile { doctor: Some(the_entry().id), ..OwnProfile::default() };
        clinic.work.users.expect_profile().returning(move |_| Ok(own));
        clinic.work.doctors.expect_lock_of().return_once(|_| Ok(Some(registered)));
        clinic.work.pharmacies.expect_lock_of().return_once(|_| Ok(None));
        let lock = clinic.work.doctors.expect_lock_entry();
        lock.withf(|number| number.disclose() == "DE-1").return_once(|_| Ok(Some(the_entry())));
        clinic
    }

    async fn approve(clinic: FakeClinic) -> (Result<Written<UserView>>, Trail) {
        let id = a_user(Role::Doctor, UserStatus::Pending).id;
        clinic
            .perform(a_caller(Role::Admin), async |app, call| {
                app.users.approve(call, id, Expected::Any).await
            })
            .await
    }

    #[tokio::test]
    async fn the_registration_gives_way_before_the_entry_takes_its_place() {
        let mut clinic = a_clinic();
        let (user, mut order) = (a_user(Role::Doctor, UserStatus::Pending).id, Sequence::new());
        let gives_way = clinic.work.doctors.expect_update();
        gives_way
            .withf(|doctor| doctor.id == a_licensed_doctor().id && doctor.user.is_none())
            .times(1)
            .in_sequence(&mut order)
            .returning(|_| Ok(()));
        let adopted = clinic.work.doctors.expect_update();
        adopted
            .withf(move |doctor| {
                (doctor.id, doctor.user, doctor.is_verified) == (the_entry().id, Some(user), true)
                    && doctor.profile.bio == Biography::parse("Dives").ok()
            })
            .times(1)
            .in_sequence(&mut order)
            .returning(|_| Ok(()));
        let given = clinic.work.doctors.expect_hand_over();
        given
            .withf(|from, to, _| (*from, *to) == (a_licensed_doctor().id, the_entry().id))
            .times(1)
            .in_sequence(&mut order)
            .returning(|_, _, _| Ok(()));

        let (approved, trail) = approve(clinic).await;

        assert_eq!(approved.ok().unwrap().record.doctor_id, Some(the_entry().id));
        assert!(trail.committed().is_some());
    }

    #[tokio::test]
    async fn what_overlaps_is_refused_with_what_to_do_and_nothing_is_kept() {
        for (conflict, words) in [
            (Conflict::DoctorDoubleBooked, "appointments at the same time"),
            (Conflict::TimeSlotOverlaps, "time slots at the same time"),
        ] {
            let mut clinic = a_clinic();
            clinic.work.doctors.expect_update().returning(|_| Ok(()));
            let given = clinic.work.doctors.expect_hand_over();
            given.return_once(move |_, _, _| Err(StoreError::Conflict(conflict)));

            let (refused, trail) = approve(clinic).await;

            let Err(Error::Refused(refusal)) = refused else { panic!("it was approved") };
            assert_eq!(refusal.code().as_str(), "adoption-overlaps");
            assert!(refusal.to_string().contains(words), "{refusal}");
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn the_entry_of_a_pharmacy_takes_the_place_of_the_registration_once_that_is_gone() {
        let entry = PharmacyId::new(Uuid::from_u128(55));
        let user = a_user(Role::Pharmacy, UserStatus::Pending);
        let registered = Pharmacy { user: Some(user.id), ..a_licensed_pharmacy() };
        let (id, mut order) = (user.id, Sequence::new());
        let mut clinic = FakeClinic::default();
        clinic.work.users.expect_lock().return_once(|_| Ok(Some(user)));
        clinic.work.users.expect_update().returning(|_| Ok(()));
        let own = OwnProfile { pharmacy: Some(entry), ..OwnProfile::default() };
        clinic.work.users.expect_profile().returning(move |_| Ok(own));
        clinic.work.doctors.expect_lock_of().return_once(|_| Ok(None));
        let pharmacies = &mut clinic.work.pharmacies;
        pharmacies.expect_lock_of().return_once(|_| Ok(Some(registered)));
        pharmacies
            .expect_lock_entry()
            .withf(|number| number.disclose() == "DE-1")
            .return_once(move |_| Ok(Some(Pharmacy { id: entry, ..a_licensed_pharmacy() })));
        pharmacies
            .expect_delete()
            .withf(|gone| *gone == a_licensed_pharmacy().id)
            .times(1)
            .in_sequence(&mut order)
            .returning(|_| Ok(()));
        pharmacies
            .expect_update()
            .withf(move |pharmacy| {
                (pharmacy.id, pharmacy.user, pharmacy.is_verified) == (entry, Some(id), true)
            })
            .times(1)
            .in_sequence(&mut order)
            .returning(|_| Ok(()));

        let (approved, trail) = approve(clinic).await;

        assert_eq!(approved.ok().unwrap().record.pharmacy_id, Some(entry));
        assert!(trail.committed().is_some());
    }
}
