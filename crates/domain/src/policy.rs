//! Who may do what: one pure function over role, action and relation.
//!
//! [`permits`] is the whole of it. Lists are scoped by the same function through [`reach`], so a
//! list can never show what a single read would hide. `docs/policy.md` is printed from it.

use std::fmt::Write;

use crate::choice::choice;
use crate::user::Role;

choice! {
    /// What somebody may want to do.
    pub enum Action {
        /// Make an account.
        Register = "register",
        /// Begin a session.
        SignIn = "sign_in",
        /// Continue a session with a refresh token.
        RefreshSession = "refresh_session",
        /// Prove who one is, with an access token or a refresh token.
        Authenticate = "authenticate",
        /// End the session that one acts in, or whose refresh token one holds.
        SignOut = "sign_out",
        /// Choose another password.
        ChangePassword = "change_password",
        /// See where one is signed in.
        ListOwnSessions = "list_own_sessions",
        /// End sessions of one's own.
        EndOwnSession = "end_own_session",
        /// See where somebody else is signed in.
        ListSessions = "list_sessions",
        /// End sessions of somebody else.
        EndSession = "end_session",
        /// Read one's own account.
        ReadOwnAccount = "read_own_account",
        /// Change one's own account.
        ChangeOwnAccount = "change_own_account",
        /// Make an administrator, from the command line.
        CreateAdmin = "create_admin",
        /// Make the first administrator, with the token that the program prints.
        SetUp = "set_up",
        /// Give an administrator who is locked out another password, from the command line.
        ResetPassword = "reset_password",
        /// Look through the users.
        ListUsers = "list_users",
        /// Make a user.
        CreateUser = "create_user",
        /// Read a user's account.
        ReadUser = "read_user",
        /// Change a user's account, or what they are here.
        ChangeUser = "change_user",
        /// Let a pending user act.
        ApproveUser = "approve_user",
        /// Keep a user from doing anything.
        DisableUser = "disable_user",
        /// Let a disabled user act again.
        EnableUser = "enable_user",
        /// Look over the whole installation in figures.
        ReadStatistics = "read_statistics",
        /// Look through the doctors.
        ListDoctors = "list_doctors",
        /// Read a doctor's profile.
        ReadDoctor = "read_doctor",
        /// Enter a doctor into the directory.
        CreateDoctor = "create_doctor",
        /// Change a doctor's profile.
        ChangeDoctor = "change_doctor",
        /// Take a doctor out of the directory.
        ArchiveDoctor = "archive_doctor",
        /// Put an archived doctor back.
        RestoreDoctor = "restore_doctor",
        /// Record that a doctor's licence was checked.
        VerifyDoctor = "verify_doctor",
        /// Look through the pharmacies.
        ListPharmacies = "list_pharmacies",
        /// Read a pharmacy's profile.
        ReadPharmacy = "read_pharmacy",
        /// Enter a pharmacy into the directory.
        CreatePharmacy = "create_pharmacy",
        /// Change a pharmacy's profile.
        ChangePharmacy = "change_pharmacy",
        /// Record that a pharmacy's licence was checked.
        VerifyPharmacy = "verify_pharmacy",
        /// Look through the patients.
        ListPatients = "list_patients",
        /// Look through the patients whose records are archived.
        ListArchivedPatients = "list_archived_patients",
        /// Begin a patient's record.
        CreatePatient = "create_patient",
        /// Read a patient's record.
        ReadPatient = "read_patient",
        /// Change how a patient is reached.
        ChangePatientContact = "change_patient_contact",
        /// Change a patient's record.
        ChangePatient = "change_patient",
        /// Take a patient's record out of use.
        ArchivePatient = "archive_patient",
        /// Put an archived patient's record back.
        RestorePatient = "restore_patient",
        /// Assign a doctor to a patient's care.
        CreateAssignment = "create_assignment",
        /// Look through the assignments.
        ListAssignments = "list_assignments",
        /// Read an assignment, or who is assigned to a patient's care.
        ReadAssignment = "read_assignment",
        /// Change an assignment that goes on.
        ChangeAssignment = "change_assignment",
        /// End an assignment.
        EndAssignment = "end_assignment",
        /// Publish stretches of a doctor's time.
        PublishTimeSlot = "publish_time_slot",
        /// Look through the time slots.
        ListTimeSlots = "list_time_slots",
        /// Read a time slot.
        ReadTimeSlot = "read_time_slot",
        /// Keep others from booking a time slot, or let them again.
        BlockTimeSlot = "block_time_slot",
        /// Take a time slot back.
        DeleteTimeSlot = "delete_time_slot",
        /// Book a doctor's time for a patient.
        BookAppointment = "book_appointment",
        /// Ask whether a doctor's time could be booked for a patient.
        CheckAppointment = "check_appointment",
        /// Look through the appointments.
        ListAppointments = "list_appointments",
        /// Read an appointment.
        ReadAppointment = "read_appointment",
        /// Change what an appointment says.
        ChangeAppointment = "change_appointment",
        /// Move an appointment to another time.
        RescheduleAppointment = "reschedule_appointment",
        /// Say yes to an appointment, for the practice.
        ConfirmAppointment = "confirm_appointment",
        /// Note that the patient of an appointment is there.
        CheckInAppointment = "check_in_appointment",
        /// Note that the doctor sees the patient.
        StartAppointment = "start_appointment",
        /// Note that an appointment took place.
        CompleteAppointment = "complete_appointment",
        /// Note that the patient did not come.
        MarkNoShow = "mark_no_show",
        /// Call an appointment off.
        CancelAppointment = "cancel_appointment",
        /// Look through the audit trail.
        ReadAudit = "read_audit",
        /// See who has opened a patient's record.
        ReadAccessLog = "read_access_log",
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

/// Answers whether an action shows a patient's data, which the audit trail has to know even if
/// nothing is changed.
pub const fn discloses_patient_data(action: Action) -> bool {
    match action {
        Action::ListPatients
        | Action::ListArchivedPatients
        | Action::ReadPatient
        | Action::ListAssignments
        | Action::ReadAssignment
        | Action::CheckAppointment
        | Action::ListAppointments
        | Action::ReadAppointment
        | Action::ReadAudit
        | Action::ReadAccessLog => true,
        Action::Register
        | Action::SignIn
        | Action::RefreshSession
        | Action::Authenticate
        | Action::SignOut
        | Action::ChangePassword
        | Action::ListOwnSessions
        | Action::EndOwnSession
        | Action::ListSessions
        | Action::EndSession
        | Action::ReadOwnAccount
        | Action::ChangeOwnAccount
        | Action::CreateAdmin
        | Action::SetUp
        | Action::ResetPassword
        | Action::ListUsers
        | Action::CreateUser
        | Action::ReadUser
        | Action::ChangeUser
        | Action::ApproveUser
        | Action::DisableUser
        | Action::EnableUser
        | Action::ReadStatistics
        | Action::ListDoctors
        | Action::ReadDoctor
        | Action::CreateDoctor
        | Action::ChangeDoctor
        | Action::ArchiveDoctor
        | Action::RestoreDoctor
        | Action::VerifyDoctor
        | Action::ListPharmacies
        | Action::ReadPharmacy
        | Action::CreatePharmacy
        | Action::ChangePharmacy
        | Action::VerifyPharmacy
        | Action::CreatePatient
        | Action::ChangePatientContact
        | Action::ChangePatient
        | Action::ArchivePatient
        | Action::RestorePatient
        | Action::CreateAssignment
        | Action::ChangeAssignment
        | Action::EndAssignment
        | Action::PublishTimeSlot
        | Action::ListTimeSlots
        | Action::ReadTimeSlot
        | Action::BlockTimeSlot
        | Action::DeleteTimeSlot
        | Action::BookAppointment
        | Action::ChangeAppointment
        | Action::RescheduleAppointment
        | Action::ConfirmAppointment
        | Action::CheckInAppointment
        | Action::StartAppointment
        | Action::CompleteAppointment
        | Action::MarkNoShow
        | Action::CancelAppointment => false,
    }
}

/// Answers whether an action is done by somebody who is not signed in, so that nobody is asked for
/// a role: the audit trail alone has to name it.
pub const fn is_unsigned(action: Action) -> bool {
    matches!(
        action,
        Action::Register
            | Action::SignIn
            | Action::RefreshSession
            | Action::Authenticate
            | Action::CreateAdmin
            | Action::SetUp
            | Action::ResetPassword
    )
}

/// Answers whether an action is open to people whom no admin has approved yet.
pub const fn open_to_pending(action: Action) -> bool {
    match action {
        Action::Register
        | Action::SignIn
        | Action::RefreshSession
        | Action::Authenticate
        | Action::SignOut
        | Action::ChangePassword
        | Action::ListOwnSessions
        | Action::EndOwnSession
        | Action::SetUp
        | Action::ReadOwnAccount
        | Action::ChangeOwnAccount
        | Action::ListDoctors
        | Action::ReadDoctor
        // The profile of one's own can be completed meanwhile; that of others is not theirs anyway.
        | Action::ChangeDoctor
        | Action::ListPharmacies
        | Action::ReadPharmacy
        | Action::PublishTimeSlot
        | Action::ListTimeSlots
        | Action::ReadTimeSlot
        | Action::BlockTimeSlot
        | Action::DeleteTimeSlot
        | Action::ChangePharmacy => true,
        Action::CreateAdmin
        | Action::ResetPassword
        | Action::ListSessions
        | Action::EndSession
        | Action::ListUsers
        | Action::CreateUser
        | Action::ReadUser
        | Action::ChangeUser
        | Action::ApproveUser
        | Action::DisableUser
        | Action::EnableUser
        | Action::ReadStatistics
        | Action::CreateDoctor
        | Action::ArchiveDoctor
        | Action::RestoreDoctor
        | Action::VerifyDoctor
        | Action::CreatePharmacy
        | Action::VerifyPharmacy
        | Action::ListPatients
        | Action::ListArchivedPatients
        | Action::CreatePatient
        | Action::ReadPatient
        | Action::ChangePatientContact
        | Action::ChangePatient
        | Action::ArchivePatient
        | Action::RestorePatient
        | Action::CreateAssignment
        | Action::ListAssignments
        | Action::ReadAssignment
        | Action::ChangeAssignment
        | Action::EndAssignment
        | Action::BookAppointment
        | Action::CheckAppointment
        | Action::ListAppointments
        | Action::ReadAppointment
        | Action::ChangeAppointment
        | Action::RescheduleAppointment
        | Action::ConfirmAppointment
        | Action::CheckInAppointment
        | Action::StartAppointment
        | Action::CompleteAppointment
        | Action::MarkNoShow
        | Action::CancelAppointment
        | Action::ReadAudit
        | Action::ReadAccessLog => false,
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
