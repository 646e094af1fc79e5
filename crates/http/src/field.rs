//! Fields of a body: each is read on its own, so that all the wrong ones are named at once.

use std::fmt::{self, Display};
use std::str::FromStr;

use medilink_application::error::FieldErrors;
use medilink_domain::change::Change;
use serde::de::{Error, MapAccess, Visitor};
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

    /// `30.0` and `3e1` are whole numbers too, as JSON Schema counts them.
    fn of(value: Value) -> Option<Self> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        value.as_i64().or_else(|| {
            let number = value.as_f64().filter(|it| it.fract() == 0.0 && it.abs() <= EXACT)?;
            format!("{number:.0}").parse().ok()
        })
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

    /// Reads what a change says of a text that may be missing: a body that does not name it keeps
    /// it, null or a blank text takes it away.
    pub(crate) fn change<U, E: Display>(
        self,
        name: &str,
        errors: &mut FieldErrors,
        parse: impl FnOnce(&str) -> Result<U, E>,
    ) -> Change<Option<U>> {
        if let Self::Absent = self {
            return Change::Keep;
        }
        Change::Set(self.filled(name, errors, parse))
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

/// What a body says beyond the fields that it is read by. No name stands in it twice.
#[derive(Default)]
pub(crate) struct Rest(Map<String, Value>);

impl<'de> Deserialize<'de> for Rest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Map<String, Value>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("fields")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
                let mut rest = Map::new();
                while let Some((name, value)) = fields.next_entry()? {
                    if rest.insert(name, value).is_some() {
                        return Err(A::Error::custom("duplicate field"));
                    }
                }
                Ok(rest)
            }
        }

        deserializer.deserialize_map(Names).map(Self)
    }
}

impl Rest {
    /// Hands out the fields, to be read as something else.
    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// Refuses all of it: a misspelt field would be lost in silence. Of very many the first are
    /// named, so that the answer stays smaller than the question.
    pub(crate) fn refuse(self, errors: &mut FieldErrors) {
        for (name, _) in self.0.into_iter().take(20) {
            let name: String = name.chars().take(64).collect();
            errors.add(&name, "there is no such field here; leave it out");
        }
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
        unknown: Rest,
    }

    fn messages(body: &str) -> Vec<(String, String)> {
        let sample: Sample = serde_json::from_str(body).unwrap();
        let mut errors = FieldErrors::default();
        sample.minutes.required("minutes", &mut errors, Ok::<_, String>);
        sample.reason.filled("reason", &mut errors, |raw| Ok::<_, String>(raw.to_owned()));
        sample.unknown.refuse(&mut errors);
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
    fn a_change_tells_what_is_kept_from_what_is_taken_away() {
        let change = |body: &str| {
            let sample: Sample = serde_json::from_str(body).unwrap();
            let mut errors = FieldErrors::default();
            sample.reason.change("reason", &mut errors, |raw| Ok::<_, String>(raw.to_owned()))
        };

        assert_eq!(change("{}"), Change::Keep);
        assert_eq!(change(r#"{"reason": null}"#), Change::Set(None));
        assert_eq!(change(r#"{"reason": " "}"#), Change::Set(None));
        assert_eq!(change(r#"{"reason": "Cough"}"#), Change::Set(Some("Cough".to_owned())));
    }

    #[test]
    fn a_whole_number_may_be_written_in_other_ways() {
        for minutes in ["30", "30.0", "3e1", "-0", "-0.0"] {
            assert!(messages(&format!(r#"{{"minutes": {minutes}}}"#)).is_empty(), "{minutes}");
        }
    }

    #[test]
    fn no_field_is_named_twice() {
        for body in [r#"{"minutes": 1, "minutes": 2}"#, r#"{"x": 1, "x": 2}"#] {
            let error = serde_json::from_str::<Sample>(body).err().unwrap();
            assert!(error.to_string().starts_with("duplicate field"), "{error}");
        }
    }

    #[test]
    fn of_many_unknown_fields_the_first_are_named() {
        let many: Vec<_> = (0..500).map(|n| format!(r#""{n}{}": 1"#, "x".repeat(90))).collect();
        let found = messages(&format!(r#"{{"minutes": 1, {}}}"#, many.join(", ")));

        assert_eq!(found.len(), 20);
        assert!(found.iter().all(|(name, _)| name.len() == 64));
    }

    #[test]
    fn a_whole_number_is_no_fraction_and_no_text() {
        for minutes in ["1.5", "\"1\"", "true", "[1]", "9223372036854775808", "1e300"] {
            let body = format!(r#"{{"minutes": {minutes}}}"#);
            assert_eq!(messages(&body)[0].1, "write a whole number", "{minutes}");
        }
    }
}
