//! The stored rows, one type a table that is read row by row. They never leave this crate.
#![expect(unreachable_pub, reason = "sea-orm's derives make public items")]

pub(crate) mod appointment;
pub(crate) mod appointment_change;
pub(crate) mod assignment;
pub(crate) mod attempt;
pub(crate) mod audit_chain;
pub(crate) mod audit_entry;
pub(crate) mod audit_seal;
pub(crate) mod audit_unsealed;
pub(crate) mod doctor;
pub(crate) mod doctor_word;
pub(crate) mod patient;
pub(crate) mod patient_word;
pub(crate) mod pharmacy;
pub(crate) mod pharmacy_word;
pub(crate) mod session;
pub(crate) mod time_slot;
pub(crate) mod used_refresh_token;
pub(crate) mod user;
pub(crate) mod user_word;

/// sea-orm wants every row to print itself, and a row holds a person's data: it prints its table.
macro_rules! prints_its_table {
    ($($entity:ident,)*) => {$(
        impl std::fmt::Debug for $entity::Model {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!("[", stringify!($entity), "]"))
            }
        }
    )*};
}

prints_its_table! {
    appointment,
    appointment_change,
    assignment,
    attempt,
    audit_chain,
    audit_entry,
    audit_seal,
    audit_unsealed,
    doctor,
    doctor_word,
    patient,
    patient_word,
    pharmacy,
    pharmacy_word,
    session,
    time_slot,
    used_refresh_token,
    user,
    user_word,
}
