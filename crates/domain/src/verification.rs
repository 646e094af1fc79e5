//! Verification: somebody whose business it is has checked a licence.
//!
//! What was checked is the number that the profile shows. With another number nothing is.

use crate::actor::{Actor, Relations};
use crate::policy::{Access, Action};
use crate::record::Concept;
use crate::rule::{Rule, RuleCode};
use crate::text::LicenseNumber;

/// Why a licence is not recorded as checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerificationError {
    /// There is nothing to check.
    #[error("the {0} has no licence number; add it first")]
    NoLicense(Concept),
    /// It was checked before.
    #[error("the licence of the {0} was checked before; there is nothing to do")]
    AlreadyVerified(Concept),
}

impl Rule for VerificationError {
    fn code(&self) -> RuleCode {
        match self {
            Self::NoLicense(_) => RuleCode::NoLicenseNumber,
            Self::AlreadyVerified(_) => RuleCode::AlreadyVerified,
        }
    }
}

/// Notes that the licence of a profile was checked.
///
/// # Errors
///
/// - [`VerificationError::NoLicense`] if the profile names none.
/// - [`VerificationError::AlreadyVerified`] if that is noted already.
pub(crate) fn verify(
    is_verified: &mut bool,
    number: Option<&LicenseNumber>,
    concept: Concept,
) -> Result<(), VerificationError> {
    if *is_verified {
        return Err(VerificationError::AlreadyVerified(concept));
    }
    if number.is_none() {
        return Err(VerificationError::NoLicense(concept));
    }
    *is_verified = true;
    Ok(())
}

/// Tells whether a profile that was verified still is with another licence number. It is if whoever
/// writes the number may say that it was checked, which the policy table knows.
pub(crate) fn outlives(
    before: Option<&LicenseNumber>,
    after: Option<&LicenseNumber>,
    by: &Actor,
    action: Action,
) -> bool {
    let may_verify = by.may(action, Relations::NONE) == Access::Allow;
    before == after || (after.is_some() && may_verify)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::an_actor;
    use crate::user::{Role, UserStatus};

    #[test]
    fn a_licence_is_checked_once_and_only_if_there_is_one() {
        let number = LicenseNumber::parse("DE-1").unwrap();
        let mut is_verified = false;

        let refused = verify(&mut is_verified, None, Concept::Doctor).unwrap_err();
        assert_eq!(refused.to_string(), "the doctor has no licence number; add it first");
        assert!(!is_verified);

        verify(&mut is_verified, Some(&number), Concept::Doctor).unwrap();
        assert!(is_verified);
        let again = verify(&mut is_verified, Some(&number), Concept::Doctor);
        assert_eq!(again, Err(VerificationError::AlreadyVerified(Concept::Doctor)));
    }

    #[test]
    fn another_number_is_a_checked_one_only_from_those_who_check() {
        let [one, other] = ["DE-1", "DE-2"].map(|raw| LicenseNumber::parse(raw).unwrap());
        let (one, other) = (Some(&one), Some(&other));
        let stays =
            |before, after, role| outlives(before, after, &an_actor(role), Action::VerifyDoctor);

        for role in Role::ALL.iter().copied() {
            assert!(stays(one, one, role) && stays(None, None, role), "{role}");
            assert!(!stays(one, None, role), "{role}");
            assert_eq!(stays(one, other, role), role == Role::Admin, "{role}");
            assert_eq!(stays(None, other, role), role == Role::Admin, "{role}");
        }
        let disabled = Actor { status: UserStatus::Disabled, ..an_actor(Role::Admin) };
        assert!(!outlives(one, other, &disabled, Action::VerifyDoctor));
    }
}
