//! Money: whole minor units, never a floating-point number.

use std::fmt;

/// An amount of money in hundredths, 0.00 to 9999999.99, written "250.00" on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(
    value_type = String, pattern = r"^[0-9]{1,7}(\.[0-9]{1,2})?$", example = "250.00"
))]
pub struct Money(i64);

/// A text that is no amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give an amount from 0.00 to 9999999.99, like 250.00")]
pub struct MoneyError;

impl Money {
    const MAX: i64 = 999_999_999;

    /// Reads an amount: digits, and at most two more after a point.
    ///
    /// # Errors
    ///
    /// [`MoneyError`] for anything else.
    pub fn parse(raw: &str) -> Result<Self, MoneyError> {
        let (units, cents) = raw.trim().split_once('.').unwrap_or((raw.trim(), "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(units) || !digits(cents) || 7 < units.len() || 2 < cents.len() {
            return Err(MoneyError);
        }
        let tenfold = if cents.len() == 1 { 10 } else { 1 };
        let units: i64 = units.parse().map_err(|_| MoneyError)?;
        let cents: i64 = cents.parse().map_err(|_| MoneyError)?;
        Self::from_hundredths(units * 100 + cents * tenfold)
    }

    /// Makes an amount from hundredths.
    ///
    /// # Errors
    ///
    /// [`MoneyError`] outside 0 to 999,999,999.
    pub fn from_hundredths(hundredths: i64) -> Result<Self, MoneyError> {
        if (0..=Self::MAX).contains(&hundredths) { Ok(Self(hundredths)) } else { Err(MoneyError) }
    }

    /// Returns the amount in hundredths.
    pub const fn hundredths(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_digit_after_the_point_is_tens() {
        assert_eq!(Money::parse("12.5").map(Money::hundredths), Ok(1250));
    }

    #[test]
    fn signs_exponents_and_third_digits_are_refused() {
        for raw in ["-1", "+1", "1e3", "1.005", "", ".", "1.", ".5", "12345678", "١"] {
            assert_eq!(Money::parse(raw), Err(MoneyError), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn an_amount_reads_what_it_writes(hundredths in 0..=Money::MAX) {
            let money = Money::from_hundredths(hundredths).unwrap();

            prop_assert_eq!(Money::parse(&money.to_string()), Ok(money));
        }
    }
}
