//! Looking at what lies ahead.

use medilink_domain::actor::Relations;
use medilink_domain::policy::Action;

use super::{AppointmentSelection, AppointmentView, Appointments};
use crate::call::{Call, Subject};
use crate::error::Result;
use crate::page::{List, Page, PageRequest};

impl Appointments {
    /// Returns a page of the active appointments that start from now on, the earliest first, of those
    /// that the caller may read one by one.
    ///
    /// # Errors
    ///
    /// Those of [`list`](Self::list).
    pub async fn upcoming(&self, call: &Call, page: PageRequest) -> Result<Page<AppointmentView>> {
        let now = self.ports.clock.now();

        call.may(Action::ListAppointments, Relations::NONE, Subject::NONE)?;

        let selection = AppointmentSelection {
            active: true,
            from: Some(now),
            ..AppointmentSelection::of(*call.actor())
        };
        self.page(call, List::UpcomingAppointments, &page, &selection).await
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::user::Role;

    use super::*;
    use crate::error::Error;
    use crate::testing::{FakeClinic, NOW, a_caller, an_actor, at};

    #[tokio::test]
    async fn what_lies_ahead_is_active_and_starts_from_now_on_within_reach() {
        for role in [Role::Admin, Role::Doctor, Role::Coordinator, Role::Patient] {
            let expected = AppointmentSelection {
                active: true,
                from: Some(at(NOW)),
                ..AppointmentSelection::of(an_actor(role))
            };
            let clinic =
                FakeClinic::asked_for_appointments(move |selection, _| *selection == expected);

            let (listed, trail) = clinic
                .perform(a_caller(role), async |app, call| {
                    app.appointments.upcoming(call, PageRequest::default()).await
                })
                .await;

            assert!(listed.is_ok(), "{role}");
            let entry = &trail.recorded()[0];
            assert_eq!((entry.action, entry.outcome), (Action::ListAppointments, Outcome::Done));
        }
    }

    #[tokio::test]
    async fn pharmacies_have_nothing_ahead_of_them() {
        let (refused, trail) = FakeClinic::default()
            .perform(a_caller(Role::Pharmacy), async |app, call| {
                app.appointments.upcoming(call, PageRequest::default()).await
            })
            .await;

        assert!(matches!(refused, Err(Error::Forbidden(Action::ListAppointments))));
        assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
    }
}
