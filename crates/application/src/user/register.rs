//! Making an account.

use medilink_domain::audit::{AuditEntry, Origin, Outcome, Who};
use medilink_domain::doctor::{Doctor, DoctorProfile};
use medilink_domain::id::{AuditEntryId, DoctorId, PatientId, PharmacyId, UserId};
use medilink_domain::patient::{Patient, PatientDetails, born_by};
use medilink_domain::pharmacy::{Pharmacy, PharmacyProfile};
use medilink_domain::phi::Phi;
use medilink_domain::policy::Action;
use medilink_domain::text::Phone;
use medilink_domain::time::Timestamp;
use medilink_domain::user::{Email, Password, PersonName, Role, User, UserStatus, Username};

use super::{UserView, Users};
use crate::error::{Error, FieldErrors, Result, TAKEN};
use crate::session::{SignedInView, begin};
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
    pub password: Password,
    /// The name to sign in with; without one it is made from the address.
    pub username: Option<Username>,
    /// The name of the person.
    pub name: PersonName,
    /// How to reach them.
    pub phone: Option<Phone>,
    /// The role, with what its profile says.
    pub profile: Profile,
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
        let Register { email, password, username, name, phone, profile } = command;
        let now = self.ports.clock.now();
        let role = profile.role();
        let hash = self.ports.passwords.hash(password).await?;

        let mut work = self.ports.store.begin().await?;
        let errors = self.wrong_fields(&mut *work, username.as_ref(), &email, &profile, now).await?;
        errors.check()?;
        let username = match username {
            Some(username) => username,
            None => self.free_username(&mut *work, &email).await?,
        };
        let waits = role.needs_approval() && self.settings.approval_required;
        let user = User {
            id: UserId::new(self.ports.ids.next()),
            username,
            email,
            password_hash: Phi::new(hash),
            name,
            phone,
            role,
            status: if waits { UserStatus::Pending } else { UserStatus::Active },
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let (session, tokens) = begin(&self.ports, &self.settings, user.id, role, now)?;

        work.users().insert(&user).await?;
        let view = self.insert_profile(&mut *work, &user, profile, now).await?;
        work.sessions().insert(&session).await?;
        let entry = AuditEntry {
            id: AuditEntryId::new(self.ports.ids.next()),
            at: now,
            who: Some(Who { user: user.id, role, session: Some(session.id) }),
            origin: Some(origin),
            action: Action::Register,
            outcome: Outcome::Done,
            record: Some(user.id.into()),
            patient: view.patient_id,
        };
        work.commit(entry).await?;

        Ok(SignedInView { user: view, tokens })
    }

    /// Adds the profile, which begins with what the account says.
    async fn insert_profile(
        &self,
        work: &mut dyn UnitOfWork,
        user: &User,
        profile: Profile,
        now: Timestamp,
    ) -> Result<UserView> {
        let mut view = UserView::of(user);
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
                view.doctor_id = Some(DoctorId::new(id));
            }
            Profile::Patient(mut details) => {
                details.name = user.name.clone();
                details.email = Some(user.email.clone());
                details.phone = user.phone.clone();
                let patient =
                    Patient::new(PatientId::new(id), *details, Some(user.id), user.id, now);
                work.patients().insert(&patient).await?;
                view.patient_id = Some(patient.id);
            }
            Profile::Pharmacy(mut profile) => {
                profile.email = Some(user.email.clone());
                profile.phone = user.phone.clone();
                let pharmacy = Pharmacy::new(PharmacyId::new(id), *profile, Some(user.id), now);
                work.pharmacies().insert(&Pharmacy { is_verified: verified, ..pharmacy }).await?;
                view.pharmacy_id = Some(PharmacyId::new(id));
            }
        }
        Ok(view)
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
        let mut errors = FieldErrors::default();
        let fallback = Username::from_email(email, 1);
        let taken = work.users().taken(username.unwrap_or(&fallback), email).await?;
        if taken.username && username.is_some() {
            errors.add("username", TAKEN);
        }
        if taken.email {
            errors.add("email", TAKEN);
        }
        if self.is_licence_taken(work, profile).await? {
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

    async fn is_licence_taken(&self, work: &mut dyn UnitOfWork, profile: &Profile) -> Result<bool> {
        let taken = match profile {
            Profile::Doctor(profile) => match &profile.license_number {
                Some(number) => work.doctors().is_licensed(number).await?,
                None => false,
            },
            Profile::Pharmacy(profile) => match &profile.license_number {
                Some(number) => work.pharmacies().is_licensed(number).await?,
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

    /// Refuses names that somebody has.
    pub(super) async fn refuse_taken(
        &self,
        work: &mut dyn UnitOfWork,
        username: &Username,
        email: &Email,
    ) -> Result<()> {
        let taken = work.users().taken(username, email).await?;
        let mut errors = FieldErrors::default();
        if taken.username {
            errors.add("username", TAKEN);
        }
        if taken.email {
            errors.add("email", TAKEN);
        }
        errors.check()
    }
}

