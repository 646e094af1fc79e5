//! Choices: enums whose members have a fixed name on the wire and in the database.

use std::fmt;

/// A text that names none of the choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChoiceError {
    choices: &'static [&'static str],
}

impl ChoiceError {
    /// Makes the error from the names that would have been right.
    pub const fn new(choices: &'static [&'static str]) -> Self {
        Self { choices }
    }
}

impl fmt::Display for ChoiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "choose one of {}", self.choices.join(", "))
    }
}

impl std::error::Error for ChoiceError {}

/// Declares an enum together with its names.
///
/// Gives `ALL`, `as_str`, `parse` (exact, but for case), `Display`, and serde and a schema behind
/// the features of this crate. A member that is added is at once in every one of them.
macro_rules! choice {
    ($(#[$doc:meta])* pub enum $name:ident {
        $($(#[$member_doc:meta])* $member:ident = $code:tt,)*
    }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        $(#[$doc])*
        pub enum $name {
            $($(#[$member_doc])* #[cfg_attr(feature = "serde", serde(rename = $code))] $member,)*
        }

        impl $name {
            /// Every choice, in the order of its declaration.
            pub const ALL: &'static [Self] = &[$(Self::$member),*];

            /// Returns the name on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$member => $code,)*
                }
            }

            /// Reads a choice from its name, in any case.
            ///
            /// # Errors
            ///
            /// A [`ChoiceError`](crate::choice::ChoiceError) that lists the names.
            pub fn parse(raw: &str) -> Result<Self, $crate::choice::ChoiceError> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|choice| choice.as_str().eq_ignore_ascii_case(raw.trim()))
                    .ok_or($crate::choice::ChoiceError::new(&[$($code),*]))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use choice;

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro makes public choices")]
mod tests {
    choice! {
        /// A fruit.
        pub enum Fruit {
            /// Sour.
            Lemon = "lemon",
            /// Sweet.
            Plum = "plum",
        }
    }

    #[test]
    fn every_choice_reads_what_it_writes() {
        for fruit in Fruit::ALL {
            assert_eq!(Fruit::parse(fruit.as_str()), Ok(*fruit));
        }
    }

    #[test]
    fn a_wrong_choice_is_told_the_right_ones() {
        let error = Fruit::parse("brick").unwrap_err();

        assert_eq!(error.to_string(), "choose one of lemon, plum");
    }
}
