//! Lists in a clinic of a test: what its store is asked for, and what it finds.

use super::FakeClinic;
use crate::appointment::{AppointmentSelection, AppointmentView};
use crate::assignment::{AssignmentSelection, AssignmentView};
use crate::audit::{AuditEntryView, AuditSelection};
use crate::doctor::{DoctorFilter, DoctorView};
use crate::page::{Found, Stretch};
use crate::patient::{PatientSelection, PatientView};
use crate::pharmacy::{PharmacyFilter, PharmacyView};
use crate::time_slot::{TimeSlotSelection, TimeSlotView};
use crate::user::{UserFilter, UserView};

/// Finds nothing.
pub const fn nothing<T>() -> Found<T> {
    Found { items: Vec::new(), last: None, total: None }
}

/// Makes the two ways for each concept in which a test speaks of its list.
macro_rules! lists {
    ($($asked_for:ident, $finding:ident: $concept:ident($asked:ty) -> $view:ty;)*) => {
        impl FakeClinic {
            $(
                /// Makes a clinic whose store has to be asked once for what the test expects, and
                /// finds nothing.
                pub fn $asked_for(
                    expected: impl Fn(&$asked, &Stretch) -> bool + Send + 'static,
                ) -> Self {
                    let mut clinic = Self::default();
                    let list = clinic.queries.$concept.expect_list();
                    list.withf(expected).times(1).returning(|_, _| Ok(nothing()));
                    clinic
                }

                /// Makes a clinic whose store finds this, whatever it is asked for.
                pub fn $finding(found: Found<$view>) -> Self {
                    let mut clinic = Self::default();
                    clinic.queries.$concept.expect_list().return_once(|_, _| Ok(found));
                    clinic
                }
            )*
        }
    };
}

lists! {
    asked_for_users, finding_users: users(UserFilter) -> UserView;
    asked_for_doctors, finding_doctors: doctors(DoctorFilter) -> DoctorView;
    asked_for_pharmacies, finding_pharmacies: pharmacies(PharmacyFilter) -> PharmacyView;
    asked_for_patients, finding_patients: patients(PatientSelection) -> PatientView;
    asked_for_assignments, finding_assignments: assignments(AssignmentSelection) -> AssignmentView;
    asked_for_time_slots, finding_time_slots: time_slots(TimeSlotSelection) -> TimeSlotView;
    asked_for_appointments, finding_appointments: appointments(AppointmentSelection) -> AppointmentView;
    asked_for_entries, finding_entries: audit(AuditSelection) -> AuditEntryView;
}
