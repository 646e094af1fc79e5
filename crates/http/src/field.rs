//! Fields of a body: each is read on its own, so that all the wrong ones are named at once.

use std::convert::Infallible;
use std::fmt::{self, Display};

use medilink_application::error::FieldErrors;
use medilink_domain::change::Change;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
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
pub(crate) trait Shape: Sized + 'static {
    /// Says which shape it is: "write …".
    const EXPECTED: &'static str;

    /// What is handed out to be read.
    type Raw<'a>
    where
        Self: 'a;

    fn of(value: Value) -> Option<Self>;

    fn raw(&self) -> Self::Raw<'_>;
}

impl Shape for String {
    const EXPECTED: &'static str = "write text in quotes";

    type Raw<'a> = &'a str;

    fn of(value: Value) -> Option<Self> {
        if let Value::String(text) = value { Some(text) } else { None }
    }

    fn raw(&self) -> &str {
        self
    }
}

impl Shape for i64 {
    const EXPECTED: &'static str = "write a whole number";

    type Raw<'a> = Self;

    /// `30.0` and `3e1` are whole numbers too, as JSON Schema counts them.
    fn of(value: Value) -> Option<Self> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        value.as_i64().or_else(|| {
            let number = value.as_f64().filter(|it| it.fract() == 0.0 && it.abs() <= EXACT)?;
            format!("{number:.0}").parse().ok()
        })
    }

    fn raw(&self) -> Self {
        *self
    }
}

impl Shape for bool {
    const EXPECTED: &'static str = "write true or false";

    type Raw<'a> = Self;

    fn of(value: Value) -> Option<Self> {
        value.as_bool()
    }

    fn raw(&self) -> Self {
        *self
    }
}

impl Shape for Vec<Value> {
    const EXPECTED: &'static str = "write a list in square brackets";

    type Raw<'a> = &'a [Value];

    fn of(value: Value) -> Option<Self> {
        if let Value::Array(items) = value { Some(items) } else { None }
    }

    fn raw(&self) -> &[Value] {
        self
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

/// Reads one field of a body, or several into what they change. A field has one name: that of the
/// body, of the message if it is wrong, and of what it changes.
///
/// ```text
/// let city = read!(self.city.text(errors, Place::parse));
/// let changes = read!(self, errors => PatientChanges {
///     city: change_text(Place::parse),
///     ..PatientChanges::default()
/// });
/// ```
macro_rules! read {
    ($body:ident.$name:ident.$how:ident($errors:expr, $parse:expr)) => {
        $body.$name.$how(stringify!($name), $errors, $parse)
    };
    ($name:ident.$how:ident($errors:expr, $parse:expr)) => {
        $name.$how(stringify!($name), $errors, $parse)
    };
    ($body:ident, $errors:ident => $changes:ident {
        $($name:ident: $how:ident($parse:expr),)*
        ..$rest:expr
    }) => {
        $changes {
            $($name: read!($body.$name.$how($errors, $parse)),)*
            ..$rest
        }
    };
}

pub(crate) use read;

/// Takes a text as it is.
#[expect(clippy::unnecessary_wraps, reason = "fields are read by what may refuse them")]
pub(crate) fn verbatim(raw: &str) -> Result<String, Infallible> {
    Ok(raw.to_owned())
}

impl<T: Shape> Field<T> {
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
        parse: impl FnOnce(T::Raw<'_>) -> Result<U, E>,
    ) -> Option<U> {
        if self.is_missing() {
            errors.add(name, "this field is required");
        }
        self.optional(name, errors, parse)
    }

    /// Reads a field that may be missing. What is there has to be right: a blank id, date or choice
    /// is wrong, for whoever sent it meant to say something.
    pub(crate) fn optional<U, E: Display>(
        self,
        name: &str,
        errors: &mut FieldErrors,
        parse: impl FnOnce(T::Raw<'_>) -> Result<U, E>,
    ) -> Option<U> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Wrong(expected) => {
                errors.add(name, expected);
                None
            }
            Self::Given(given) => parse(given.raw()).map_err(|error| errors.add(name, error)).ok(),
        }
    }

    /// Reads what a change says of a value that may be missing: a body that does not name it keeps
    /// it, null takes it away. A wrong one changes nothing, beside its message.
    pub(crate) fn change<U, E: Display>(
        self,
        name: &str,
        errors: &mut FieldErrors,
        parse: impl FnOnce(T::Raw<'_>) -> Result<U, E>,
    ) -> Change<Option<U>> {
        if let Self::Null = self {
            return Change::Set(None);
        }
        self.replace(name, errors, parse).map(Some)
    }

    /// Reads what a change says of a value that is always there: null is wrong.
    pub(crate) fn replace<U, E: Display>(
        self,
        name: &str,
        errors: &mut FieldErrors,
        parse: impl FnOnce(T::Raw<'_>) -> Result<U, E>,
    ) -> Change<U> {
        if let Self::Null = self {
            errors.add(name, "this cannot be left empty");
        }
        self.optional(name, errors, parse).map_or(Change::Keep, Change::Set)
    }

    /// Reads a value that a new record has to have, as what becomes of a blank one.
    pub(crate) fn begin<U, E: Display>(
        self,
        name: &str,
        errors: &mut FieldErrors,
        parse: impl FnOnce(T::Raw<'_>) -> Result<U, E>,
    ) -> Change<U> {
        self.required(name, errors, parse).map_or(Change::Keep, Change::Set)
    }
}

impl Field<String> {
    /// Reads free text that may be missing, such as a name, a note or a place. A blank one counts
    /// as missing: forms send those.
    pub(crate) fn text<U, E: Display>(
        self,
        name: &str,
        errors: &mut FieldErrors,
        parse: impl FnOnce(&str) -> Result<U, E>,
    ) -> Option<U> {
        self.without_blank().optional(name, errors, parse)
    }

    /// Reads what a change says of free text that may be missing: null or a blank one takes it away.
    pub(crate) fn change_text<U, E: Display>(
        self,
        name: &str,
        errors: &mut FieldErrors,
        parse: impl FnOnce(&str) -> Result<U, E>,
    ) -> Change<Option<U>> {
        self.without_blank().change(name, errors, parse)
    }

    fn without_blank(self) -> Self {
        let is_blank = matches!(&self, Self::Given(text) if text.trim().is_empty());
        if is_blank { Self::Null } else { self }
    }
}

/// What a body says in a field that nobody reads. Whoever replaces a record may send back all that they
/// have read, with what is shown beside its fields.
pub(crate) struct Ignored;

impl<'de> Deserialize<'de> for Ignored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
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

    /// Refuses all of it: a misspelt field would be lost in silence.
    pub(crate) fn refuse(self, errors: &mut FieldErrors) {
        refuse_names(self.0.into_iter().map(|(name, _)| name), errors);
    }
}

/// Refuses what nobody reads. Of very many names the first are told, so that the answer stays smaller
/// than the question.
pub(crate) fn refuse_names(names: impl Iterator<Item = String>, errors: &mut FieldErrors) {
    for name in names.take(20) {
        let name: String = name.chars().take(64).collect();
        errors.add(&name, "there is no such field here; leave it out");
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::time::Date;

    use super::*;

    #[derive(Deserialize)]
    struct Sample {
        #[serde(default)]
        day: Field<String>,
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
        sample.day.optional("day", &mut errors, Date::parse);
        sample.minutes.required("minutes", &mut errors, Ok::<_, String>);
        sample.reason.text("reason", &mut errors, verbatim);
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
    fn a_blank_text_counts_as_missing_and_any_other_blank_is_wrong() {
        assert!(messages(r#"{"minutes": 1, "reason": "  "}"#).is_empty());
        for blank in ["", " "] {
            let found = messages(&format!(r#"{{"minutes": 1, "day": "{blank}"}}"#));
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].0, "day");
        }
    }

    #[test]
    fn a_change_tells_what_is_kept_from_what_is_taken_away() {
        let changes = |body: &str| {
            let sample: Sample = serde_json::from_str(body).unwrap();
            let mut errors = FieldErrors::default();
            let day = read!(sample.day.change(&mut errors, Date::parse));
            let reason = read!(sample.reason.change_text(&mut errors, verbatim));
            assert!(errors.by_field().is_empty());
            (day, reason)
        };

        assert_eq!(changes("{}"), (Change::Keep, Change::Keep));
        let null = changes(r#"{"day": null, "reason": null}"#);
        assert_eq!(null, (Change::Set(None), Change::Set(None)));
        assert_eq!(changes(r#"{"reason": " "}"#), (Change::Keep, Change::Set(None)));
        let given = changes(r#"{"day": "2030-01-07", "reason": "Cough"}"#);
        let cough = Some("Cough".to_owned());
        assert_eq!(given, (Change::Set(Date::parse("2030-01-07").ok()), Change::Set(cough)));
    }

    #[test]
    fn what_is_always_there_is_replaced_and_not_taken_away() {
        let replace = |body: &str| {
            let sample: Sample = serde_json::from_str(body).unwrap();
            let mut errors = FieldErrors::default();
            let change = read!(sample.minutes.replace(&mut errors, Ok::<_, Infallible>));
            (change, errors.by_field().get("minutes").cloned().unwrap_or_default().join(" "))
        };

        assert_eq!(replace("{}"), (Change::Keep, String::new()));
        assert_eq!(replace(r#"{"minutes": 7}"#), (Change::Set(7), String::new()));
        let null = replace(r#"{"minutes": null}"#);
        assert_eq!(null, (Change::Keep, "this cannot be left empty".to_owned()));
    }

    #[test]
    fn a_wrong_value_changes_nothing_beside_its_message() {
        for wrong in ["7", r#""""#, r#""soon""#] {
            let body = format!(r#"{{"day": {wrong}}}"#);
            let read = || serde_json::from_str::<Sample>(&body).unwrap().day;
            let mut errors = FieldErrors::default();

            assert_eq!(read().change("day", &mut errors, Date::parse), Change::Keep);
            assert_eq!(read().replace("day", &mut errors, Date::parse), Change::Keep);
            assert_eq!(errors.by_field()["day"].len(), 2, "{wrong}");
        }
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
