//! What a start demands of the settings, beyond that each of them can be read.

use medilink_http::AllowedOrigins;

use super::setting::{
    ADMIN_EMAIL, ADMIN_PASSWORD_FILE, ADMIN_USERNAME, ALLOWED_HOSTS, CORS_ALLOWED_ORIGINS,
    TRUSTED_PROXIES,
};
use super::{Config, FirstAdmin, Profile, Wrong, wrong};

impl Config {
    /// Returns what keeps a server of a profile from starting with these settings.
    pub(crate) fn obstacles(&self, profile: Profile) -> Vec<Wrong> {
        let found = [self.nameless(), self.open_to_every_page(profile), self.half_an_admin()];
        found.into_iter().flatten().collect()
    }

    /// Returns what a start takes, but an operator may not have meant.
    pub(crate) fn doubt(&self) -> Option<Wrong> {
        let is_behind_a_proxy = self.bind.ip().is_loopback();
        let is_counted_as_one = self.rate_limits && self.trusted_proxies.is_empty();
        let what = "behind a proxy all clients count as one, and share its limits; name the proxy, \
                    like 127.0.0.1";
        (is_behind_a_proxy && is_counted_as_one).then(|| wrong(TRUSTED_PROXIES, what))
    }

    /// Who can be reached from elsewhere has to know their own names.
    fn nameless(&self) -> Option<Wrong> {
        let is_reachable = !self.bind.ip().is_loopback();
        let what = format!(
            "listening on {} needs the names that clients call this server by, with commas, like \
             clinic.example.org; or listen on loopback, behind a proxy",
            self.bind
        );
        (is_reachable && self.allowed_hosts.is_any()).then(|| wrong(ALLOWED_HOSTS, what))
    }

    /// A first administrator who lacks something would never be made, and nobody would know.
    fn half_an_admin(&self) -> Option<Wrong> {
        let FirstAdmin { username, email, password_file } = &self.first_admin;
        let settings = [
            (ADMIN_USERNAME, username.is_some()),
            (ADMIN_EMAIL, email.is_some()),
            (ADMIN_PASSWORD_FILE, password_file.is_some()),
        ];
        let missing: Vec<_> =
            settings.iter().filter(|(_, is_set)| !is_set).map(|(name, _)| *name).collect();
        let (first, _) = settings.iter().find(|(_, is_set)| *is_set)?;
        let what = format!("set {} too, or none of the three", missing.join(" and "));
        (!missing.is_empty()).then(|| wrong(first, what))
    }

    fn open_to_every_page(&self, profile: Profile) -> Option<Wrong> {
        let is_open = self.cors_allowed_origins == AllowedOrigins::Any;
        let what = "* is for development only; name the origins of your pages, like \
                    https://app.example.org";
        (is_open && profile == Profile::Production).then(|| wrong(CORS_ALLOWED_ORIGINS, what))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::config;

    fn obstacles(settings: &[(&str, &str)]) -> Vec<String> {
        let config = config(settings);
        config.obstacles(config.profile).into_iter().map(|wrong| wrong.name).collect()
    }

    #[test]
    fn a_server_that_can_be_reached_has_a_name() {
        let everywhere = ("MEDILINK_BIND", "0.0.0.0:8000");

        assert_eq!(obstacles(&[everywhere]), ["MEDILINK_ALLOWED_HOSTS"]);
        assert!(obstacles(&[everywhere, ("MEDILINK_ALLOWED_HOSTS", ".example.org")]).is_empty());
        for loopback in ["127.0.0.1:8000", "[::1]:8000", "localhost:8000"] {
            assert!(obstacles(&[("MEDILINK_BIND", loopback)]).is_empty(), "{loopback}");
        }
    }

    #[test]
    fn a_first_administrator_has_a_name_an_address_and_a_password() {
        let [name, email, file] = [
            ("MEDILINK_ADMIN_USERNAME", "root"),
            ("MEDILINK_ADMIN_EMAIL", "root@example.org"),
            ("MEDILINK_ADMIN_PASSWORD_FILE", "/run/secrets/admin"),
        ];

        assert_eq!(obstacles(&[name]), ["MEDILINK_ADMIN_USERNAME"]);
        assert_eq!(obstacles(&[email, file]), ["MEDILINK_ADMIN_EMAIL"]);
        assert!(obstacles(&[name, email, file]).is_empty());
    }

    #[test]
    fn production_is_not_open_to_every_page() {
        let every = ("MEDILINK_CORS_ALLOWED_ORIGINS", "*");

        assert_eq!(obstacles(&[every]), ["MEDILINK_CORS_ALLOWED_ORIGINS"]);
        assert!(obstacles(&[every, ("MEDILINK_PROFILE", "development")]).is_empty());
    }

    #[test]
    fn a_proxy_that_is_not_named_is_doubted() {
        let doubts = |settings: &[(&str, &str)]| config(settings).doubt().is_some();

        assert!(doubts(&[]));
        assert!(!doubts(&[("MEDILINK_TRUSTED_PROXIES", "127.0.0.1")]));
        assert!(!doubts(&[("MEDILINK_RATE_LIMITS", "off")]));
        assert!(!doubts(&[("MEDILINK_BIND", "192.0.2.1:8000")]));
    }
}
