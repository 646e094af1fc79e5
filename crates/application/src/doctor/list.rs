//! Looking through the doctors.

use medilink_domain::doctor::Specialization;
use medilink_domain::policy::{Action, Relations};

use super::{DoctorView, Doctors};
use crate::call::{Call, Subject};
use crate::error::Result;
use crate::page::{Page, PageRequest};

/// Which doctors somebody wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DoctorFilter {
    /// Each word begins a word of the name or the hospital.
    pub search: Option<String>,
    /// Of this field only.
    pub specialization: Option<Specialization>,
    /// Taking appointments, or not.
    pub is_available: Option<bool>,
    /// In this city only, whatever its case and accents.
    pub city: Option<String>,
    /// With a checked licence, or without.
    pub verified: Option<bool>,
}

/// What somebody asks for when they look through the doctors.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListDoctors {
    /// Which ones.
    pub filter: DoctorFilter,
    /// Which page.
    pub page: PageRequest,
}

impl Doctors {
    /// Returns a page of the doctors, by family name.
    ///
    /// # Errors
    ///
    /// [`Invalid`](crate::Error::Invalid) for a cursor of another list.
    pub async fn list(&self, call: &Call, command: ListDoctors) -> Result<Page<DoctorView>> {
        const LIST: &str = "doctors";

        call.may(Action::ListDoctors, Relations::NONE, Subject::LIST)?;

        let stretch = command.page.open(LIST, &*self.ports.cursors)?;
        let found =
            self.ports.store.queries().doctors().list(&command.filter, &stretch).await?;

        Ok(found.seal(LIST, &*self.ports.cursors))
    }
}
