//! Who may do what: one pure function over role, action and relation.
//!
//! [`permits`] is the whole of it. Lists are scoped by the same function through [`reach`], so a
//! list can never show what a single read would hide. `docs/policy.md` is printed from it.

mod action;

use std::fmt::Write;

pub use self::action::{Action, discloses_patient_data, is_unsigned, open_to_pending};
use crate::choice::choice;
use crate::user::Role;

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
#[expect(clippy::too_many_lines, reason = "it is one table")]
pub const fn permits(role: Role, action: Action, relation: Relation) -> Access {
    use Access::{Allow, Deny, Hide};

    match action {
        // Nobody has a role yet.
        Action::Register
        | Action::SignIn
        | Action::RefreshSession
        | Action::Authenticate
        | Action::SetUp => Allow,
        // Whoever can run the program on its machine; nobody over the network.
        Action::CreateAdmin | Action::ResetPassword => Deny,
        Action::SignOut
        | Action::ReadOwnAccount
        | Action::ChangeOwnAccount
        | Action::ChangePassword
        | Action::ListOwnSessions
        | Action::EndOwnSession => Allow,
        Action::EndSession => match role {
            Role::Admin => Allow,
            // What is nobody's own may be anybody's: nobody learns that there is such a session.
            Role::Doctor | Role::Coordinator | Role::Pharmacy | Role::Patient => Hide,
        },
        Action::ReadAudit
        | Action::ListSessions
        | Action::ListUsers
        | Action::CreateUser
        | Action::ReadUser
        | Action::ChangeUser
        | Action::ApproveUser
        | Action::DisableUser
        | Action::EnableUser
        | Action::ReadStatistics => match role {
            Role::Admin => Allow,
            Role::Doctor | Role::Coordinator | Role::Pharmacy | Role::Patient => Deny,
        },
        // The directory is known to everybody who is signed in: nothing in it is hidden.
        Action::ListDoctors
        | Action::ReadDoctor
        | Action::ListPharmacies
        | Action::ReadPharmacy => Allow,
        Action::ListTimeSlots | Action::ReadTimeSlot => Allow,
        // No doctor disposes of another's time.
        Action::PublishTimeSlot | Action::BlockTimeSlot | Action::DeleteTimeSlot => {
            match (role, relation) {
                (Role::Admin, _) => Allow,
                (Role::Doctor, Relation::Own) => Allow,
                _ => Deny,
            }
        }
        Action::CreateDoctor => match role {
            Role::Admin | Role::Coordinator => Allow,
            Role::Doctor | Role::Pharmacy | Role::Patient => Deny,
        },
        Action::ChangeDoctor => match (role, relation) {
            (Role::Admin, _) => Allow,
            (Role::Doctor, Relation::Own) => Allow,
            (Role::Coordinator, Relation::Creator) => Allow,
            _ => Deny,
        },
        Action::ArchiveDoctor => match (role, relation) {
            (Role::Admin, _) => Allow,
            (Role::Coordinator, Relation::Creator) => Allow,
            _ => Deny,
        },
        Action::ChangePharmacy => match (role, relation) {
            (Role::Admin, _) => Allow,
            (Role::Pharmacy, Relation::Own) => Allow,
            _ => Deny,
        },
        // Whether there is something in the archive is for nobody else to find out.
        Action::RestoreDoctor
        | Action::VerifyDoctor
        | Action::CreatePharmacy
        | Action::VerifyPharmacy
        | Action::ListArchivedPatients
        | Action::RestorePatient => match role {
            Role::Admin => Allow,
            Role::Doctor | Role::Coordinator | Role::Pharmacy | Role::Patient => Deny,
        },
        Action::ListPatients | Action::CreatePatient => match role {
            Role::Admin | Role::Doctor | Role::Coordinator => Allow,
            Role::Pharmacy | Role::Patient => Deny,
        },
        Action::ReadPatient
        | Action::ChangePatientContact
        | Action::ReadAssignment
        | Action::EndAssignment => match (role, relation) {
            (Role::Admin, _) => Allow,
            (Role::Doctor, Relation::Creator | Relation::Care) => Allow,
            (Role::Coordinator, Relation::Creator) => Allow,
            (Role::Patient, Relation::SelfRecord) => Allow,
            _ => Hide,
        },
        Action::ChangePatient => match (role, relation) {
            (Role::Admin, _) => Allow,
            (Role::Doctor, Relation::Creator | Relation::Care) => Allow,
            (Role::Coordinator, Relation::Creator) => Allow,
            (Role::Patient, Relation::SelfRecord) => Deny,
            _ => Hide,
        },
        Action::ArchivePatient => match (role, relation) {
            (Role::Admin, _) => Allow,
            (Role::Doctor, Relation::Creator) => Allow,
            (Role::Coordinator, Relation::Creator) => Allow,
            (Role::Doctor, Relation::Care) => Deny,
            (Role::Patient, Relation::SelfRecord) => Deny,
            _ => Hide,
        },
        // Who has opened a record is for the patient to know, not for those who open it.
        Action::ReadAccessLog => match (role, relation) {
            (Role::Admin, _) => Allow,
            (Role::Patient, Relation::SelfRecord) => Allow,
            (Role::Doctor, Relation::Creator | Relation::Care) => Deny,
            (Role::Coordinator, Relation::Creator) => Deny,
            _ => Hide,
        },
        // Whose doctor comes first is for those who keep the record.
        Action::ChangeAssignment => match (role, relation) {
            (Role::Admin, _) => Allow,
            (Role::Coordinator, Relation::Creator) => Allow,
            (Role::Doctor, Relation::Creator | Relation::Care) => Deny,
            (Role::Patient, Relation::SelfRecord) => Deny,
            _ => Hide,
        },
        Action::BookAppointment | Action::CheckAppointment | Action::CreateAssignment => {
            match (role, relation) {
                (Role::Admin, _) => Allow,
                (Role::Doctor, Relation::Creator | Relation::Care) => Allow,
                (Role::Coordinator, Relation::Creator) => Allow,
                (Role::Patient, Relation::SelfRecord) => Allow,
                (Role::Pharmacy, _) => Deny,
                _ => Hide,
            }
        }
        Action::ListAppointments | Action::ListAssignments => match role {
            Role::Admin | Role::Doctor | Role::Coordinator | Role::Patient => Allow,
            Role::Pharmacy => Deny,
        },
        Action::ReadAppointment
        | Action::ChangeAppointment
        | Action::RescheduleAppointment
        | Action::CancelAppointment => match (role, relation) {
            (Role::Admin, _) => Allow,
            (Role::Doctor, Relation::Own) => Allow,
            (Role::Coordinator, Relation::Creator) => Allow,
            (Role::Patient, Relation::SelfRecord) => Allow,
            _ => Hide,
        },
        // What happens on the day is for the practice to say.
        Action::ConfirmAppointment
        | Action::CheckInAppointment
        | Action::StartAppointment
        | Action::CompleteAppointment
        | Action::MarkNoShow => match (role, relation) {
            (Role::Admin, _) => Allow,
            (Role::Doctor, Relation::Own) => Allow,
            (Role::Coordinator, Relation::Creator) => Deny,
            (Role::Patient, Relation::SelfRecord) => Deny,
            _ => Hide,
        },
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
        (Role::Pharmacy, &[Relation::Own, Relation::Stranger]),
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
    for action in Action::ALL.iter().filter(|action| !is_unsigned(**action)) {
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
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_what_the_clinic_agreed_to() {
        let agreed = include_str!("../../../docs/policy.md");

        assert!(agreed.contains(&table()), "docs/policy.md says otherwise; `make docs` prints it");
    }

    #[test]
    fn a_list_reaches_exactly_what_single_reads_allow() {
        for action in [Action::ReadAppointment, Action::ReadPatient] {
            for role in Role::ALL {
                for relation in Relation::ALL {
                    let one = permits(*role, action, *relation) == Access::Allow;
                    let listed = match reach(*role, action) {
                        Reach::Everything => true,
                        Reach::Within(relations) => relations.contains(relation),
                    };
                    assert_eq!(one, listed, "{action} {role} {relation}");
                }
            }
        }
    }

    /// The use case asks for the smaller permission first.
    #[test]
    fn whoever_may_change_a_record_may_change_how_the_patient_is_reached() {
        for role in Role::ALL {
            for relation in Relation::ALL {
                let whole = permits(*role, Action::ChangePatient, *relation);
                let contact = permits(*role, Action::ChangePatientContact, *relation);
                assert!(whole <= contact, "{role} {relation}");
            }
        }
    }
}
