//! Making an account.

use medilink_domain::audit::{AuditEntry, Origin, Outcome, Who};
use medilink_domain::doctor::{Doctor, DoctorProfile};
use medilink_domain::email::Email;
use medilink_domain::id::{AuditEntryId, DoctorId, PatientId, PharmacyId, UserId};
use medilink_domain::name::PersonName;
use medilink_domain::password::NewPassword;
use medilink_domain::patient::{Patient, PatientDetails, born_by};
use medilink_domain::pharmacy::{Pharmacy, PharmacyProfile};
use medilink_domain::policy::Action;
use medilink_domain::text::Phone;
use medilink_domain::time::Timestamp;
use medilink_domain::user::{Account, Role, User, UserStatus, Username};

use super::{OwnProfile, Taken, UserView, Users};
use crate::error::{Error, FieldErrors, Result, TAKEN};
use crate::session::{Device, SignedInView, begin};
use crate::store::UnitOfWork;

/// What comes with the account: the profile of its role.
pub enum Profile {
    /// Coordinators have none.
    Coordinator,
    /// A doctor's.
    Doctor(Box<DoctorProfile>),
    /// A patient's own record.
    Patient(Box<PatientDetails>),
    /// A pharmacy's.
    Pharmacy(Box<PharmacyProfile>),
}

impl Profile {
    /// Returns the role of the account. There is none for administrators: they never register.
    pub const fn role(&self) -> Role {
        match self {
            Self::Coordinator => Role::Coordinator,
            Self::Doctor(_) => Role::Doctor,
            Self::Patient(_) => Role::Patient,
            Self::Pharmacy(_) => Role::Pharmacy,
        }
    }
}

/// What somebody gives to register.
pub struct Register {
    /// The address to sign in with.
    pub email: Email,
    /// The password.
    pub password: NewPassword,
    /// The name to sign in with; without one it is made from the address.
    pub username: Option<Username>,
    /// The name of the person.
    pub name: PersonName,
    /// How to reach them.
    pub phone: Option<Phone>,
    /// The role, with what its profile says.
    pub profile: Profile,
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
    /// - [`Forbidden`](Error::Forbidden) if registration is closed.
    /// - [`Invalid`](Error::Invalid) if the user name, the address or the licence number is taken,
    ///   or the day of birth is in the future; all at once.
    pub async fn register(&self, origin: Origin, command: Register) -> Result<SignedInView> {
        if !self.settings.registration_open {
            return Err(Error::Forbidden(Action::Register));
        }
        let Register { email, password, username, name, phone, profile, device } = command;
        let now = self.ports.clock.now();
        let role = profile.role();
        let hash = self.ports.passwords.hash(password).await?;

        let mut work = self.ports.store.begin().await?;
        let errors =
            self.wrong_fields(&mut *work, username.as_ref(), &email, &profile, now).await?;
        errors.check()?;
        let username = match username {
            Some(username) => username,
            None => self.free_username(&mut *work, &email).await?,
        };
        let account = Account { username, email, password_hash: hash, name, phone, role };
        let id = UserId::new(self.ports.ids.next());
        let user = User::new(id, account, self.settings.approval_required, now);
        let (session, tokens) =
            begin(&self.ports, &self.settings, (user.id, role), (origin, device.name), now)?;

        work.users().insert(&user).await?;
        let own = self.insert_profile(&mut *work, &user, profile, now).await?;
        work.sessions().insert(&session).await?;
        let id = AuditEntryId::new(self.ports.ids.next());
        let entry = AuditEntry::new(id, now, Action::Register, Outcome::Done)
            .by(Who { user: user.id, role, session: Some(session.id) })
            .from(origin)
            .about(user.id)
            .touching(own.patient);
        work.commit(entry).await?;

        let device = self.ports.devices.remember(user.id)?;
        Ok(SignedInView { user: UserView::of(user, own), tokens, device })
    }

    /// Adds the profile, which begins with what the account says.
    async fn insert_profile(
        &self,
        work: &mut dyn UnitOfWork,
        user: &User,
        profile: Profile,
        now: Timestamp,
    ) -> Result<OwnProfile> {
        let mut own = OwnProfile::default();
        let id = self.ports.ids.next();
        let verified = user.status == UserStatus::Active;
        match profile {
            Profile::Coordinator => {}
            Profile::Doctor(mut profile) => {
                profile.name = user.name.clone();
                profile.email = Some(user.email.clone());
                profile.phone = user.phone.clone();
                let doctor = Doctor::new(DoctorId::new(id), *profile, Some(user.id), now);
                work.doctors().insert(&Doctor { is_verified: verified, ..doctor }).await?;
                own.doctor = Some(DoctorId::new(id));
            }
            Profile::Patient(mut details) => {
                details.name = user.name.clone();
                details.email = Some(user.email.clone());
                details.phone = user.phone.clone();
                let patient =
                    Patient::new(PatientId::new(id), *details, Some(user.id), user.id, now);
                work.patients().insert(&patient).await?;
                own.patient = Some(patient.id);
            }
            Profile::Pharmacy(mut profile) => {
                profile.email = Some(user.email.clone());
                profile.phone = user.phone.clone();
                let pharmacy = Pharmacy::new(PharmacyId::new(id), *profile, Some(user.id), now);
                work.pharmacies().insert(&Pharmacy { is_verified: verified, ..pharmacy }).await?;
                own.pharmacy = Some(PharmacyId::new(id));
            }
        }
        Ok(own)
    }

    /// Collects everything that only the store and the clock can find wrong.
    async fn wrong_fields(
        &self,
        work: &mut dyn UnitOfWork,
        username: Option<&Username>,
        email: &Email,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<FieldErrors> {
        let fallback = Username::from_email(email, 1);
        let taken = work.users().taken(username.unwrap_or(&fallback), email).await?;
        let mut errors = Taken { username: taken.username && username.is_some(), ..taken }.errors();
        if self.is_license_taken(work, profile).await? {
            errors.add("license_number", TAKEN);
        }
        if let Profile::Patient(details) = profile
            && let Some(day) = details.date_of_birth
            && let Err(error) = born_by(day, now)
        {
            errors.add("date_of_birth", error);
        }
        Ok(errors)
    }

    async fn is_license_taken(&self, work: &mut dyn UnitOfWork, profile: &Profile) -> Result<bool> {
        let taken = match profile {
            Profile::Doctor(profile) => match &profile.license_number {
                Some(number) => work.doctors().is_license_taken(number).await?,
                None => false,
            },
            Profile::Pharmacy(profile) => match &profile.license_number {
                Some(number) => work.pharmacies().is_license_taken(number).await?,
                None => false,
            },
            Profile::Coordinator | Profile::Patient(_) => false,
        };
        Ok(taken)
    }

    /// Makes a user name from an address: with a number if it is taken, and with one that nobody
    /// guesses if the first few are.
    async fn free_username(&self, work: &mut dyn UnitOfWork, email: &Email) -> Result<Username> {
        for attempt in 1..=5 {
            let username = Username::from_email(email, attempt);
            if !work.users().taken(&username, email).await?.username {
                return Ok(username);
            }
        }
        let random = self.ports.ids.next().as_u128() % 1_000_000_000;
        let digits = u32::try_from(random).unwrap_or_default();
        Ok(Username::from_email(email, digits.max(6)))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::text::LicenseNumber;
    use medilink_domain::zone::Zone;

    use super::*;
    use crate::error::{Conflict, StoreError};
    use crate::testing::{FakeClinic, Trail, a_hash, an_origin, day};
    use crate::user::Taken;

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

    fn ada(profile: Profile) -> Register {
        Register {
            email: Email::parse("ada@example.com").unwrap(),
            password: NewPassword::of_a_demo("correct horse".to_owned()),
            username: None,
            name: PersonName::parse("Ada", "Lovelace").unwrap(),
            phone: Phone::parse("+44 20 7946 0000").ok(),
            profile,
            device: Device::default(),
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

    async fn register(clinic: FakeClinic, command: Register) -> (Result<SignedInView>, Trail) {
        let (application, trail) = clinic.open();
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
    async fn everything_that_is_taken_is_told_at_once() {
        for profile in [a_doctors_profile(), a_pharmacys_profile()] {
            let mut clinic = a_clinic(&["ada"], true);
            clinic.work.doctors.expect_is_license_taken().returning(|_| Ok(true));
            clinic.work.pharmacies.expect_is_license_taken().returning(|_| Ok(true));
            let username = Username::parse("ada").ok();

            let (refused, trail) = register(clinic, Register { username, ..ada(profile) }).await;

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
            (&["ada", "ada2", "ada3", "ada4", "ada5"], "ada1000"),
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
        clinic.work.doctors.expect_is_license_taken().returning(|_| Ok(false));
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
        clinic.work.pharmacies.expect_is_license_taken().returning(|_| Ok(false));
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
            clinic.work.doctors.expect_is_license_taken().returning(|_| Ok(false));
            clinic.work.pharmacies.expect_is_license_taken().returning(|_| Ok(false));
            let doctor = clinic.work.doctors.expect_insert();
            doctor.withf(|doctor| doctor.is_verified).returning(|_| Ok(()));
            let pharmacy = clinic.work.pharmacies.expect_insert();
            pharmacy.withf(|pharmacy| pharmacy.is_verified).returning(|_| Ok(()));

            let (registered, _) = register(clinic, ada(profile)).await;

            assert_eq!(registered.ok().unwrap().user.status, UserStatus::Active);
        }
    }
}
