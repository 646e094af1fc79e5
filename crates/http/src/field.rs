//! Fields of a body: each is read on its own, so that all the wrong ones are named at once.

use std::fmt::Display;
use std::str::FromStr;

use medilink_application::error::FieldErrors;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// What a body says in one field. Reading it never fails; what it says may still be wrong.
#[derive(Default)]
pub(crate) enum Field<T> {
    /// The body does not name it.
    #[default]
    Absent,
    /// It is null, which takes the value away.
    Null,
    /// It is of another shape, and this says which one it should have.
    Wrong(&'static str),
    /// It is there.
    Given(T),
}

/// A shape that a JSON value can have.
pub(crate) trait Shape: Sized {
    /// Says which shape it is: "write …".
    const EXPECTED: &'static str;

    fn of(value: Value) -> Option<Self>;
}

impl Shape for String {
    const EXPECTED: &'static str = "write text in quotes";

    fn of(value: Value) -> Option<Self> {
        if let Value::String(text) = value { Some(text) } else { None }
    }
}

impl Shape for i64 {
    const EXPECTED: &'static str = "write a whole number";

    fn of(value: Value) -> Option<Self> {
        value.as_i64()
    }
}

impl Shape for bool {
    const EXPECTED: &'static str = "write true or false";

    fn of(value: Value) -> Option<Self> {
        value.as_bool()
    }
}

impl<'de, T: Shape> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value.is_null() {
            return Ok(Self::Null);
        }
        Ok(T::of(value).map_or(Self::Wrong(T::EXPECTED), Self::Given))
    }
}

impl<T> Field<T> {
    /// Tells whether the body says nothing here, or null.
    pub(crate) const fn is_missing(&self) -> bool {
        matches!(self, Self::Absent | Self::Null)
    }

    /// Reads a field that has to be there.
    ///
    /// Returns `None` exactly when it has added a message to the errors.
    pub(crate) fn required<U, E: Display>(
        self,
        name: &str,
        errors: &mut FieldErrors,
        parse: impl FnOnce(T) -> Result<U, E>,
    ) -> Option<U> {
        if self.is_missing() {
            errors.add(name, "this field is required");
        }
        self.optional(name, errors, parse)
    }

    /// Reads a field that may be missing.
    pub(crate) fn optional<U, E: Display>(
        self,
        name: &str,
        errors: &mut FieldErrors,
        parse: impl FnOnce(T) -> Result<U, E>,
    ) -> Option<U> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Wrong(expected) => {
                errors.add(name, expected);
                None
            }
            Self::Given(raw) => parse(raw).map_err(|error| errors.add(name, error)).ok(),
        }
    }
}

impl Field<String> {
    /// Reads a text that may be missing. A blank one counts as missing: forms send those.
    pub(crate) fn filled<U, E: Display>(
        self,
        name: &str,
        errors: &mut FieldErrors,
        parse: impl FnOnce(&str) -> Result<U, E>,
    ) -> Option<U> {
        if let Self::Given(raw) = &self
            && raw.trim().is_empty()
        {
            return None;
        }
        self.optional(name, errors, |raw| parse(&raw))
    }

    /// Reads an id, or anything else that is written as text, and has to be there.
    pub(crate) fn id<U: FromStr<Err: Display>>(
        self,
        name: &str,
        errors: &mut FieldErrors,
    ) -> Option<U> {
        self.required(name, errors, |raw| raw.parse())
    }
}

/// Refuses what a body says beyond its fields: a misspelt field would be lost in silence.
pub(crate) fn refuse_unknown(unknown: Map<String, Value>, errors: &mut FieldErrors) {
    for (name, _) in unknown {
        errors.add(&name, "there is no such field here; leave it out");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Sample {
        #[serde(default)]
        minutes: Field<i64>,
        #[serde(default)]
        reason: Field<String>,
        #[serde(flatten)]
        unknown: Map<String, Value>,
    }

    fn messages(body: &str) -> Vec<(String, String)> {
        let sample: Sample = serde_json::from_str(body).unwrap();
        let mut errors = FieldErrors::default();
        sample.minutes.required("minutes", &mut errors, Ok::<_, String>);
        sample.reason.filled("reason", &mut errors, |raw| Ok::<_, String>(raw.to_owned()));
        refuse_unknown(sample.unknown, &mut errors);
        let named = errors.by_field().iter();
        named.map(|(name, all)| (name.clone(), all.join(" "))).collect()
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let found = messages(r#"{"minutes": "ten", "reason": 7, "color": "red"}"#);

        let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["color", "minutes", "reason"]);
    }

    #[test]
    fn absent_and_null_are_both_missing() {
        assert_eq!(messages("{}"), messages(r#"{"minutes": null}"#));
        assert_eq!(messages("{}")[0].1, "this field is required");
    }

    #[test]
    fn a_blank_text_counts_as_missing() {
        assert!(messages(r#"{"minutes": 1, "reason": "  "}"#).is_empty());
    }

    #[test]
    fn a_whole_number_is_no_fraction_and_no_text() {
        for minutes in ["1.5", "\"1\"", "true", "[1]", "1e400", "9223372036854775808"] {
            let body = format!(r#"{{"minutes": {minutes}}}"#);
            if serde_json::from_str::<Value>(&body).is_ok() {
                assert_eq!(messages(&body)[0].1, "write a whole number", "{minutes}");
            }
        }
    }
}
