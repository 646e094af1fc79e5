//! What tests of use cases stand on: mocks of the ports, a fixed clock, and people to act.
//!
//! A test fills in what the use case will find, opens the application, performs the use case, and
//! looks at what was committed and recorded.

mod caller;
mod clinic;
mod list;
mod port;
mod record;
mod time;
mod trail;
mod work;

pub use self::caller::{
    a_caller, a_caller_with_a_key, a_pending_doctor, a_stranger, an_actor, an_origin, the_creator,
};
pub use self::clinic::FakeClinic;
pub use self::list::nothing;
pub use self::port::{FixedClock, PlainCursors, SequentialIds};
pub use self::record::{
    CREATOR, a_booking, a_doctor, a_hash, a_licensed_doctor, a_licensed_pharmacy, a_patient,
    a_pharmacy, a_session, a_slot, a_user, an_appointment, an_appointment_of_today, an_assignment,
    the_first_change,
};
pub use self::time::{NOW, at, day};
pub use self::trail::Trail;
pub use self::work::{FakeQueries, FakeUnitOfWork};
