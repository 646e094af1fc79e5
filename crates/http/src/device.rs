//! Devices: what a browser calls itself, and what it keeps to be known again.

use std::future::{Ready, ready};

use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::http::header::USER_AGENT;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use medilink_application::session::Device;
use medilink_domain::text::DeviceName;

use crate::body::single;
use crate::edge::Edge;
use crate::problem::Problem;

/// The cookie that a device keeps. It proves that somebody has signed in on the device, and
/// authorises nothing.
const COOKIE: &str = "medilink_device";

/// How long a name is kept; some browsers have much to say.
const NAME: usize = 200;

/// The device that a request comes from.
pub(crate) struct OnDevice {
    device: Device,
    https_only: bool,
}

impl FromRequest for OnDevice {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let name: Option<String> = single(request.headers(), &USER_AGENT)
            .map(|name| name.chars().filter(|c| !c.is_control()).take(NAME).collect());
        let device = Device {
            name: name.and_then(|name| DeviceName::parse(&name).ok()),
            kept: request.cookie(COOKIE).map(|cookie| cookie.value().to_owned()),
        };
        let https_only = request.app_data::<Data<Edge>>().is_some_and(|edge| edge.https_only);
        ready(Ok(Self { device, https_only }))
    }
}

impl OnDevice {
    /// Returns the device.
    pub(crate) fn read(&self) -> Device {
        self.device.clone()
    }

    /// Makes the cookie that the device keeps from now on, for a year.
    pub(crate) fn keeps(&self, value: String) -> Cookie<'static> {
        Cookie::build(COOKIE, value)
            .path("/")
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(self.https_only)
            .max_age(actix_web::cookie::time::Duration::days(365))
            .finish()
    }
}
