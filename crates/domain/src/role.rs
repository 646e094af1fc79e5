//! What somebody is here, and whether they may act.

use crate::choice::choice;

choice! {
    /// What somebody is here. The policy table knows each of them.
    pub enum Role {
        /// Runs the installation. Never registers by itself.
        Admin = "admin",
        /// Practises, and has a doctor's profile.
        Doctor = "doctor",
        /// Creates and manages patient records for others.
        Coordinator = "coordinator",
        /// Dispenses, and has a pharmacy's profile.
        Pharmacy = "pharmacy",
        /// Receives care, and has one patient record of their own.
        Patient = "patient",
    }
}

impl Role {
    /// The role of a registration that names none.
    pub const WHEN_UNNAMED: Self = Self::Coordinator;

    /// Reads a role by its name or by another name for it: `client` is a patient, `staff` a
    /// coordinator.
    ///
    /// # Errors
    ///
    /// The list of names, if it is none of them.
    pub fn parse_alias(raw: &str) -> Result<Self, crate::choice::ChoiceError> {
        match raw.trim().to_lowercase().as_str() {
            "client" => Ok(Self::Patient),
            "staff" => Ok(Self::Coordinator),
            other => Self::parse(other),
        }
    }

    /// Tells whether people register in this role by themselves.
    pub const fn registers_by_itself(self) -> bool {
        match self {
            Self::Doctor | Self::Coordinator | Self::Pharmacy | Self::Patient => true,
            Self::Admin => false,
        }
    }

    /// Tells whether an admin has to approve a registration in this role.
    pub const fn needs_approval(self) -> bool {
        match self {
            Self::Doctor | Self::Pharmacy | Self::Coordinator => true,
            Self::Admin | Self::Patient => false,
        }
    }
}

choice! {
    /// Whether somebody may act.
    pub enum UserStatus {
        /// Acts as the policy table allows.
        Active = "active",
        /// Waits for an admin's approval, and may do little until then.
        Pending = "pending",
        /// May do nothing.
        Disabled = "disabled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_names_of_a_role_are_understood() {
        assert_eq!(Role::parse_alias("Client"), Ok(Role::Patient));
        assert_eq!(Role::parse_alias("STAFF"), Ok(Role::Coordinator));
        assert!(Role::parse_alias("root").is_err());
    }
}
