//! The title of a doctor.

use crate::name::PersonName;

/// Writes a doctor's name with one title, whatever was typed: "Dr. Emily Chen".
pub fn display_name(name: &PersonName) -> String {
    let full = name.full();
    let mut untitled = full.trim();
    while let Some(rest) = without_title(untitled) {
        untitled = rest.trim_start();
    }
    format!("Dr. {untitled}").trim_end().to_owned()
}

fn without_title(name: &str) -> Option<&str> {
    ["dr. ", "dr ", "dr.", "doctor "].iter().find_map(|title| {
        let (start, rest) = name.split_at_checked(title.len())?;
        start.eq_ignore_ascii_case(title).then_some(rest)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::Name;

    fn shown(first: &str, last: &str) -> String {
        let read = |part| Name::parse(part).ok();
        display_name(&PersonName { first: read(first), last: read(last) })
    }

    #[test]
    fn a_doctor_is_titled_once() {
        assert_eq!(shown("Emily", "Chen"), "Dr. Emily Chen");
        assert_eq!(shown("Dr. Emily", "Chen"), "Dr. Emily Chen");
        assert_eq!(shown("dr Emily", "Chen"), "Dr. Emily Chen");
        assert_eq!(shown("Dr. Dr. Emily", "Chen"), "Dr. Emily Chen");
        assert_eq!(shown("Drew", "Barry"), "Dr. Drew Barry");
        assert_eq!(shown("", ""), "Dr.");
    }

    proptest! {
        #[test]
        fn a_title_is_shown_only_once(
            titles in "(Dr\\. |dr |DR\\.|Doctor ){0,3}", first in "\\PC{1,12}", last in "\\PC{1,12}",
        ) {
            let once = shown(&first, &last);
            prop_assert_eq!(shown(&once, ""), once.clone());
            prop_assert_eq!(shown(&format!("{titles}{first}"), &last), once);
        }
    }
}
