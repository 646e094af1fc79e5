//! Newcomers: what a new user brings, and how they are added with the profile of their role.

use medilink_domain::doctor::{Doctor, DoctorProfile};
use medilink_domain::email::Email;
use medilink_domain::id::{DoctorId, PatientId, PharmacyId, UserId};
use medilink_domain::name::PersonName;
use medilink_domain::password::PasswordHash;
use medilink_domain::patient::{Patient, PatientDetails, born_by};
use medilink_domain::pharmacy::{Pharmacy, PharmacyProfile};
use medilink_domain::text::Phone;
use medilink_domain::time::Timestamp;
use medilink_domain::user::{NewUser, Role, User, Username};

use super::adopt::enter_pharmacy;
use super::{OwnProfile, Taken, Users};
use crate::error::{Error, FieldErrors, Result, TAKEN};
use crate::store::UnitOfWork;

/// What comes with the account: the profile of its role.
#[derive(Clone)]
pub enum Profile {
    /// Administrators have none.
    Admin,
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
    /// Returns the role of the account.
    pub const fn role(&self) -> Role {
        match self {
            Self::Admin => Role::Admin,
            Self::Coordinator => Role::Coordinator,
            Self::Doctor(_) => Role::Doctor,
            Self::Patient(_) => Role::Patient,
            Self::Pharmacy(_) => Role::Pharmacy,
        }
    }
}

/// What a new user brings, but for the password.
#[derive(Clone)]
pub struct Newcomer {
    /// The address to sign in with.
    pub email: Email,
    /// The name to sign in with; without one it is made from the address.
    pub username: Option<Username>,
    /// The name of the person.
    pub name: PersonName,
    /// How to reach them.
    pub phone: Option<Phone>,
    /// The role, with what its profile says.
    pub profile: Profile,
}

/// How a user name is made for somebody who names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// With a small number if it is taken.
    Readable,
    /// With a number that nobody guesses.
    Unguessable,
}

/// Adds a newcomer, and once more under a name that nobody guesses if somebody else took the one
/// that was made meanwhile. Nobody is told that a field is wrong which they did not send.
pub(super) async fn with_free_name<T>(
    newcomer: &Newcomer,
    add: impl AsyncFn(Naming) -> Result<T>,
) -> Result<T> {
    match add(Naming::Readable).await {
        Err(Error::Invalid(errors))
            if newcomer.username.is_none() && errors.by_field().contains_key("username") =>
        {
            add(Naming::Unguessable).await
        }
        answer => answer,
    }
}

impl Users {
    /// Adds a user with the profile of their role.
    pub(super) async fn add(
        &self,
        work: &mut dyn UnitOfWork,
        (id, newcomer): (UserId, Newcomer),
        (password_hash, naming): (PasswordHash, Naming),
        approval_required: bool,
        now: Timestamp,
    ) -> Result<(User, OwnProfile)> {
        self.wrong_fields(work, &newcomer, now).await?.check()?;
        let Newcomer { email, username, name, phone, profile } = newcomer;
        let username = match username {
            Some(username) => username,
            None => self.free_username(work, &email, naming).await?,
        };
        let role = profile.role();
        let new = NewUser { username, email, password_hash, name, phone, role };
        let user = User::new(id, new, approval_required, now);

        work.users().insert(&user).await?;
        let own = self.add_profile(work, &user, profile, now).await?;
        Ok((user, own))
    }

    /// Adds the profile of a user, which begins with what the account says.
    pub(super) async fn add_profile(
        &self,
        work: &mut dyn UnitOfWork,
        user: &User,
        profile: Profile,
        now: Timestamp,
    ) -> Result<OwnProfile> {
        let mut own = OwnProfile::default();
        match profile {
            Profile::Admin | Profile::Coordinator => {}
            Profile::Doctor(profile) => {
                let id = DoctorId::new(self.ports.ids.next());
                let doctor = Doctor::of_user(id, *profile, user, now);
                own.doctor = Some(self.enter_doctor(work, doctor, user, now).await?.id);
            }
            Profile::Patient(details) => {
                let id = PatientId::new(self.ports.ids.next());
                work.patients().insert(&Patient::of_user(id, *details, user, now)).await?;
                own.patient = Some(id);
            }
            Profile::Pharmacy(profile) => {
                let id = PharmacyId::new(self.ports.ids.next());
                let pharmacy = Pharmacy::of_user(id, *profile, user, now);
                own.pharmacy = Some(enter_pharmacy(work, pharmacy, user, now).await?.id);
            }
        }
        Ok(own)
    }

    /// Collects everything that only the store and the clock can find wrong.
    async fn wrong_fields(
        &self,
        work: &mut dyn UnitOfWork,
        newcomer: &Newcomer,
        now: Timestamp,
    ) -> Result<FieldErrors> {
        let Newcomer { email, username, profile, .. } = newcomer;
        let made = Username::from_email(email, 1);
        let taken = work.users().taken(username.as_ref().unwrap_or(&made), email).await?;
        let mut errors = Taken { username: taken.username && username.is_some(), ..taken }.errors();
        if is_license_taken(work, profile).await? {
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

    /// Makes a user name from an address: with a number if it is taken, and with one that nobody
    /// guesses if the first few are.
    async fn free_username(
        &self,
        work: &mut dyn UnitOfWork,
        email: &Email,
        naming: Naming,
    ) -> Result<Username> {
        let readable = match naming {
            Naming::Readable => 5,
            Naming::Unguessable => 0,
        };
        for attempt in 1..=readable {
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

async fn is_license_taken(work: &mut dyn UnitOfWork, profile: &Profile) -> Result<bool> {
    let taken = match profile {
        Profile::Doctor(profile) => match &profile.license_number {
            Some(number) => work.doctors().is_license_taken(number, None).await?,
            None => false,
        },
        Profile::Pharmacy(profile) => match &profile.license_number {
            Some(number) => work.pharmacies().is_license_taken(number, None).await?,
            None => false,
        },
        Profile::Admin | Profile::Coordinator | Profile::Patient(_) => false,
    };
    Ok(taken)
}
