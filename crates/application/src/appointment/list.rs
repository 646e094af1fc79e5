//! Looking through the appointments.

use medilink_domain::actor::{Actor, Relations};
use medilink_domain::appointment::{AppointmentOrder, AppointmentStatus};
use medilink_domain::id::{DoctorId, PatientId};
use medilink_domain::policy::Action;
use medilink_domain::zone::Bound;

use super::{AppointmentSelection, AppointmentView, Appointments};
use crate::call::{Call, Subject};
use crate::error::Result;
use crate::page::{List, Page, PageRequest};
use crate::patient::one_patient;
use crate::range::instants;

/// Which appointments somebody wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppointmentFilter {
    /// Of this doctor only.
    pub doctor: Option<DoctorId>,
    /// Of this patient only.
    pub patient: Option<PatientId>,
    /// In this status only.
    pub status: Option<AppointmentStatus>,
    /// Starting then or later.
    pub from: Option<Bound>,
    /// Starting before then; a day is included.
    pub to: Option<Bound>,
}

/// What somebody asks for when they look through the appointments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListAppointments {
    /// Which ones.
    pub filter: AppointmentFilter,
    /// In which order.
    pub order: AppointmentOrder,
    /// Which page.
    pub page: PageRequest,
}

impl Appointments {
    /// Returns a page of the appointments that the caller may read one by one.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](crate::Error::Forbidden) for those who have no appointments to look at,
    /// [`Invalid`](crate::Error::Invalid) for a cursor of another list.
    pub async fn list(
        &self,
        call: &Call,
        command: ListAppointments,
    ) -> Result<Page<AppointmentView>> {
        let ListAppointments { filter, order, page } = command;

        call.may(Action::ListAppointments, Relations::NONE, Subject::NONE)?;

        let selection = self.selection(*call.actor(), &filter, order).await?;
        self.page(call, List::Appointments(order), &page, &selection).await
    }

    /// Reads what somebody narrows a list by.
    pub(super) async fn selection(
        &self,
        actor: Actor,
        filter: &AppointmentFilter,
        order: AppointmentOrder,
    ) -> Result<AppointmentSelection> {
        let queries = self.ports.store.queries();
        let ends = [("from", filter.from), ("to", filter.to)];
        let default_zone = &self.settings.default_time_zone;
        let [from, to] = instants(&*queries, default_zone, filter.doctor, ends).await?;
        Ok(AppointmentSelection {
            doctor: filter.doctor,
            patient: filter.patient,
            status: filter.status,
            from,
            to,
            order,
            ..AppointmentSelection::of(actor)
        })
    }

    /// Returns a page of what is selected, and notes whose data it shows.
    pub(super) async fn page(
        &self,
        call: &Call,
        list: List,
        page: &PageRequest,
        selection: &AppointmentSelection,
    ) -> Result<Page<AppointmentView>> {
        let stretch = page.open(list, &*self.ports.cursors)?;
        let found = self.ports.store.queries().appointments().list(selection, &stretch).await?;

        call.touches(one_patient(found.items.iter().map(|item| item.patient_id)));
        Ok(found.seal(list, &*self.ports.cursors))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::appointment::Appointment;
    use medilink_domain::audit::Outcome;
    use medilink_domain::id::Uuid;
    use medilink_domain::policy::{Reach, Relation};
    use medilink_domain::time::TimeError;
    use medilink_domain::user::Role;
    use medilink_domain::zone::Zone;

    use super::*;
    use crate::call::Caller;
    use crate::doctor::DoctorBrief;
    use crate::error::Error;
    use crate::page::{Found, Position};
    use crate::patient::PatientBrief;
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_doctor, a_patient, an_appointment, at, day, nothing,
    };

    async fn list(
        clinic: FakeClinic,
        by: Caller,
        command: ListAppointments,
    ) -> (Result<Page<AppointmentView>>, Trail) {
        clinic.perform(by, async |app, call| app.appointments.list(call, command).await).await
    }

    fn only(filter: AppointmentFilter) -> ListAppointments {
        ListAppointments { filter, ..ListAppointments::default() }
    }

    fn first_of_july() -> Option<Bound> {
        day("2030-07-01").map(Bound::Day)
    }

    fn berlin() -> Zone {
        Zone::parse("Europe/Berlin").unwrap()
    }

    #[tokio::test]
    async fn a_list_reaches_as_far_as_the_role_does() {
        let within = |relation| Reach::Within(vec![relation]);
        let agreed = [
            (Role::Admin, Reach::Everything),
            (Role::Doctor, within(Relation::Own)),
            (Role::Coordinator, within(Relation::Creator)),
            (Role::Patient, within(Relation::SelfRecord)),
        ];
        for (role, reach) in agreed {
            let caller = a_caller(role);
            let actor = caller.actor;
            let clinic = FakeClinic::asked_for_appointments(move |selection, _| {
                (&selection.actor, &selection.reach) == (&actor, &reach)
            });

            let (listed, _) = list(clinic, caller, ListAppointments::default()).await;

            assert!(listed.is_ok(), "{role}");
        }
    }

    #[tokio::test]
    async fn a_list_is_narrowed_by_everything_that_the_caller_names() {
        let named = (Some(a_doctor().id), Some(a_patient().id), Some(AppointmentStatus::Completed));
        let clinic = FakeClinic::asked_for_appointments(move |selection, stretch| {
            (selection.doctor, selection.patient, selection.status) == named
                && selection.order == AppointmentOrder::Latest
                && stretch.count
        });
        let (doctor, patient, status) = named;
        let command = ListAppointments {
            filter: AppointmentFilter { doctor, patient, status, from: None, to: None },
            order: AppointmentOrder::Latest,
            page: PageRequest { count: true, ..PageRequest::default() },
        };

        let (listed, _) = list(clinic, a_caller(Role::Admin), command).await;

        assert!(listed.is_ok());
    }

    #[tokio::test]
    async fn pharmacies_have_no_appointments_to_look_at() {
        let clinic = FakeClinic::default();

        let (refused, trail) =
            list(clinic, a_caller(Role::Pharmacy), ListAppointments::default()).await;

        assert!(matches!(refused, Err(Error::Forbidden(Action::ListAppointments))));
        assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
    }

    #[tokio::test]
    async fn the_trail_names_the_patient_whose_data_were_shown_and_nobody_in_a_filter() {
        let one = a_patient().id;
        let other = PatientId::new(Uuid::from_u128(44));
        for (shown, named) in [
            (vec![], None),
            (vec![one], Some(one)),
            (vec![one, one], Some(one)),
            (vec![one, other], None),
        ] {
            let items = shown.into_iter().map(an_appointment_of).collect();
            let clinic = FakeClinic::finding_appointments(Found { items, ..nothing() });
            let filter = AppointmentFilter { patient: Some(one), ..AppointmentFilter::default() };

            let (_, trail) = list(clinic, a_caller(Role::Doctor), only(filter)).await;

            let entry = &trail.recorded()[0];
            assert_eq!((entry.outcome, entry.patient), (Outcome::Done, named));
        }
    }

    fn an_appointment_of(patient: PatientId) -> AppointmentView {
        let appointment = Appointment { patient, ..an_appointment(AppointmentStatus::Scheduled) };
        let in_short = PatientBrief { id: patient, full_name: String::new() };
        AppointmentView::of(appointment, DoctorBrief::of(&a_doctor()), in_short)
    }

    #[tokio::test]
    async fn a_day_of_one_doctor_is_whole_in_the_doctors_zone() {
        let mut clinic = FakeClinic::asked_for_appointments(|selection, _| {
            selection.from == Some(at("2030-06-30T22:00:00Z"))
                && selection.to == Some(at("2030-07-01T22:00:00Z"))
        });
        clinic.queries.doctors.expect_time_zone().returning(|_| Ok(Some(berlin())));
        let doctor = Some(a_doctor().id);
        let filter = AppointmentFilter {
            doctor,
            from: first_of_july(),
            to: first_of_july(),
            ..AppointmentFilter::default()
        };

        let (listed, _) = list(clinic, a_caller(Role::Admin), only(filter)).await;

        assert!(listed.is_ok());
    }

    #[tokio::test]
    async fn a_day_of_no_doctor_or_an_unknown_one_is_in_the_default_zone() {
        for doctor in [None, Some(a_doctor().id)] {
            let mut clinic = FakeClinic::asked_for_appointments(|selection, _| {
                selection.from == Some(at("2030-06-30T22:00:00Z"))
            });
            clinic.queries.doctors.expect_time_zone().returning(|_| Ok(None));
            clinic.settings.default_time_zone = berlin();
            let filter =
                AppointmentFilter { doctor, from: first_of_july(), ..AppointmentFilter::default() };

            let (listed, _) = list(clinic, a_caller(Role::Admin), only(filter)).await;

            assert!(listed.is_ok());
        }
    }

    #[tokio::test]
    async fn instants_need_no_zone() {
        let [first, last] = [at("2030-07-01T09:00:00Z"), at("2030-07-01T17:00:00Z")];
        let clinic = FakeClinic::asked_for_appointments(move |selection, _| {
            (selection.from, selection.to) == (Some(first), Some(last))
        });
        let filter = AppointmentFilter {
            doctor: Some(a_doctor().id),
            from: Some(Bound::At(first)),
            to: Some(Bound::At(last)),
            ..AppointmentFilter::default()
        };

        let (listed, _) = list(clinic, a_caller(Role::Admin), only(filter)).await;

        assert!(listed.is_ok());
    }

    #[tokio::test]
    async fn a_day_that_begins_before_all_instants_is_a_wrong_field() {
        let mut clinic = FakeClinic::default();
        clinic.settings.default_time_zone = berlin();
        let from = day("1900-01-01").map(Bound::Day);
        let filter = AppointmentFilter { from, ..AppointmentFilter::default() };

        let (refused, _) = list(clinic, a_caller(Role::Admin), only(filter)).await;

        let Err(Error::Invalid(errors)) = refused else { panic!("it was listed") };
        assert!(errors.by_field().contains_key("from"));
    }

    #[tokio::test]
    async fn a_cursor_continues_its_own_order_and_no_other() {
        let end = Position { key: "2030-07-01T09:00:00Z".to_owned(), id: Uuid::from_u128(9) };
        let found = Found { last: Some(end.clone()), ..nothing() };
        let clinic = FakeClinic::finding_appointments(found);
        let (page, _) = list(clinic, a_caller(Role::Admin), ListAppointments::default()).await;
        let cursor = page.ok().unwrap().next;
        let page = PageRequest { cursor, ..PageRequest::default() };
        let onward = ListAppointments { page: page.clone(), ..ListAppointments::default() };
        let back = ListAppointments { order: AppointmentOrder::Latest, page, ..onward.clone() };

        let clinic = FakeClinic::asked_for_appointments(move |_, stretch| {
            stretch.after.as_ref() == Some(&end)
        });
        let (continued, _) = list(clinic, a_caller(Role::Admin), onward).await;
        let (refused, _) = list(FakeClinic::default(), a_caller(Role::Admin), back).await;

        assert!(continued.is_ok());
        let Err(Error::Invalid(errors)) = refused else { panic!("it was listed") };
        assert!(errors.by_field().contains_key("cursor"));
    }

    #[test]
    fn a_bound_is_a_day_or_an_instant() {
        let instant = Bound::At(at("2030-07-01T09:00:00Z"));

        assert_eq!(Bound::parse("2030-07-01").ok(), first_of_july());
        assert_eq!(Bound::parse("2030-07-01T09:00:00Z"), Ok(instant));
        assert_eq!(Bound::parse("tomorrow"), Err(TimeError::NotAnInstant));
        assert!(matches!(Bound::parse("2030-02-30"), Err(TimeError::NoSuchDate(_))));
    }

    #[test]
    fn an_order_is_named_by_its_field_and_direction() {
        assert_eq!(AppointmentOrder::parse("starts_at"), Ok(AppointmentOrder::Earliest));
        assert_eq!(AppointmentOrder::parse("-starts_at"), Ok(AppointmentOrder::Latest));
        assert!(AppointmentOrder::parse("created_at").is_err());
    }
}
