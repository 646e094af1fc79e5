//! Ranges of time in the filters of lists.

use medilink_domain::id::DoctorId;
use medilink_domain::time::{TimeError, Timestamp};
use medilink_domain::zone::{Bound, Zone};

use crate::error::{Error, FieldErrors, Result};
use crate::store::Queries;

/// One end of a range, and the field that names it.
pub(crate) type End = (&'static str, Option<Bound>);

/// Returns the first instant of a range and the first one behind it.
///
/// Days are those of the doctor whom the list is narrowed to, or else of the default zone. The doctor
/// is asked for only if a day is named.
///
/// # Errors
///
/// [`Error::Invalid`] for a day beyond the calendar.
pub(crate) async fn instants(
    queries: &dyn Queries,
    default_zone: &Zone,
    doctor: Option<DoctorId>,
    [from, to]: [End; 2],
) -> Result<[Option<Timestamp>; 2]> {
    let names_a_day = [from, to].iter().any(|(_, end)| matches!(end, Some(Bound::Day(_))));
    let zone = match doctor {
        Some(doctor) if names_a_day => queries.doctors().time_zone(doctor).await?,
        Some(_) | None => None,
    };
    let zone = zone.as_ref().unwrap_or(default_zone);
    Ok([instant(from, |end| end.start(zone))?, instant(to, |end| end.end(zone))?])
}

fn instant(
    (field, end): End,
    convert: impl FnOnce(Bound) -> Result<Timestamp, TimeError>,
) -> Result<Option<Timestamp>> {
    end.map(convert).transpose().map_err(|error| Error::Invalid(FieldErrors::of(field, error)))
}
