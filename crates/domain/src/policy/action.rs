//! What somebody may want to do, and what holds of it whoever they are.

use crate::choice::choice;

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
