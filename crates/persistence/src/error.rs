//! What the databases say, as the application understands it.

use medilink_application::error::{Conflict, StoreError};
use sea_orm::sqlx;
use sea_orm::{DbErr, RuntimeErr};

/// How each constraint shows itself: by its name on PostgreSQL and in the triggers of SQLite, and
/// by its column in what SQLite says of a unique index.
const CONFLICTS: &[(&str, &str, Conflict)] = &[
    ("appointments_doctor_overlap", "appointments_doctor_overlap", Conflict::DoctorDoubleBooked),
    ("appointments_patient_overlap", "appointments_patient_overlap", Conflict::PatientDoubleBooked),
    (
        "assignments_active_pair",
        "assignments.doctor_id, assignments.patient_id",
        Conflict::AlreadyAssigned,
    ),
    ("assignments_active_primary", "assignments.patient_id", Conflict::PrimaryTaken),
    ("time_slots_overlap", "time_slots_overlap", Conflict::TimeSlotOverlaps),
    ("users_username", "users.username_key", Conflict::UsernameTaken),
    ("users_email", "users.email_key", Conflict::EmailTaken),
    ("doctors_license_number", "doctors.license_number", Conflict::LicenseNumberTaken),
    ("doctors_entry_license_number", "doctors.license_number", Conflict::LicenseNumberTaken),
    ("pharmacies_entry_license_number", "pharmacies.license_number", Conflict::LicenseNumberTaken),
    ("pharmacies_license_number", "pharmacies.license_number", Conflict::LicenseNumberTaken),
];

/// Translates an error of sea-orm.
pub(crate) fn store_error(error: DbErr) -> StoreError {
    if let DbErr::ConnectionAcquire(_) = &error {
        return StoreError::Busy;
    }
    if let Some(refusal) = refusal(&error) {
        if let Some(conflict) = conflict(refusal) {
            return StoreError::Conflict(conflict);
        }
        return match state(refusal) {
            State::Busy => StoreError::Busy,
            State::OutOfOrder => unavailable(error),
            State::Well => StoreError::Failed(Box::new(error)),
        };
    }
    if is_connection_lost(&error) {
        unavailable(error)
    } else {
        // It cannot be read as what it should be: asking again does not help.
        StoreError::Failed(Box::new(error))
    }
}

/// Tells whether a statement has waited too long for somebody else's lock on PostgreSQL.
pub(crate) fn is_lock_timeout(error: &DbErr) -> bool {
    refusal(error).and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "55P03")
}

/// Wraps what nobody can do anything about but an operator.
pub(crate) fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

fn refusal(error: &DbErr) -> Option<&dyn sqlx::error::DatabaseError> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
        error
    else {
        return None;
    };
    error.as_database_error()
}

fn conflict(refusal: &dyn sqlx::error::DatabaseError) -> Option<Conflict> {
    let said = refusal.constraint().unwrap_or_else(|| refusal.message());
    let said = said.trim_start_matches("UNIQUE constraint failed: ");
    CONFLICTS
        .iter()
        .find(|(name, column, _)| said == *name || said == *column)
        .map(|(_, _, conflict)| *conflict)
}

/// How a database is that refuses.
enum State {
    /// Trying again helps.
    Busy,
    /// It cannot do its work at present, whatever it is asked.
    OutOfOrder,
    /// There is nothing wrong with it.
    Well,
}

fn state(refusal: &dyn sqlx::error::DatabaseError) -> State {
    let Some(code) = refusal.code() else { return State::Well };
    if code.len() == 5 {
        return match &*code {
            // Serialization failure, deadlock, lock not available, canceled by a timeout, too many
            // connections, idle transaction ended.
            "40001" | "40P01" | "55P03" | "57014" | "53300" | "25P03" => State::Busy,
            // A transaction that failed before, a server that only reads.
            "25P02" | "25006" => State::OutOfOrder,
            // No connection, no resources, told to stop, system error.
            code if ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => {
                State::OutOfOrder
            }
            _ => State::Well,
        };
    }
    // SQLite, whose codes have a detail in their upper bytes.
    match code.parse::<u32>().map(|code| code & 0xff) {
        // Busy, locked, locking protocol.
        Ok(5 | 6 | 15) => State::Busy,
        // No memory, read-only, I/O error, corrupt, full, cannot open, not a database.
        Ok(7 | 8 | 10 | 11 | 13 | 14 | 26) => State::OutOfOrder,
        Ok(_) | Err(_) => State::Well,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "sea-orm's errors are many and grow")]
fn is_connection_lost(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(_) | DbErr::Custom(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            matches!(
                &**error,
                sqlx::Error::Io(_)
                    | sqlx::Error::Tls(_)
                    | sqlx::Error::Protocol(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
            )
        }
        _ => false,
    }
}
