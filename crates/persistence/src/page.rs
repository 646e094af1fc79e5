//! Keyset pages: a page begins behind a position, so that the last page costs what the first does.

use medilink_application::error::StoreError;
use medilink_application::page::{Found, Position, Stretch};
use sea_orm::sea_query::{
    Alias, Expr, ExprTrait, Func, IntoColumnRef, Query, SimpleExpr, UnionType,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select,
};

use crate::error::store_error;

/// Compares a row's position with the one that a page begins behind.
pub(crate) fn behind<const COLUMNS: usize>(
    columns: [SimpleExpr; COLUMNS],
    position: [SimpleExpr; COLUMNS],
    descending: bool,
) -> SimpleExpr {
    let row = Expr::tuple(columns);
    let position = Expr::tuple(position);
    if descending { row.lt(position) } else { row.gt(position) }
}

/// Says that one of several conditions holds: each by an index of its own, since no database finds
/// one index for all of them.
pub(crate) fn any_of<E: EntityTrait>(
    select: &Select<E>,
    id: E::Column,
    conditions: &[SimpleExpr],
) -> SimpleExpr {
    let ids = |condition: &SimpleExpr| {
        let found = select.clone().select_only().column(id);
        found.filter(condition.clone()).into_query()
    };
    match conditions {
        [] => Expr::cust("1 = 0"),
        [only] => only.clone(),
        [first, others @ ..] => {
            let mut found = ids(first);
            found.unions(others.iter().map(|other| (UnionType::Distinct, ids(other))));
            id.in_subquery(found)
        }
    }
}

/// Makes a page of one item more than was asked for, which only tells that the list goes on.
pub(crate) fn found<T>(
    mut items: Vec<T>,
    stretch: &Stretch,
    total: Option<u64>,
    position: impl FnOnce(&T) -> Position,
) -> Found<T> {
    let limit = usize::try_from(stretch.limit.get()).unwrap_or(usize::MAX);
    let goes_on = limit < items.len();
    items.truncate(limit);
    let last = items.last().filter(|_| goes_on).map(position);
    Found { items, last, total }
}

/// Counts what a list selects, up to where counting stops; nothing unless it was asked for.
pub(crate) async fn total<E: EntityTrait>(
    connection: &impl ConnectionTrait,
    selected: &Select<E>,
    id: impl IntoColumnRef,
    stretch: &Stretch,
) -> Result<Option<u64>, StoreError> {
    if !stretch.count {
        return Ok(None);
    }
    let mut ids = selected.clone().select_only().limit(Stretch::MOST_COUNTED).into_query();
    ids.column(id);
    let counted = Query::select()
        .expr_as(Func::count(Expr::cust("*")), Alias::new("total"))
        .from_subquery(ids, Alias::new("selected"))
        .to_owned();
    let row = connection.query_one(&counted).await.map_err(store_error)?;
    let total: i64 = match row {
        Some(row) => row.try_get("", "total").map_err(store_error)?,
        None => 0,
    };
    Ok(Some(total.unsigned_abs()))
}
