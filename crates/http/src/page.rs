//! Pages: the parameters that every list takes.

use medilink_application::error::FieldErrors;
use medilink_application::page::{Limit, List, PageRequest};
use medilink_application::{Application, Result};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::field::{Field, Rest, read};
use crate::query::flag;

/// Which page of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// How many items, 1 to 100; 20 unless named.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 20)]
    limit: Field<String>,
    /// What the page before said in `next`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    cursor: Field<String>,
    /// Whether to count the whole list too.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false)]
    count: Field<String>,
}

/// The parameters of a list that takes no others.
#[derive(Deserialize)]
pub(crate) struct PageAlone {
    #[serde(flatten)]
    page: PageQuery,
    #[serde(flatten)]
    unknown: Rest,
}

impl PageQuery {
    /// Reads which page of a list is asked for; of these lists, where it is not clear which one.
    pub(crate) fn read(
        self,
        application: &Application,
        lists: &[List],
        errors: &mut FieldErrors,
    ) -> PageRequest {
        let cursor = |raw: &str| application.cursor(lists, raw);
        PageRequest {
            limit: read!(self.limit.optional(errors, Limit::parse)).unwrap_or_default(),
            cursor: read!(self.cursor.optional(errors, cursor)),
            count: read!(self.count.optional(errors, flag)).unwrap_or_default(),
        }
    }
}

impl PageAlone {
    /// Reads which page of a list is asked for.
    pub(crate) fn read(self, application: &Application, list: List) -> Result<PageRequest> {
        let mut errors = FieldErrors::default();
        let page = self.page.read(application, &[list], &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(page)
    }
}

/// Returns the lists that a cursor may be of, where it depends on a parameter which one it is: any of
/// them, as long as that parameter is wrong.
pub(crate) fn lists<T: Copy + Default>(
    parameter: &str,
    read: Option<T>,
    all: &[T],
    list: impl Fn(T) -> List,
    errors: &FieldErrors,
) -> Vec<List> {
    let is_wrong = errors.by_field().contains_key(parameter);
    let read = [read.unwrap_or_default()];
    let possible = if is_wrong { all } else { &read };
    possible.iter().copied().map(list).collect()
}
