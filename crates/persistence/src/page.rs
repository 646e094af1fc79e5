//! Keyset pages: a page begins behind a position, so that the last page costs what the first does.

use chrono::{DateTime, SecondsFormat, Utc};
use medilink_application::error::StoreError;
use medilink_application::page::{Found, Position, Stretch};
use medilink_domain::time::Timestamp;
use sea_orm::sea_query::{
    Alias, Expr, ExprTrait, Func, IntoColumnRef, Query, SimpleExpr, UnionType,
};
use sea_orm::{
    ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

use crate::transaction::Connection;

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

/// Selects the next records by name: in the order of an index, or gathered by something else and
/// sorted.
pub(crate) fn by_name<E: EntityTrait>(
    select: Select<E>,
    columns: [E::Column; 2],
    is_gathered: bool,
    stretch: &Stretch,
) -> Select<E> {
    let after = stretch.after.as_ref().map(|after| (Expr::val(after.key.clone()), after.id));
    next(select, columns, Order::Asc, is_gathered, after, stretch)
}

/// Selects the next records by an instant, the earliest or the latest first: in the order of an index,
/// or gathered by something else and sorted.
pub(crate) fn by_instant<E: EntityTrait>(
    select: Select<E>,
    columns: [E::Column; 2],
    order: Order,
    is_gathered: bool,
    stretch: &Stretch,
) -> Result<Select<E>, StoreError> {
    let after = match &stretch.after {
        Some(after) => Some((Expr::val(instant(&after.key)?.as_utc()), after.id)),
        None => None,
    };
    Ok(next(select, columns, order, is_gathered, after, stretch))
}

/// Returns the position of a record in a list by an instant.
pub(crate) fn at(instant: DateTime<Utc>, id: Uuid) -> Position {
    Position { key: key(instant), id }
}

/// Writes an instant as the key of a position.
pub(crate) fn key(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Reads it back. Cursors are sealed, so nobody outside has made one up.
pub(crate) fn instant(key: &str) -> Result<Timestamp, StoreError> {
    Timestamp::parse(key).map_err(|error| StoreError::Failed(Box::new(error)))
}

fn next<E: EntityTrait>(
    mut select: Select<E>,
    [key, id]: [E::Column; 2],
    order: Order,
    is_gathered: bool,
    after: Option<(SimpleExpr, Uuid)>,
    stretch: &Stretch,
) -> Select<E> {
    if let Some((value, last)) = after {
        let columns = [column(key), column(id)];
        select = select.filter(behind(columns, [value, Expr::val(last)], order == Order::Desc));
    }
    select
        .order_by(ordered(key, is_gathered), order.clone())
        .order_by(id, order)
        .limit(stretch.limit.get() + 1)
}

/// Returns a column to put records in order by. What was gathered is sorted by a value that no index
/// has, since no database thinks then of walking through an index to find the few.
fn ordered(it: impl ColumnTrait, is_gathered: bool) -> SimpleExpr {
    if is_gathered {
        let value = Query::select().expr(column(it)).to_owned();
        SimpleExpr::SubQuery(None, Box::new(value.into()))
    } else {
        column(it)
    }
}

fn column(it: impl ColumnTrait) -> SimpleExpr {
    Expr::col(it.as_column_ref())
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
    connection: &impl Connection,
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
    let total: Option<i64> = connection.row(&counted).await?;
    Ok(Some(total.unwrap_or_default().unsigned_abs()))
}
