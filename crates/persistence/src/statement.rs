//! Statements, in the words of the database that they are for.

use sea_orm::sea_query::{DeleteStatement, SelectStatement};
use sea_orm::{
    ActiveModelTrait, DbBackend, DeleteMany, EntityTrait, Insert, InsertMany, QueryTrait, Select,
    Statement, StatementBuilder, TryInsert, UpdateMany, Value,
};

/// How many statements a connection remembers how to run. There are fewer in the program.
pub(crate) const KEPT: usize = 500;

/// What can be said as a statement.
pub(crate) trait IntoStatement {
    /// Says it in the words of a database.
    fn into_statement(self, backend: DbBackend) -> Statement;
}

impl IntoStatement for Statement {
    fn into_statement(self, _: DbBackend) -> Statement {
        self
    }
}

/// What selects records of an entity.
pub(crate) trait Selects<E: EntityTrait>: IntoStatement {}

impl<E: EntityTrait> Selects<E> for Select<E> {}

macro_rules! is_built {
    ($($part:ident: $bound:ident => $query:ty),+ $(,)?) => {$(
        impl<$part: $bound> IntoStatement for $query {
            fn into_statement(self, backend: DbBackend) -> Statement {
                QueryTrait::build(&self, backend)
            }
        }
    )+};
}

is_built!(
    E: EntityTrait => Select<E>,
    A: ActiveModelTrait => Insert<A>,
    A: ActiveModelTrait => InsertMany<A>,
    A: ActiveModelTrait => TryInsert<A>,
    E: EntityTrait => UpdateMany<E>,
    E: EntityTrait => DeleteMany<E>,
);

impl IntoStatement for &SelectStatement {
    fn into_statement(self, backend: DbBackend) -> Statement {
        StatementBuilder::build(self, &backend)
    }
}

impl IntoStatement for &DeleteStatement {
    fn into_statement(self, backend: DbBackend) -> Statement {
        StatementBuilder::build(self, &backend)
    }
}

/// Makes a statement that is written once for both databases: each counts its parameters as `$1`,
/// `$2`.
pub(crate) fn statement(
    backend: DbBackend,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    Statement::from_sql_and_values(backend, sql, values)
}
