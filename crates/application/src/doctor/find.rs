//! Reading one doctor's profile.

use medilink_domain::id::DoctorId;
use medilink_domain::policy::{Action, Relations};

use super::{DoctorView, Doctors};
use crate::call::{Call, Subject};
use crate::error::Result;

impl Doctors {
    /// Returns the doctor.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound) if there is none by that id.
    pub async fn find(&self, call: &Call, id: DoctorId) -> Result<DoctorView> {
        const ACTION: Action = Action::ReadDoctor;
        let subject = Subject::of(id);

        call.may(ACTION, Relations::NONE, subject)?;

        let doctor = self.ports.store.queries().doctors().find(id).await?;
        doctor.ok_or_else(|| call.missing(ACTION, subject))
    }
}
