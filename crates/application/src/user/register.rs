//! Registering: making an account for oneself.

use medilink_domain::audit::Origin;
use medilink_domain::id::UserId;
use medilink_domain::password::{NewPassword, PasswordHash};
use medilink_domain::policy::Action;
use medilink_domain::text::DeviceName;

use super::newcomer::{Naming, with_free_name};
use super::{Newcomer, UserView, Users};
use crate::error::{Error, Result};
use crate::session::{Device, SignedInView, begin, entry};

/// What somebody gives to register.
pub struct Register {
    /// Who they are, and what they are to be.
    pub newcomer: Newcomer,
    /// The password.
    pub password: NewPassword,
    /// The device that they register on.
    pub device: Device,
}

impl Users {
    /// Makes an account with the profile of its role, and signs its owner in.
    ///
    /// Doctors, pharmacies and coordinators wait for approval, unless the installation approves
    /// them at once.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](Error::Forbidden) if registration is closed, and for administrators, who
    ///   never register.
    /// - [`Invalid`](Error::Invalid) if the user name, the address or the licence number is taken,
    ///   or the day of birth is in the future; all at once.
    pub async fn register(&self, origin: Origin, command: Register) -> Result<SignedInView> {
        let Register { newcomer, password, device } = command;
        if !self.settings.registration_open || !newcomer.profile.role().registers_by_itself() {
            return Err(Error::Forbidden(Action::Register));
        }
        let hash = self.ports.passwords.hash(password).await?;

        with_free_name(&newcomer, async |naming| {
            let newcomer = newcomer.clone();
            self.enter(newcomer, (hash.clone(), naming), (origin, device.name.clone())).await
        })
        .await
    }

    async fn enter(
        &self,
        newcomer: Newcomer,
        credentials: (PasswordHash, Naming),
        (origin, device): (Origin, Option<DeviceName>),
    ) -> Result<SignedInView> {
        let now = self.ports.clock.now();
        let id = UserId::new(self.ports.ids.next());

        let mut work = self.ports.store.begin().await?;
        let approval_required = self.settings.approval_required;
        let (user, own) =
            self.add(&mut *work, (id, newcomer), credentials, approval_required, now).await?;
        let role = user.role;
        let (session, tokens) =
            begin(&self.ports, &self.settings, (id, role), (origin, device), now)?;

        work.sessions().insert(&session).await?;
        let entry = entry(&self.ports, Action::Register, (&session, role), origin, now)
            .about(id)
            .touching(own.patient);
        work.commit(entry).await?;

        let device = self.ports.devices.remember(id)?;
        Ok(SignedInView { user: UserView::of(user, own), tokens, device })
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::doctor::DoctorProfile;
    use medilink_domain::email::Email;
    use medilink_domain::name::PersonName;
    use medilink_domain::patient::PatientDetails;
    use medilink_domain::pharmacy::PharmacyProfile;
    use medilink_domain::text::{LicenseNumber, Phone};
    use medilink_domain::user::{Role, UserStatus, Username};
    use medilink_domain::zone::Zone;

    use super::*;
    use crate::error::{Conflict, StoreError};
    use crate::testing::{FakeClinic, FakeUnitOfWork, Trail, a_hash, an_origin, day};
    use crate::user::{Profile, Taken};

    /// A clinic where these user names are taken, and the address is or is not.
    fn a_clinic(usernames: &'static [&'static str], email: bool) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.passwords.expect_hash().returning(|_| Ok(a_hash()));
        clinic.signs_tokens();
        clinic.work.users.expect_taken().returning(move |username, _| {
            Ok(Taken { username: usernames.contains(&username.as_str()), email })
        });
        clinic
    }

    /// A clinic that takes in whoever comes.
    fn a_welcoming_clinic() -> FakeClinic {
        let mut clinic = a_clinic(&[], false);
        let insert = clinic.work.users.expect_insert();
        insert.withf(|user| user.password_hash == a_hash()).times(1).returning(|_| Ok(()));
        clinic.work.sessions.expect_insert().times(1).returning(|_| Ok(()));
        clinic
    }

    fn ada(profile: Profile) -> Newcomer {
        Newcomer {
            email: Email::parse("ada@example.com").unwrap(),
            username: None,
            name: PersonName::parse("Ada", "Lovelace").unwrap(),
            phone: Phone::parse("+44 20 7946 0000").ok(),
            profile,
        }
    }

    fn a_doctors_profile() -> Profile {
        let license_number = LicenseNumber::parse("DE-12345").ok();
        Profile::Doctor(Box::new(DoctorProfile {
            license_number,
            ..DoctorProfile::blank(Zone::utc())
        }))
    }

    fn a_patients_record(date_of_birth: &str) -> Profile {
        let date_of_birth = day(date_of_birth);
        Profile::Patient(Box::new(PatientDetails { date_of_birth, ..PatientDetails::default() }))
    }

    fn a_pharmacys_profile() -> Profile {
        let license_number = LicenseNumber::parse("DE-12345").ok();
        Profile::Pharmacy(Box::new(PharmacyProfile {
            license_number,
            ..PharmacyProfile::default()
        }))
    }

    async fn register(clinic: FakeClinic, newcomer: Newcomer) -> (Result<SignedInView>, Trail) {
        let (application, trail) = clinic.open();
        let password = NewPassword::of_a_demo("correct horse".to_owned());
        let command = Register { newcomer, password, device: Device::default() };
        (application.users.register(an_origin(), command).await, trail)
    }

    #[tokio::test]
    async fn an_account_its_session_and_its_audit_entry_are_committed_together() {
        let (registered, trail) = register(a_welcoming_clinic(), ada(Profile::Coordinator)).await;

        let registered = registered.ok().unwrap();
        let entry = trail.committed().unwrap();
        let who = entry.who.unwrap();
        assert_eq!((entry.action, entry.outcome), (Action::Register, Outcome::Done));
        assert_eq!((who.user, who.role), (registered.user.id, Role::Coordinator));
        assert!(who.session.is_some());
        assert_eq!(entry.record, Some(registered.user.id.into()));
        assert_eq!(entry.origin, Some(an_origin()));
    }

    #[tokio::test]
    async fn a_closed_registration_hashes_nothing_and_makes_nobody() {
        let mut clinic = FakeClinic::default();
        clinic.settings.registration_open = false;

        let (refused, trail) = register(clinic, ada(Profile::Coordinator)).await;

        assert!(matches!(refused, Err(Error::Forbidden(Action::Register))));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn nobody_registers_as_an_administrator() {
        let (refused, trail) = register(FakeClinic::default(), ada(Profile::Admin)).await;

        assert!(matches!(refused, Err(Error::Forbidden(Action::Register))));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn a_made_name_that_somebody_takes_meanwhile_is_made_anew() {
        let mut clinic = a_clinic(&[], false);
        let conflict = StoreError::Conflict(Conflict::UsernameTaken);
        clinic.work.users.expect_insert().return_once(|_| Err(conflict));
        let again = clinic.then.insert(FakeUnitOfWork::default());
        again.users.expect_taken().returning(|_, _| Ok(Taken::default()));
        let insert = again.users.expect_insert();
        insert.withf(|user| user.username.as_str() == "ada1002").returning(|_| Ok(()));
        again.sessions.expect_insert().returning(|_| Ok(()));

        let (registered, trail) = register(clinic, ada(Profile::Coordinator)).await;

        assert_eq!(registered.ok().unwrap().user.username, "ada1002");
        assert!(trail.committed().is_some());
    }

    #[tokio::test]
    async fn a_chosen_name_that_somebody_takes_meanwhile_is_told() {
        let mut clinic = a_clinic(&[], false);
        let conflict = StoreError::Conflict(Conflict::UsernameTaken);
        clinic.work.users.expect_insert().return_once(|_| Err(conflict));
        let username = Username::parse("countess").ok();

        let (refused, _) =
            register(clinic, Newcomer { username, ..ada(Profile::Coordinator) }).await;

        let Err(Error::Invalid(errors)) = refused else { panic!("the account was made") };
        assert!(errors.by_field().keys().eq(["username"]));
    }

    #[tokio::test]
    async fn everything_that_is_taken_is_told_at_once() {
        for profile in [a_doctors_profile(), a_pharmacys_profile()] {
            let mut clinic = a_clinic(&["ada"], true);
            clinic.work.doctors.expect_is_license_taken().returning(|_, _| Ok(true));
            clinic.work.pharmacies.expect_is_license_taken().returning(|_, _| Ok(true));
            let username = Username::parse("ada").ok();

            let (refused, trail) = register(clinic, Newcomer { username, ..ada(profile) }).await;

            let Err(Error::Invalid(errors)) = refused else { panic!("the account was made") };
            assert!(errors.by_field().keys().eq(["email", "license_number", "username"]));
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn a_day_of_birth_to_come_is_told_with_what_is_taken() {
        let (refused, _) =
            register(a_clinic(&[], true), ada(a_patients_record("2030-01-08"))).await;

        let Err(Error::Invalid(errors)) = refused else { panic!("the account was made") };
        assert!(errors.by_field().keys().eq(["date_of_birth", "email"]));
    }

    #[tokio::test]
    async fn an_address_that_somebody_takes_meanwhile_makes_no_account() {
        let mut clinic = a_clinic(&[], false);
        let conflict = StoreError::Conflict(Conflict::EmailTaken);
        clinic.work.users.expect_insert().return_once(|_| Err(conflict));

        let (refused, trail) = register(clinic, ada(Profile::Coordinator)).await;

        let Err(Error::Invalid(errors)) = refused else { panic!("the account was made") };
        assert!(errors.by_field().keys().eq(["email"]));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn a_user_name_is_made_from_the_address_with_a_number_if_it_is_taken() {
        let names: [(&'static [&'static str], &str); 3] = [
            (&[], "ada"),
            (&["ada", "ada2"], "ada3"),
            (&["ada", "ada2", "ada3", "ada4", "ada5"], "ada1001"),
        ];
        for (taken, made) in names {
            let mut clinic = a_clinic(taken, false);
            let insert = clinic.work.users.expect_insert();
            insert.withf(move |user| user.username.as_str() == made).returning(|_| Ok(()));
            clinic.work.sessions.expect_insert().returning(|_| Ok(()));

            let (registered, _) = register(clinic, ada(Profile::Coordinator)).await;

            assert_eq!(registered.ok().unwrap().user.username, made);
        }
    }

    #[tokio::test]
    async fn a_doctor_waits_and_the_profile_begins_with_what_the_account_says() {
        let mut clinic = a_welcoming_clinic();
        clinic.work.doctors.expect_is_license_taken().returning(|_, _| Ok(false));
        let insert = clinic.work.doctors.expect_insert();
        insert
            .withf(|doctor| {
                let account = ada(Profile::Coordinator);
                let profile = &doctor.profile;
                (&profile.name, &profile.phone) == (&account.name, &account.phone)
                    && profile.email == Some(account.email)
                    && doctor.user.is_some()
                    && !doctor.is_verified
            })
            .times(1)
            .returning(|_| Ok(()));

        let (registered, _) = register(clinic, ada(a_doctors_profile())).await;

        let user = registered.ok().unwrap().user;
        assert_eq!(user.status, UserStatus::Pending);
        assert!(user.doctor_id.is_some());
    }

    #[tokio::test]
    async fn a_pharmacy_waits_and_the_profile_begins_with_what_the_account_says() {
        let mut clinic = a_welcoming_clinic();
        clinic.work.pharmacies.expect_is_license_taken().returning(|_, _| Ok(false));
        let insert = clinic.work.pharmacies.expect_insert();
        insert
            .withf(|pharmacy| {
                let account = ada(Profile::Coordinator);
                (&pharmacy.profile.email, &pharmacy.profile.phone)
                    == (&Some(account.email), &account.phone)
                    && pharmacy.user.is_some()
                    && !pharmacy.is_verified
            })
            .times(1)
            .returning(|_| Ok(()));

        let (registered, _) = register(clinic, ada(a_pharmacys_profile())).await;

        let user = registered.ok().unwrap().user;
        assert_eq!(user.status, UserStatus::Pending);
        assert!(user.pharmacy_id.is_some());
    }

    #[tokio::test]
    async fn a_patient_waits_for_nobody_and_owns_the_record_that_the_trail_names() {
        let mut clinic = a_welcoming_clinic();
        let insert = clinic.work.patients.expect_insert();
        insert
            .withf(|patient| {
                let account = ada(Profile::Coordinator);
                let details = &patient.details;
                (&details.name, &details.phone) == (&account.name, &account.phone)
                    && details.email == Some(account.email)
                    && patient.user == Some(patient.created_by)
            })
            .times(1)
            .returning(|_| Ok(()));

        let (registered, trail) = register(clinic, ada(a_patients_record("1984-02-29"))).await;

        let user = registered.ok().unwrap().user;
        assert_eq!(user.status, UserStatus::Active);
        assert!(user.patient_id.is_some());
        assert_eq!(trail.committed().unwrap().patient, user.patient_id);
    }

    #[tokio::test]
    async fn profiles_are_verified_at_once_where_nobody_approves() {
        for profile in [a_doctors_profile(), a_pharmacys_profile()] {
            let mut clinic = a_welcoming_clinic();
            clinic.settings.approval_required = false;
            clinic.work.doctors.expect_is_license_taken().returning(|_, _| Ok(false));
            clinic.work.doctors.expect_lock_entry().returning(|_| Ok(None));
            clinic.work.pharmacies.expect_is_license_taken().returning(|_, _| Ok(false));
            clinic.work.pharmacies.expect_lock_entry().returning(|_| Ok(None));
            let doctor = clinic.work.doctors.expect_insert();
            doctor.withf(|doctor| doctor.is_verified).returning(|_| Ok(()));
            let pharmacy = clinic.work.pharmacies.expect_insert();
            pharmacy.withf(|pharmacy| pharmacy.is_verified).returning(|_| Ok(()));

            let (registered, _) = register(clinic, ada(profile)).await;

            assert_eq!(registered.ok().unwrap().user.status, UserStatus::Active);
        }
    }
}
