//! Statistics, counted by the database.

use std::sync::LazyLock;

use async_trait::async_trait;
use medilink_application::doctor::DoctorBrief;
use medilink_application::error::StoreError;
use medilink_application::statistics::{
    AppointmentSum, DirectoryCount, StatisticsQueries, UserCount,
};
use medilink_domain::appointment::AppointmentStatus;
use medilink_domain::id::DoctorId;
use medilink_domain::statistics::CountedPeriod;
use medilink_domain::time::Timestamp;
use medilink_domain::user::{Role, UserStatus};
use sea_orm::{ColumnTrait, DbBackend, EntityTrait, QueryFilter, Statement, Value};
use uuid::Uuid;

use crate::entity::doctor;
use crate::row::row;
use crate::statement::statement;
use crate::store::SeaOrmQueries;
use crate::stored::restored;
use crate::transaction::Connection;

/// Counts users in one index, which has both columns.
pub(crate) const USERS: &str =
    "SELECT role, status, count(1) AS count FROM users GROUP BY role, status";

/// Counts the directory. What is archived is little, and has an index of its own: it is taken off, so
/// that nobody reads whole records to count them.
pub(crate) const DIRECTORY: &str = "\
SELECT
    (SELECT count(1) FROM patients)
        - (SELECT count(1) FROM patients WHERE archived_at IS NOT NULL) AS patients,
    (SELECT count(1) FROM doctors)
        - (SELECT count(1) FROM doctors WHERE archived_at IS NOT NULL) AS doctors,
    (SELECT count(1) FROM doctors
        WHERE is_verified AND archived_at IS NULL) AS verified_doctors,
    (SELECT count(1) FROM pharmacies) AS pharmacies,
    (SELECT count(1) FROM pharmacies WHERE is_verified) AS verified_pharmacies";

/// Counts failed sign-ins, in an index of nothing else. An entry may stand for several.
pub(crate) const FAILED_SIGN_INS: &str = "\
SELECT CAST(coalesce(sum(coalesce(count, 1)), 0) AS bigint) AS count FROM audit_entries
WHERE action = 'sign_in' AND outcome = 'failed' AND $1 <= at";

/// How long a stretch of time is, in seconds: the one thing that the databases say differently here.
const SECONDS: [(DbBackend, &str); 2] = [
    (DbBackend::Sqlite, "unixepoch(ends_at) - unixepoch(starts_at)"),
    (DbBackend::Postgres, "CAST(extract(epoch FROM ends_at - starts_at) AS bigint)"),
];

static APPOINTMENTS: LazyLock<[(DbBackend, String); 2]> = LazyLock::new(|| {
    SECONDS.map(|(backend, seconds)| {
        let sql = format!(
            "SELECT doctor_id, status, count(1) AS count,
                CAST(sum({seconds}) AS bigint) / 60 AS minutes
            FROM appointments WHERE $1 <= starts_at AND starts_at < $2
            GROUP BY doctor_id, status"
        );
        (backend, sql)
    })
});

static PUBLISHED: LazyLock<[(DbBackend, String); 2]> = LazyLock::new(|| {
    SECONDS.map(|(backend, seconds)| {
        let sql = format!(
            "SELECT doctor_id, CAST(sum({seconds}) AS bigint) / 60 AS minutes
            FROM time_slots WHERE $1 <= starts_at AND starts_at < $2 AND NOT blocked
            GROUP BY doctor_id"
        );
        (backend, sql)
    })
});

struct UserRow {
    role: String,
    status: String,
    count: i64,
}

row!(UserRow { role, status, count });

struct DirectoryRow {
    patients: i64,
    doctors: i64,
    verified_doctors: i64,
    pharmacies: i64,
    verified_pharmacies: i64,
}

row!(DirectoryRow { patients, doctors, verified_doctors, pharmacies, verified_pharmacies });

struct AppointmentRow {
    doctor_id: Uuid,
    status: String,
    count: i64,
    minutes: i64,
}

row!(AppointmentRow { doctor_id, status, count, minutes });

struct PublishedRow {
    doctor_id: Uuid,
    minutes: i64,
}

row!(PublishedRow { doctor_id, minutes });

#[async_trait]
impl StatisticsQueries for SeaOrmQueries {
    async fn users(&self) -> Result<Vec<UserCount>, StoreError> {
        let rows: Vec<UserRow> = self.0.rows(self.statement(USERS, [])).await?;
        rows.iter()
            .map(|row| {
                Ok(UserCount {
                    role: Role::parse(&row.role).map_err(failed)?,
                    status: UserStatus::parse(&row.status).map_err(failed)?,
                    count: row.count.unsigned_abs(),
                })
            })
            .collect()
    }

    async fn directory(&self) -> Result<DirectoryCount, StoreError> {
        let row: Option<DirectoryRow> = self.0.row(self.statement(DIRECTORY, [])).await?;
        let Some(row) = row else { return Ok(DirectoryCount::default()) };
        Ok(DirectoryCount {
            patients: row.patients.unsigned_abs(),
            doctors: row.doctors.unsigned_abs(),
            verified_doctors: row.verified_doctors.unsigned_abs(),
            pharmacies: row.pharmacies.unsigned_abs(),
            verified_pharmacies: row.verified_pharmacies.unsigned_abs(),
        })
    }

    async fn appointments(&self, period: CountedPeriod) -> Result<Vec<AppointmentSum>, StoreError> {
        let ask = in_period(&*APPOINTMENTS, self.0.backend(), period);
        let rows: Vec<AppointmentRow> = self.0.rows(ask).await?;
        rows.iter()
            .map(|row| {
                Ok(AppointmentSum {
                    doctor: DoctorId::new(row.doctor_id),
                    status: AppointmentStatus::parse(&row.status).map_err(failed)?,
                    count: row.count.unsigned_abs(),
                    minutes: row.minutes.unsigned_abs(),
                })
            })
            .collect()
    }

    async fn published(&self, period: CountedPeriod) -> Result<Vec<(DoctorId, u64)>, StoreError> {
        let ask = in_period(&*PUBLISHED, self.0.backend(), period);
        let rows: Vec<PublishedRow> = self.0.rows(ask).await?;
        let sum = |row: PublishedRow| (DoctorId::new(row.doctor_id), row.minutes.unsigned_abs());
        Ok(rows.into_iter().map(sum).collect())
    }

    async fn doctors(&self, ids: &[DoctorId]) -> Result<Vec<DoctorBrief>, StoreError> {
        let ids = ids.iter().map(|id| id.as_uuid());
        let select = doctor::Entity::find().filter(doctor::Column::Id.is_in(ids));
        let rows: Vec<doctor::Model> = self.0.rows(select).await?;
        rows.iter().map(|row| restored(row).map(|doctor| DoctorBrief::of(&doctor))).collect()
    }

    async fn failed_sign_ins(&self, since: Timestamp) -> Result<u64, StoreError> {
        let ask = self.statement(FAILED_SIGN_INS, [since.as_utc().into()]);
        let count: Option<i64> = self.0.row(ask).await?;
        Ok(count.unwrap_or_default().unsigned_abs())
    }
}

/// Asks for the appointments of a period.
#[cfg(test)]
pub(crate) fn appointments(backend: DbBackend, period: CountedPeriod) -> Statement {
    in_period(&*APPOINTMENTS, backend, period)
}

/// Asks for the published time of a period.
#[cfg(test)]
pub(crate) fn published(backend: DbBackend, period: CountedPeriod) -> Statement {
    in_period(&*PUBLISHED, backend, period)
}

/// Asks a database about a period, in its own words.
fn in_period(
    worded: &[(DbBackend, String)],
    backend: DbBackend,
    period: CountedPeriod,
) -> Statement {
    let ends: [Value; 2] = [period.from().as_utc().into(), period.to().as_utc().into()];
    let words = worded.iter().find(|(database, _)| *database == backend);
    statement(backend, words.map_or("", |(_, sql)| sql), ends)
}

/// A choice that the program does not know, and the database's own checks should have refused.
fn failed(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Failed(Box::new(error))
}
