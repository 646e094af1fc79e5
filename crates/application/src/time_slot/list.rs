//! Looking through the time slots.

use medilink_domain::actor::Relations;
use medilink_domain::id::DoctorId;
use medilink_domain::policy::Action;
use medilink_domain::time::Date;
use medilink_domain::zone::Bound;

use super::{TimeSlotSelection, TimeSlotView, TimeSlots};
use crate::call::{Call, Subject};
use crate::error::Result;
use crate::page::{List, Page, PageRequest};
use crate::range::instants;

/// Which time slots somebody wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimeSlotFilter {
    /// Of this doctor only.
    pub doctor: Option<DoctorId>,
    /// Starting when.
    pub range: SlotRange,
    /// Those that can be booked, or those that cannot.
    pub available: Option<bool>,
}

/// When the slots of a list start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotRange {
    /// On this day, where the doctor is.
    On(Date),
    /// Then or later, and before then; a day is included.
    Between(Option<Bound>, Option<Bound>),
}

impl Default for SlotRange {
    fn default() -> Self {
        Self::Between(None, None)
    }
}

/// What somebody asks for when they look through the time slots.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListTimeSlots {
    /// Which ones.
    pub filter: TimeSlotFilter,
    /// Which page.
    pub page: PageRequest,
}

impl TimeSlots {
    /// Returns a page of the time slots, the earliest first.
    ///
    /// # Errors
    ///
    /// [`Invalid`](crate::Error::Invalid) for a cursor of another list, or a day beyond the
    /// calendar.
    pub async fn list(&self, call: &Call, command: ListTimeSlots) -> Result<Page<TimeSlotView>> {
        let ListTimeSlots { filter, page } = command;
        let now = self.ports.clock.now();

        call.may(Action::ListTimeSlots, Relations::NONE, Subject::NONE)?;

        let stretch = page.open(List::TimeSlots, &*self.ports.cursors)?;
        let queries = self.ports.store.queries();
        let ends = match filter.range {
            SlotRange::On(day) => [("date", Some(Bound::Day(day))); 2],
            SlotRange::Between(from, to) => [("from", from), ("to", to)],
        };
        let default_zone = &self.settings.default_time_zone;
        let [from, to] = instants(&*queries, default_zone, filter.doctor, ends).await?;
        let selection =
            TimeSlotSelection { doctor: filter.doctor, from, to, available: filter.available, now };
        let found = queries.time_slots().list(&selection, &stretch).await?;

        Ok(found.seal(List::TimeSlots, &*self.ports.cursors))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::id::Uuid;
    use medilink_domain::user::Role;
    use medilink_domain::zone::Zone;

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::page::{Found, Position};
    use crate::testing::{
        FakeClinic, NOW, Trail, a_caller, a_doctor, a_pending_doctor, at, day, nothing,
    };

    async fn list(
        clinic: FakeClinic,
        by: Caller,
        command: ListTimeSlots,
    ) -> (Result<Page<TimeSlotView>>, Trail) {
        clinic.perform(by, async |app, call| app.time_slots.list(call, command).await).await
    }

    fn on(doctor: Option<DoctorId>, range: SlotRange) -> ListTimeSlots {
        let filter = TimeSlotFilter { doctor, range, available: None };
        ListTimeSlots { filter, ..ListTimeSlots::default() }
    }

    fn berlin() -> Zone {
        Zone::parse("Europe/Berlin").unwrap()
    }

    #[tokio::test]
    async fn everybody_sees_everything_as_it_is_now_and_no_patients_data() {
        let everybody = Role::ALL.iter().map(|role| a_caller(*role));
        for caller in everybody.chain([a_pending_doctor()]) {
            let clinic = FakeClinic::asked_for_time_slots(|selection, _| {
                let all = TimeSlotSelection {
                    doctor: None,
                    from: None,
                    to: None,
                    available: None,
                    now: at(NOW),
                };
                *selection == all
            });

            let (listed, trail) = list(clinic, caller, ListTimeSlots::default()).await;

            assert!(listed.is_ok());
            assert!(trail.recorded().is_empty());
        }
    }

    #[tokio::test]
    async fn a_list_is_narrowed_by_everything_that_the_caller_names() {
        let ends = [at("2030-07-01T09:00:00Z"), at("2030-07-01T17:00:00Z")];
        let clinic = FakeClinic::asked_for_time_slots(move |selection, stretch| {
            (selection.doctor, selection.available) == (Some(a_doctor().id), Some(false))
                && [selection.from, selection.to] == ends.map(Some)
                && stretch.count
        });
        let [from, to] = ends.map(|end| Some(Bound::At(end)));
        let command = ListTimeSlots {
            filter: TimeSlotFilter {
                doctor: Some(a_doctor().id),
                range: SlotRange::Between(from, to),
                available: Some(false),
            },
            page: PageRequest { count: true, ..PageRequest::default() },
        };

        let (listed, _) = list(clinic, a_caller(Role::Patient), command).await;

        assert!(listed.is_ok());
    }

    #[tokio::test]
    async fn a_day_is_whole_in_the_zone_of_the_doctor_or_else_in_the_default_one() {
        for doctor in [None, Some(a_doctor().id)] {
            let mut clinic = FakeClinic::asked_for_time_slots(|selection, _| {
                selection.from == Some(at("2030-06-30T22:00:00Z"))
                    && selection.to == Some(at("2030-07-01T22:00:00Z"))
            });
            if doctor.is_some() {
                clinic.queries.doctors.expect_time_zone().returning(|_| Ok(Some(berlin())));
            } else {
                clinic.settings.default_time_zone = berlin();
            }
            let command = on(doctor, SlotRange::On(day("2030-07-01").unwrap()));

            let (listed, _) = list(clinic, a_caller(Role::Patient), command).await;

            assert!(listed.is_ok(), "{doctor:?}");
        }
    }

    #[tokio::test]
    async fn a_day_beyond_the_calendar_is_a_wrong_field_by_its_name() {
        let last = day("2199-12-31").unwrap();
        for (range, field) in [
            (SlotRange::On(last), "date"),
            (SlotRange::Between(None, Some(Bound::Day(last))), "to"),
        ] {
            let command = on(None, range);

            let (refused, _) = list(FakeClinic::default(), a_caller(Role::Admin), command).await;

            let Err(Error::Invalid(errors)) = refused else { panic!("it was listed") };
            assert!(errors.by_field().contains_key(field), "{field}");
        }
    }

    #[tokio::test]
    async fn a_cursor_continues_the_list() {
        let end = Position { key: NOW.to_owned(), id: Uuid::from_u128(11) };
        let found = Found { last: Some(end.clone()), ..nothing() };
        let clinic = FakeClinic::finding_time_slots(found);
        let (page, _) = list(clinic, a_caller(Role::Admin), ListTimeSlots::default()).await;
        let next = |cursor| ListTimeSlots {
            page: PageRequest { cursor, ..PageRequest::default() },
            ..ListTimeSlots::default()
        };
        let onward = next(page.ok().unwrap().next);
        let astray = next(Some("appointments|2030-01-06T12:00:00Z|1".to_owned()));

        let clinic = FakeClinic::asked_for_time_slots(move |_, stretch| {
            stretch.after.as_ref() == Some(&end)
        });
        let (continued, _) = list(clinic, a_caller(Role::Admin), onward).await;
        let (refused, _) = list(FakeClinic::default(), a_caller(Role::Admin), astray).await;

        assert!(continued.is_ok());
        let Err(Error::Invalid(errors)) = refused else { panic!("it was listed") };
        assert!(errors.by_field().contains_key("cursor"));
    }
}
