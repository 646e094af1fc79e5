//! Telling who is there, for the program itself: it has no caller and tells nobody.

use medilink_domain::text::key;

use super::Users;
use crate::error::Result;
use crate::store::Queries;

impl Users {
    /// Tells whether there is any user at all.
    ///
    /// # Errors
    ///
    /// [`Store`](crate::Error::Store) if the store fails.
    pub async fn any(&self) -> Result<bool> {
        Ok(self.ports.store.queries().users().any().await?)
    }

    /// Returns the token with which the first administrator is made, or `None` if there has been
    /// one.
    ///
    /// # Errors
    ///
    /// [`Store`](crate::Error::Store) if the store fails.
    pub async fn set_up_token(&self) -> Result<Option<String>> {
        let is_set_up = self.ports.store.queries().users().is_set_up().await?;
        Ok((!is_set_up).then(|| self.ports.set_up.token()))
    }
}

/// Tells whether somebody has this user name or address.
///
/// It needs nothing but the queries, so that a database can be looked at which nobody serves.
///
/// # Errors
///
/// [`Store`](crate::Error::Store) if the store fails.
pub async fn exists(queries: &dyn Queries, name: &str) -> Result<bool> {
    let found = queries.users().credentials(&key(name)).await?;
    Ok(found.is_some())
}
