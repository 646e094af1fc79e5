//! Halves of characters. JSON can write one half of a surrogate pair without the other, which is no text.

use medilink_application::error::FieldErrors;
use serde_json::Value;

/// Stands for half a character in a body that is read once more: no body means these characters.
const MARK: &str = "\u{fdd0}half\u{fdd1}";
const ESCAPED_MARK: &[u8] = br"\ufdd0half\ufdd1";

/// How long an escape is that writes a character as its number: `\u00e9`.
const ESCAPE: usize = 6;

/// Names the fields of a body that hold half a character, if that is all that keeps it from being read.
pub(crate) fn halves(sent: &[u8]) -> Option<FieldErrors> {
    let Value::Object(fields) = serde_json::from_slice(&marked(sent)?).ok()? else { return None };
    let mut errors = FieldErrors::default();
    for (name, value) in &fields {
        if name.contains(MARK) || holds_half(value) {
            let name: String = name.replace(MARK, "\u{fffd}").chars().take(64).collect();
            errors.add(&name, "write whole characters; \\ud800 to \\udfff stand for halves of one");
        }
    }
    Some(errors)
}

fn holds_half(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.contains(MARK),
        Value::Array(items) => items.iter().any(holds_half),
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| name.contains(MARK) || holds_half(value))
        }
    }
}

/// Puts a mark in the place of each half; `None` if there is none.
fn marked(sent: &[u8]) -> Option<Vec<u8>> {
    let mut marked = Vec::with_capacity(sent.len());
    let (mut rest, mut found) = (sent, false);
    while let Some(first) = rest.first() {
        let (kept, mark) = match (unit(rest), rest.get(ESCAPE..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (2 * ESCAPE, false),
            (Some(0xd800..=0xdfff), _) => (ESCAPE, true),
            // What is escaped begins no escape itself.
            _ if *first == b'\\' => (2.min(rest.len()), false),
            _ => (1, false),
        };
        let (next, after) = rest.split_at_checked(kept)?;
        marked.extend_from_slice(if mark { ESCAPED_MARK } else { next });
        found |= mark;
        rest = after;
    }
    found.then_some(marked)
}

/// Reads the number of an escape that a text begins with.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(br"\u")?.get(..4)?;
    let digits = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(body: &str) -> Option<Vec<String>> {
        halves(body.as_bytes()).map(|errors| errors.by_field().keys().cloned().collect())
    }

    #[test]
    fn every_field_with_half_a_character_is_named() {
        let body = r#"{"a": "\ud800", "b": "x\uDC00y", "c": "\ud83d\ud83d\ude00", "d": ["\udfff"],
            "e": {"f": "\ud800"}, "whole": "\ud83d\ude00 \\ud800 \u00e9", "g\ud800": 1}"#;

        assert_eq!(named(body).unwrap(), ["a", "b", "c", "d", "e", "g\u{fffd}"]);
    }

    #[test]
    fn whatever_else_is_wrong_with_a_body_is_told_otherwise() {
        for body in [
            "",
            "{}",
            r#"{"a": "\ud83d\ude00"}"#,
            r#"{"a": "\\ud800"}"#,
            r#"{"a": "\ud8"}"#,
            r#"{"a": "\u+123"}"#,
            r#"["\ud800"]"#,
            r#"{"a": "\ud800"#,
            r#"{"a": "\"#,
        ] {
            assert_eq!(named(body), None, "{body}");
        }
    }
}
