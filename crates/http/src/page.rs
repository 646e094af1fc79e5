//! Pages: the parameters that every list takes.

use medilink_application::error::FieldErrors;
use medilink_application::page::{Limit, PageRequest};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::field::{Field, read, verbatim};
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

impl PageQuery {
    pub(crate) fn read(self, errors: &mut FieldErrors) -> PageRequest {
        PageRequest {
            limit: read!(self.limit.optional(errors, Limit::parse)).unwrap_or_default(),
            cursor: read!(self.cursor.optional(errors, verbatim)),
            count: read!(self.count.optional(errors, flag)).unwrap_or_default(),
        }
    }
}
