//! Pharmacies. Their profiles are made by registrations, and verified by approval.

mod repository;

#[cfg(any(test, feature = "testing"))]
pub use self::repository::MockPharmacyRepository;
pub use self::repository::PharmacyRepository;
