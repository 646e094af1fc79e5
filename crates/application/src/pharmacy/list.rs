//! Looking through the pharmacies.

use medilink_domain::actor::Relations;
use medilink_domain::policy::Action;
use medilink_domain::search::Search;
use medilink_domain::text::Place;

use super::{Pharmacies, PharmacyView};
use crate::call::{Call, Subject};
use crate::error::Result;
use crate::page::{List, Page, PageRequest};

/// Which pharmacies somebody wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PharmacyFilter {
    /// Each word begins a word of the name or the city.
    pub search: Option<Search>,
    /// In this city only, whatever its case and accents.
    pub city: Option<Place>,
    /// With a checked licence, or without.
    pub verified: Option<bool>,
}

/// What somebody asks for when they look through the pharmacies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListPharmacies {
    /// Which ones.
    pub filter: PharmacyFilter,
    /// Which page.
    pub page: PageRequest,
}

impl Pharmacies {
    /// Returns a page of the pharmacies, by name.
    ///
    /// # Errors
    ///
    /// [`Invalid`](crate::Error::Invalid) for a cursor of another list.
    pub async fn list(&self, call: &Call, command: ListPharmacies) -> Result<Page<PharmacyView>> {
        let ListPharmacies { filter, page } = command;

        call.may(Action::ListPharmacies, Relations::NONE, Subject::NONE)?;

        let stretch = page.open(List::Pharmacies, &*self.ports.cursors)?;
        let found = self.ports.store.queries().pharmacies().list(&filter, &stretch).await?;

        Ok(found.seal(List::Pharmacies, &*self.ports.cursors))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::id::Uuid;

    use super::*;
    use crate::error::Error;
    use crate::page::{Found, Position};
    use crate::testing::{FakeClinic, Trail, a_pending_doctor, nothing};

    async fn list(
        clinic: FakeClinic,
        command: ListPharmacies,
    ) -> (Result<Page<PharmacyView>>, Trail) {
        clinic
            .perform(a_pending_doctor(), async |app, call| app.pharmacies.list(call, command).await)
            .await
    }

    #[tokio::test]
    async fn the_directory_is_open_even_to_somebody_pending_and_leaves_no_trace() {
        let filter = PharmacyFilter { verified: Some(true), ..PharmacyFilter::default() };
        let asked = filter.clone();
        let clinic = FakeClinic::asked_for_pharmacies(move |filter, _| *filter == asked);

        let (listed, trail) =
            list(clinic, ListPharmacies { filter, ..ListPharmacies::default() }).await;

        assert!(listed.is_ok());
        assert!(trail.recorded().is_empty());
    }

    #[tokio::test]
    async fn a_page_continues_where_the_last_one_ended() {
        let end = Position { key: "at the corner".to_owned(), id: Uuid::from_u128(5) };
        let found = Found { last: Some(end.clone()), ..nothing() };
        let first = FakeClinic::finding_pharmacies(found);
        let second = FakeClinic::asked_for_pharmacies(move |_, stretch| {
            stretch.after.as_ref() == Some(&end)
        });

        let (page, _) = list(first, ListPharmacies::default()).await;
        let page = PageRequest { cursor: page.ok().unwrap().next, ..PageRequest::default() };
        let (next, _) = list(second, ListPharmacies { page, ..ListPharmacies::default() }).await;

        assert!(next.ok().unwrap().next.is_none());
    }

    #[tokio::test]
    async fn a_cursor_of_another_list_is_a_wrong_field() {
        let foreign = format!("doctors|chen|{}", Uuid::from_u128(3));
        let page = PageRequest { cursor: Some(foreign), ..PageRequest::default() };

        let command = ListPharmacies { page, ..ListPharmacies::default() };
        let (refused, _) = list(FakeClinic::default(), command).await;

        let Err(Error::Invalid(errors)) = refused else { panic!("it was listed") };
        assert!(errors.by_field().contains_key("cursor"));
    }
}
