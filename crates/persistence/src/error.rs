//! What the databases say, as the application understands it.

use medilink_application::error::{Conflict, StoreError};
use sea_orm::sqlx;
use sea_orm::{DbErr, RuntimeErr};

/// How each constraint shows itself: by its name on PostgreSQL and in the triggers of SQLite, and
/// by its column in what SQLite says of a unique index.
const CONFLICTS: &[(&str, &str, Conflict)] = &[
    ("appointments_doctor_overlap", "appointments_doctor_overlap", Conflict::DoctorDoubleBooked),
    ("appointments_patient_overlap", "appointments_patient_overlap", Conflict::PatientDoubleBooked),
    ("users_username", "users.username_key", Conflict::UsernameTaken),
    ("users_email", "users.email_key", Conflict::EmailTaken),
    ("doctors_license_number", "doctors.license_number", Conflict::LicenseNumberTaken),
    ("pharmacies_license_number", "pharmacies.license_number", Conflict::LicenseNumberTaken),
];

/// Translates an error of sea-orm.
pub(crate) fn store_error(error: DbErr) -> StoreError {
    if let DbErr::ConnectionAcquire(_) = &error {
        return StoreError::Busy;
    }
    let Some(refusal) = refusal(&error) else { return unavailable(error) };
    if let Some(conflict) = conflict(refusal) {
        return StoreError::Conflict(conflict);
    }
    if is_busy(refusal) {
        StoreError::Busy
    } else if is_out_of_order(refusal) {
        unavailable(error)
    } else {
        StoreError::Failed(Box::new(error))
    }
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

fn is_busy(refusal: &dyn sqlx::error::DatabaseError) -> bool {
    // SQLite: busy, its snapshot, and locked. PostgreSQL: serialization failure, deadlock, lock not
    // available, query canceled by a timeout, too many connections, idle transaction ended.
    const BUSY: &[&str] =
        &["5", "261", "517", "6", "40001", "40P01", "55P03", "57014", "53300", "25P03"];
    refusal.code().is_some_and(|code| BUSY.contains(&code.as_ref()))
}

/// Tells whether the database cannot do its work at present, whatever it is asked.
fn is_out_of_order(refusal: &dyn sqlx::error::DatabaseError) -> bool {
    let Some(code) = refusal.code() else { return false };
    if code.len() == 5 {
        // PostgreSQL: no connection, no resources, told to stop, system error.
        return ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class));
    }
    // SQLite, whose codes have a detail in their upper bytes: I/O error, corrupt, full, cannot
    // open, not a database.
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 10 | 11 | 13 | 14 | 26))
}
