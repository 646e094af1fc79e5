//! Who may do what: one pure function over role, action and relation.
//!
//! [`permits`] is the whole of it. Lists are scoped by the same function through [`reach`], so a
//! list can never show what a single read would hide. `docs/policy.md` is printed from it.

use std::fmt::Write;

use chrono::TimeDelta;

use crate::choice::choice;
use crate::id::{DoctorId, PatientId, PharmacyId, SessionId, UserId};
use crate::time::Timestamp;
use crate::user::{Role, UserStatus};

choice! {
    /// What somebody may want to do.
    pub enum Action {
        /// Make an account.
        Register = "register",
        /// Begin a session.
        SignIn = "sign_in",
        /// Read one's own account.
        ReadOwnAccount = "read_own_account",
        /// Make an administrator, from the command line.
        CreateAdmin = "create_admin",
        /// Read a user's account.
        ReadUser = "read_user",
        /// Let a pending user act.
        ApproveUser = "approve_user",
        /// Look through the doctors.
        ListDoctors = "list_doctors",
        /// Read a doctor's profile.
        ReadDoctor = "read_doctor",
        /// Begin a patient's record.
        CreatePatient = "create_patient",
        /// Read a patient's record.
        ReadPatient = "read_patient",
        /// Book a doctor's time for a patient.
        BookAppointment = "book_appointment",
        /// Look through the appointments.
        ListAppointments = "list_appointments",
        /// Read an appointment.
        ReadAppointment = "read_appointment",
        /// Call an appointment off.
        CancelAppointment = "cancel_appointment",
    }
}

choice! {
    /// How somebody stands to a patient's data.
    pub enum Relation {
        /// It is their own.
        SelfRecord = "self",
        /// They are the doctor whom it names: their appointment, their consultation.
        Own = "own",
        /// They made the patient's record.
        Creator = "creator",
        /// They care for the patient, now or until recently.
        Care = "care",
        /// Not at all.
        Stranger = "none",
    }
}

/// What the table answers. The best of several answers counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// They may not know of it: not found.
    Hide,
    /// They may know, but not do it: forbidden.
    Deny,
    /// They may.
    Allow,
}

/// Answers what a role may do, given how the person stands to the data.
///
/// Every action names its own default, so that a new one has to be thought about.
#[expect(clippy::match_same_arms, reason = "each line is one sentence of the agreement")]
pub const fn permits(role: Role, action: Action, relation: Relation) -> Access {
    use Access::{Allow, Deny, Hide};

    match action {
        // Nobody has a role yet.
        Action::Register | Action::SignIn => Allow,
        // Whoever can run the program on its machine; nobody over the network.
        Action::CreateAdmin => Deny,
        Action::ReadOwnAccount => Allow,
        Action::ReadUser | Action::ApproveUser => match role {
            Role::Admin => Allow,
            Role::Doctor | Role::Coordinator | Role::Pharmacy | Role::Patient => Deny,
        },
        Action::ListDoctors | Action::ReadDoctor => Allow,
        Action::CreatePatient => match role {
            Role::Admin | Role::Doctor | Role::Coordinator => Allow,
            Role::Pharmacy | Role::Patient => Deny,
        },
        Action::ReadPatient => match (role, relation) {
            (Role::Admin, _) => Allow,
            (Role::Doctor, Relation::Creator | Relation::Care) => Allow,
            (Role::Coordinator, Relation::Creator) => Allow,
            (Role::Patient, Relation::SelfRecord) => Allow,
            _ => Hide,
        },
        Action::BookAppointment => match (role, relation) {
            (Role::Admin, _) => Allow,
            (Role::Doctor, Relation::Creator | Relation::Care) => Allow,
            (Role::Coordinator, Relation::Creator) => Allow,
            (Role::Patient, Relation::SelfRecord) => Allow,
            (Role::Pharmacy, _) => Deny,
            _ => Hide,
        },
        Action::ListAppointments => match role {
            Role::Admin | Role::Doctor | Role::Coordinator | Role::Patient => Allow,
            Role::Pharmacy => Deny,
        },
        Action::ReadAppointment | Action::CancelAppointment => match (role, relation) {
            (Role::Admin, _) => Allow,
            (Role::Doctor, Relation::Own) => Allow,
            (Role::Coordinator, Relation::Creator) => Allow,
            (Role::Patient, Relation::SelfRecord) => Allow,
            _ => Hide,
        },
    }
}

/// Answers whether an action shows a patient's data, which the audit trail has to know even if
/// nothing is changed.
pub const fn discloses_patient_data(action: Action) -> bool {
    match action {
        Action::ReadPatient | Action::ListAppointments | Action::ReadAppointment => true,
        Action::Register
        | Action::SignIn
        | Action::ReadOwnAccount
        | Action::CreateAdmin
        | Action::ReadUser
        | Action::ApproveUser
        | Action::ListDoctors
        | Action::ReadDoctor
        | Action::CreatePatient
        | Action::BookAppointment
        | Action::CancelAppointment => false,
    }
}

/// Answers whether an action is open to people whom no admin has approved yet.
pub const fn open_to_pending(action: Action) -> bool {
    match action {
        Action::Register
        | Action::SignIn
        | Action::ReadOwnAccount
        | Action::ListDoctors
        | Action::ReadDoctor => true,
        Action::CreateAdmin
        | Action::ReadUser
        | Action::ApproveUser
        | Action::CreatePatient
        | Action::ReadPatient
        | Action::BookAppointment
        | Action::ListAppointments
        | Action::ReadAppointment
        | Action::CancelAppointment => false,
    }
}

/// Somebody who is signed in, as the rules know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The user.
    pub user: UserId,
    /// The session that they act in.
    pub session: SessionId,
    /// Their role, from the database rather than from the token.
    pub role: Role,
    /// Whether they may act.
    pub status: UserStatus,
    /// The doctor whom they sign in as.
    pub doctor: Option<DoctorId>,
    /// The patient whose record is their own.
    pub patient: Option<PatientId>,
    /// The pharmacy that they sign in for.
    pub pharmacy: Option<PharmacyId>,
}

impl Actor {
    /// Answers whether they may do something, standing to it in all these relations at once.
    ///
    /// Whether they may act at all is asked before the table.
    pub fn may(&self, action: Action, relations: Relations) -> Access {
        match self.status {
            UserStatus::Disabled => Access::Deny,
            UserStatus::Pending if self.waits_for(action) => Access::Deny,
            UserStatus::Active | UserStatus::Pending => relations
                .iter()
                .map(|relation| permits(self.role, action, relation))
                .max()
                .unwrap_or(Access::Hide),
        }
    }

    /// Tells how they stand to a patient, of whom the store knows who made the record and whether
    /// this person cares for them.
    pub fn relations_to_patient(
        &self,
        patient: PatientId,
        created_by: UserId,
        cares: bool,
    ) -> Relations {
        Relations::NONE
            .with_if(Relation::SelfRecord, self.patient == Some(patient))
            .with_if(Relation::Creator, self.user == created_by)
            .with_if(Relation::Care, cares)
    }

    /// Tells how they stand to what one doctor does with one patient: an appointment, for example.
    ///
    /// Caring for the patient does not open another doctor's appointments, so it is not asked.
    pub fn relations_to_encounter(
        &self,
        doctor: DoctorId,
        patient: PatientId,
        patient_created_by: UserId,
    ) -> Relations {
        self.relations_to_patient(patient, patient_created_by, false)
            .with_if(Relation::Own, self.doctor == Some(doctor))
    }

    /// Tells whether an admin's approval is what they lack for an action.
    pub fn waits_for(&self, action: Action) -> bool {
        self.status == UserStatus::Pending && !open_to_pending(action)
    }

    /// Tells whether they act as a doctor for another doctor, which no doctor may.
    pub fn is_another_doctor(&self, doctor: DoctorId) -> bool {
        self.role == Role::Doctor && self.doctor != Some(doctor)
    }
}

/// Returns the instant after which a completed appointment still counts as care: 90 days ago.
pub fn care_since(now: Timestamp) -> Timestamp {
    now.saturating_add(TimeDelta::days(-90))
}

/// All the ways in which somebody stands to a patient's data, besides being a stranger, which
/// everybody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relations(u8);

impl Relations {
    /// Those of a stranger.
    pub const NONE: Self = Self(0);

    /// Adds a relation if it holds.
    #[must_use]
    pub const fn with_if(self, relation: Relation, holds: bool) -> Self {
        if holds { Self(self.0 | 1 << relation as u8) } else { self }
    }

    fn iter(self) -> impl Iterator<Item = Relation> {
        Relation::ALL.iter().copied().filter(move |relation| {
            *relation == Relation::Stranger || self.0 & (1 << *relation as u8) != 0
        })
    }
}

/// How far a list may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Over everything.
    Everything,
    /// Over what the person stands to in one of these relations.
    Within(Vec<Relation>),
}

/// Answers over which records a role may do something: the table read sideways, for lists.
pub fn reach(role: Role, action: Action) -> Reach {
    let allowed = |relation: &Relation| permits(role, action, *relation) == Access::Allow;
    if allowed(&Relation::Stranger) {
        return Reach::Everything;
    }
    Reach::Within(Relation::ALL.iter().copied().filter(allowed).collect())
}

/// Prints the table in Markdown, for people: a row an action, a column a role in a relation.
pub fn table() -> String {
    const COLUMNS: &[(Role, &[Relation])] = &[
        (Role::Admin, &[Relation::Stranger]),
        (Role::Doctor, &[Relation::Own, Relation::Care, Relation::Creator, Relation::Stranger]),
        (Role::Coordinator, &[Relation::Creator, Relation::Stranger]),
        (Role::Pharmacy, &[Relation::Stranger]),
        (Role::Patient, &[Relation::SelfRecord, Relation::Stranger]),
    ];
    let columns =
        || COLUMNS.iter().flat_map(|(role, all)| all.iter().map(move |one| (*role, *one)));

    let mut page = String::from("| action |");
    for (role, relation) in columns() {
        let _ = write!(page, " {role} ({relation}) |");
    }
    page.push_str(" while pending | shows patient data |\n|---|");
    page.push_str(&":-:|".repeat(columns().count() + 2));
    for action in Action::ALL {
        let _ = write!(page, "\n| {} |", action.as_str().replace('_', " "));
        for (role, relation) in columns() {
            let mark = match permits(role, *action, relation) {
                Access::Allow => "✔",
                Access::Deny => "✘",
                Access::Hide => "·",
            };
            let _ = write!(page, " {mark} |");
        }
        page.push_str(if open_to_pending(*action) { " ✔ |" } else { " ✘ |" });
        page.push_str(if discloses_patient_data(*action) { " yes |" } else { " no |" });
    }
    page.push('\n');
    page
}

#[cfg(test)]
pub(crate) fn an_actor(role: Role) -> Actor {
    let id = crate::id::Uuid::from_u128;
    Actor {
        user: UserId::new(id(1)),
        session: SessionId::new(id(2)),
        role,
        status: UserStatus::Active,
        doctor: (role == Role::Doctor).then(|| DoctorId::new(id(3))),
        patient: (role == Role::Patient).then(|| PatientId::new(id(4))),
        pharmacy: (role == Role::Pharmacy).then(|| PharmacyId::new(id(5))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Uuid;

    #[test]
    fn the_policy_is_what_the_clinic_agreed_to() {
        let agreed = include_str!("../../../docs/policy.md");

        assert!(agreed.contains(&table()), "docs/policy.md says otherwise; `make docs` prints it");
    }

    #[test]
    fn the_best_relation_counts() {
        let doctor = an_actor(Role::Doctor);
        let caring = Relations::NONE.with_if(Relation::Care, true);

        assert_eq!(doctor.may(Action::ReadPatient, Relations::NONE), Access::Hide);
        assert_eq!(doctor.may(Action::ReadPatient, caring), Access::Allow);
    }

    #[test]
    fn a_disabled_user_may_do_nothing() {
        let disabled = Actor { status: UserStatus::Disabled, ..an_actor(Role::Admin) };

        for action in Action::ALL {
            assert_eq!(disabled.may(*action, Relations::NONE), Access::Deny, "{action}");
        }
    }

    #[test]
    fn a_pending_doctor_reads_the_directory_and_books_nobody() {
        let pending = Actor { status: UserStatus::Pending, ..an_actor(Role::Doctor) };
        let caring = Relations::NONE.with_if(Relation::Care, true);

        assert_eq!(pending.may(Action::ListDoctors, Relations::NONE), Access::Allow);
        assert_eq!(pending.may(Action::BookAppointment, caring), Access::Deny);
    }

    #[test]
    fn a_list_reaches_exactly_what_single_reads_allow() {
        for role in Role::ALL {
            for relation in Relation::ALL {
                let one = permits(*role, Action::ReadAppointment, *relation) == Access::Allow;
                let listed = match reach(*role, Action::ReadAppointment) {
                    Reach::Everything => true,
                    Reach::Within(relations) => relations.contains(relation),
                };
                assert_eq!(one, listed, "{role} {relation}");
            }
        }
    }

    #[test]
    fn a_doctor_acts_as_nobody_else() {
        let doctor = an_actor(Role::Doctor);
        let other = DoctorId::new(Uuid::from_u128(99));

        assert!(doctor.is_another_doctor(other));
        assert!(!an_actor(Role::Admin).is_another_doctor(other));
    }
}
