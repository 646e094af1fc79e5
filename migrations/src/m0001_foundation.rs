//! The foundation: users and sessions, the three profiles, appointments, and the audit trail.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, TABLES).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            run(manager, POSTGRES_GUARDS).await
        } else {
            run(manager, SQLITE_GUARDS).await
        }
    }
}

const TABLES: &str = r"
CREATE TABLE users (
    id {uuid} NOT NULL PRIMARY KEY,
    username text NOT NULL,
    username_key {key} NOT NULL,
    email text NOT NULL,
    email_key {key} NOT NULL,
    password_hash text NOT NULL,
    first_name text,
    last_name text,
    phone text,
    role text NOT NULL
        CHECK (role IN ('admin', 'doctor', 'coordinator', 'pharmacy', 'patient')),
    status text NOT NULL CHECK (status IN ('active', 'pending', 'disabled')),
    created_at {instant} NOT NULL,
    updated_at {instant} NOT NULL,
    version bigint NOT NULL
);
CREATE UNIQUE INDEX users_username ON users (username_key);
CREATE UNIQUE INDEX users_email ON users (email_key);

CREATE TABLE sessions (
    id {uuid} NOT NULL PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    refresh_hash {hash} NOT NULL,
    device text,
    address text,
    created_at {instant} NOT NULL,
    refreshed_at {instant} NOT NULL,
    expires_at {instant} NOT NULL,
    ended_at {instant}
);
CREATE INDEX sessions_user ON sessions (user_id, created_at, id);
CREATE INDEX sessions_end ON sessions (expires_at);
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE UNIQUE INDEX sessions_refresh_hash ON sessions (refresh_hash);

CREATE TABLE patients (
    id {uuid} NOT NULL PRIMARY KEY,
    user_id {uuid} REFERENCES users (id),
    created_by {uuid} NOT NULL REFERENCES users (id),
    first_name text,
    last_name text,
    email text,
    phone text,
    date_of_birth {day},
    gender text CHECK (gender IN ('M', 'F', 'O', 'N')),
    blood_group text CHECK (blood_group IN ('A+', 'A-', 'B+', 'B-', 'AB+', 'AB-', 'O+', 'O-')),
    allergies text,
    medical_history text,
    current_medications text,
    emergency_contact_name text,
    emergency_contact_phone text,
    address text,
    city text,
    state text,
    country text,
    created_at {instant} NOT NULL,
    updated_at {instant} NOT NULL,
    version bigint NOT NULL
);
CREATE UNIQUE INDEX patients_user ON patients (user_id);
CREATE UNIQUE INDEX patients_created_by ON patients (created_by, id);

CREATE TABLE doctors (
    id {uuid} NOT NULL PRIMARY KEY,
    user_id {uuid} REFERENCES users (id),
    first_name text,
    last_name text,
    sort_name {key} NOT NULL,
    email text,
    phone text,
    specialization text NOT NULL,
    specialization_text text,
    license_number {key},
    years_of_experience integer CHECK (years_of_experience BETWEEN 0 AND 80),
    qualification text,
    bio text,
    consultation_fee bigint CHECK (consultation_fee BETWEEN 0 AND 999999999),
    is_available boolean NOT NULL,
    is_verified boolean NOT NULL,
    hospital_name text,
    city text,
    city_key {key},
    state text,
    country text,
    time_zone text NOT NULL,
    booking text NOT NULL CHECK (booking IN ('open', 'slots_only')),
    created_at {instant} NOT NULL,
    updated_at {instant} NOT NULL,
    version bigint NOT NULL
);
CREATE UNIQUE INDEX doctors_user ON doctors (user_id);
CREATE UNIQUE INDEX doctors_license_number ON doctors (license_number) WHERE is_verified;
CREATE INDEX doctors_name ON doctors (sort_name, id);

-- What the directory is searched by: every word of a doctor's name and hospital, folded.
CREATE TABLE doctor_words (
    word {key} NOT NULL,
    doctor_id {uuid} NOT NULL REFERENCES doctors (id) ON DELETE CASCADE,
    PRIMARY KEY (word, doctor_id)
);
CREATE INDEX doctor_words_doctor ON doctor_words (doctor_id);

CREATE TABLE pharmacies (
    id {uuid} NOT NULL PRIMARY KEY,
    user_id {uuid} REFERENCES users (id),
    name text,
    license_number {key},
    email text,
    phone text,
    address text,
    city text,
    state text,
    country text,
    is_verified boolean NOT NULL,
    created_at {instant} NOT NULL,
    updated_at {instant} NOT NULL,
    version bigint NOT NULL
);
CREATE UNIQUE INDEX pharmacies_user ON pharmacies (user_id);
CREATE UNIQUE INDEX pharmacies_license_number ON pharmacies (license_number) WHERE is_verified;

CREATE TABLE appointments (
    id {uuid} NOT NULL PRIMARY KEY,
    doctor_id {uuid} NOT NULL REFERENCES doctors (id),
    patient_id {uuid} NOT NULL REFERENCES patients (id),
    patient_created_by {uuid} NOT NULL,
    starts_at {instant} NOT NULL,
    ends_at {instant} NOT NULL,
    status text NOT NULL CHECK (status IN (
        'scheduled', 'confirmed', 'checked_in', 'in_progress', 'completed', 'cancelled', 'no_show'
    )),
    reason text,
    notes text,
    retrospective boolean NOT NULL,
    created_by {uuid} NOT NULL REFERENCES users (id),
    created_at {instant} NOT NULL,
    updated_at {instant} NOT NULL,
    version bigint NOT NULL,
    CHECK (starts_at < ends_at),
    FOREIGN KEY (patient_created_by, patient_id) REFERENCES patients (created_by, id)
);
CREATE INDEX appointments_start ON appointments (starts_at, id);
CREATE INDEX appointments_doctor ON appointments (doctor_id, starts_at, id);
CREATE INDEX appointments_patient ON appointments (patient_id, starts_at, id);
CREATE INDEX appointments_creator ON appointments (patient_created_by, starts_at, id);
CREATE INDEX appointments_status ON appointments (status, starts_at, id);
-- For each pair that a list may be narrowed by, or SQLite walks all appointments of one status, or
-- of one creator, to find the few.
CREATE INDEX appointments_doctor_status ON appointments (doctor_id, status, starts_at, id);
CREATE INDEX appointments_patient_status ON appointments (patient_id, status, starts_at, id);
CREATE INDEX appointments_creator_status
    ON appointments (patient_created_by, status, starts_at, id);
CREATE INDEX appointments_creator_doctor
    ON appointments (patient_created_by, doctor_id, starts_at, id);

-- The history of each appointment: the version that a change made, and how.
CREATE TABLE appointment_changes (
    appointment_id {uuid} NOT NULL REFERENCES appointments (id),
    version bigint NOT NULL,
    from_status text,
    to_status text NOT NULL,
    old_starts_at {instant},
    old_ends_at {instant},
    new_starts_at {instant} NOT NULL,
    new_ends_at {instant} NOT NULL,
    changed_by {uuid} NOT NULL REFERENCES users (id),
    changed_at {instant} NOT NULL,
    reason text,
    PRIMARY KEY (appointment_id, version)
);

CREATE TABLE idempotency_keys (
    user_id {uuid} NOT NULL REFERENCES users (id),
    key {key} NOT NULL,
    fingerprint {hash} NOT NULL,
    record_id {uuid} NOT NULL,
    created_at {instant} NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- No foreign keys: an entry outlives what it is about.
CREATE TABLE audit_entries (
    id {uuid} NOT NULL PRIMARY KEY,
    at {instant} NOT NULL,
    user_id {uuid},
    role text,
    session_id {uuid},
    request_id {uuid},
    address text,
    action text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'denied', 'failed')),
    concept text,
    record_id {uuid},
    patient_id {uuid}
);
";

/// Overlaps are refused by exclusion constraints, and the audit trail by triggers.
///
/// Exclusion constraints alone deadlock when many book one doctor at once, so the store locks the
/// doctor and the patient first. The constraints stay the guarantee, whoever writes.
const POSTGRES_GUARDS: &str = r"
CREATE EXTENSION IF NOT EXISTS btree_gist;

ALTER TABLE appointments ADD CONSTRAINT appointments_doctor_overlap
    EXCLUDE USING gist (doctor_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&)
    WHERE (status IN ('scheduled', 'confirmed', 'checked_in', 'in_progress'));
ALTER TABLE appointments ADD CONSTRAINT appointments_patient_overlap
    EXCLUDE USING gist (patient_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&)
    WHERE (status IN ('scheduled', 'confirmed', 'checked_in', 'in_progress'));

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_entries_only_grow
    BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
";

/// Overlaps and changes of the audit trail are refused by triggers.
///
/// Active appointments of one doctor never overlap, so the latest of them that starts before the
/// new end is the only one that can be in the way: one seek in a partial index, however long the
/// doctor's history. One trigger asks for the doctor before the patient, since SQLite fires
/// several in no promised order. Instants are compared as text, so only one form of them is let in.
const SQLITE_GUARDS: &str = r"
CREATE INDEX appointments_doctor_active ON appointments (doctor_id, starts_at, ends_at)
    WHERE status IN ('scheduled', 'confirmed', 'checked_in', 'in_progress');
CREATE INDEX appointments_patient_active ON appointments (patient_id, starts_at, ends_at)
    WHERE status IN ('scheduled', 'confirmed', 'checked_in', 'in_progress');

CREATE TRIGGER appointments_overlap_on_insert BEFORE INSERT ON appointments
WHEN NEW.status IN ('scheduled', 'confirmed', 'checked_in', 'in_progress')
BEGIN
    SELECT RAISE(ABORT, 'appointments_instant_form')
        WHERE typeof(NEW.starts_at) <> 'text' OR typeof(NEW.ends_at) <> 'text'
            OR NEW.starts_at IS NOT strftime('%Y-%m-%dT%H:%M:%S+00:00', NEW.starts_at)
            OR NEW.ends_at IS NOT strftime('%Y-%m-%dT%H:%M:%S+00:00', NEW.ends_at);
    SELECT RAISE(ABORT, 'appointments_doctor_overlap') WHERE NEW.starts_at < (
        SELECT ends_at FROM appointments
        WHERE doctor_id = NEW.doctor_id AND starts_at < NEW.ends_at AND id <> NEW.id
            AND status IN ('scheduled', 'confirmed', 'checked_in', 'in_progress')
        ORDER BY starts_at DESC LIMIT 1);
    SELECT RAISE(ABORT, 'appointments_patient_overlap') WHERE NEW.starts_at < (
        SELECT ends_at FROM appointments
        WHERE patient_id = NEW.patient_id AND starts_at < NEW.ends_at AND id <> NEW.id
            AND status IN ('scheduled', 'confirmed', 'checked_in', 'in_progress')
        ORDER BY starts_at DESC LIMIT 1);
END;
CREATE TRIGGER appointments_overlap_on_update
BEFORE UPDATE OF id, doctor_id, patient_id, starts_at, ends_at, status ON appointments
WHEN NEW.status IN ('scheduled', 'confirmed', 'checked_in', 'in_progress')
BEGIN
    SELECT RAISE(ABORT, 'appointments_instant_form')
        WHERE typeof(NEW.starts_at) <> 'text' OR typeof(NEW.ends_at) <> 'text'
            OR NEW.starts_at IS NOT strftime('%Y-%m-%dT%H:%M:%S+00:00', NEW.starts_at)
            OR NEW.ends_at IS NOT strftime('%Y-%m-%dT%H:%M:%S+00:00', NEW.ends_at);
    SELECT RAISE(ABORT, 'appointments_doctor_overlap') WHERE NEW.starts_at < (
        SELECT ends_at FROM appointments
        WHERE doctor_id = NEW.doctor_id AND starts_at < NEW.ends_at AND id <> OLD.id
            AND status IN ('scheduled', 'confirmed', 'checked_in', 'in_progress')
        ORDER BY starts_at DESC LIMIT 1);
    SELECT RAISE(ABORT, 'appointments_patient_overlap') WHERE NEW.starts_at < (
        SELECT ends_at FROM appointments
        WHERE patient_id = NEW.patient_id AND starts_at < NEW.ends_at AND id <> OLD.id
            AND status IN ('scheduled', 'confirmed', 'checked_in', 'in_progress')
        ORDER BY starts_at DESC LIMIT 1);
END;

-- What the planner goes by: a clinic of a million appointments, a thousand doctors and a few hundred
-- coordinators. Without it SQLite takes any index for as good as another, and measuring a real
-- database with ANALYZE would let plans change at a moment that nobody has chosen.
ANALYZE;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('appointments', 'sqlite_autoindex_appointments_1', '1000000 1'),
    ('appointments', 'appointments_start', '1000000 10 1'),
    ('appointments', 'appointments_doctor', '1000000 1000 2 1'),
    ('appointments', 'appointments_patient', '1000000 20 1 1'),
    ('appointments', 'appointments_creator', '1000000 5000 2 1'),
    ('appointments', 'appointments_status', '1000000 150000 5 1'),
    ('appointments', 'appointments_doctor_status', '1000000 1000 200 1 1'),
    ('appointments', 'appointments_patient_status', '1000000 20 5 1 1'),
    ('appointments', 'appointments_creator_status', '1000000 5000 1000 1 1'),
    ('appointments', 'appointments_creator_doctor', '1000000 5000 50 1 1'),
    ('appointments', 'appointments_doctor_active', '50000 50 1 1'),
    ('appointments', 'appointments_patient_active', '50000 5 1 1');

-- Replacing a row fires no trigger for its deletion.
CREATE TRIGGER audit_entries_come_once BEFORE INSERT ON audit_entries
WHEN EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'audit_entries only grows');
END;
CREATE TRIGGER audit_entries_keep BEFORE UPDATE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'audit_entries only grows');
END;
CREATE TRIGGER audit_entries_stay BEFORE DELETE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'audit_entries only grows');
END;
";
