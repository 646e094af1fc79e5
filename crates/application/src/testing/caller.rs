//! People who act in tests.

use medilink_domain::actor::Actor;
use medilink_domain::audit::Origin;
use medilink_domain::id::{DoctorId, PatientId, PharmacyId, RequestId, SessionId, UserId, Uuid};
use medilink_domain::user::{Role, UserStatus};

use super::CREATOR;
use crate::call::Caller;
use crate::idempotency::IdempotencyKey;

/// Makes an active user in a role. A doctor is doctor 3, a patient is patient 4.
pub fn an_actor(role: Role) -> Actor {
    Actor {
        user: UserId::new(Uuid::from_u128(1)),
        session: SessionId::new(Uuid::from_u128(2)),
        role,
        status: UserStatus::Active,
        doctor: (role == Role::Doctor).then(|| DoctorId::new(Uuid::from_u128(3))),
        patient: (role == Role::Patient).then(|| PatientId::new(Uuid::from_u128(4))),
        pharmacy: (role == Role::Pharmacy).then(|| PharmacyId::new(Uuid::from_u128(5))),
    }
}

/// Makes a call of an active user in a role.
pub fn a_caller(role: Role) -> Caller {
    Caller { actor: an_actor(role), origin: an_origin(), idempotency: None }
}

/// Makes a call that names itself, so that a second one is the same.
pub fn a_caller_with_a_key(role: Role) -> Caller {
    let key = IdempotencyKey { key: "once".to_owned(), fingerprint: [7; 32] };
    Caller { idempotency: Some(key), ..a_caller(role) }
}

/// Makes a call of the user who made the records of tests.
pub fn the_creator(role: Role) -> Caller {
    let mut caller = a_caller(role);
    caller.actor.user = UserId::new(Uuid::from_u128(CREATOR));
    caller
}

/// Makes a call of an active user whom no record of tests concerns.
pub fn a_stranger(role: Role) -> Caller {
    let mut caller = a_caller(role);
    let other = Uuid::from_u128(99);
    caller.actor.doctor = caller.actor.doctor.map(|_| DoctorId::new(other));
    caller.actor.patient = caller.actor.patient.map(|_| PatientId::new(other));
    caller.actor.pharmacy = caller.actor.pharmacy.map(|_| PharmacyId::new(other));
    caller
}

/// Makes a call of a doctor whom no admin has approved yet.
pub fn a_pending_doctor() -> Caller {
    let mut caller = a_caller(Role::Doctor);
    caller.actor.status = UserStatus::Pending;
    caller
}

/// Makes a place that a call comes from.
pub const fn an_origin() -> Origin {
    Origin { request: RequestId::new(Uuid::from_u128(6)), address: None }
}
