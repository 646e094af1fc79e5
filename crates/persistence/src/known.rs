//! Statements whose words are put together once, and not for each request anew.
//!
//! The words for a row of thirty columns take as long to put together as SQLite takes to find the row, and
//! whoever writes puts them together while all others wait.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock};

use sea_orm::{
    ActiveModelTrait, DbBackend, EntityTrait, Iterable, QueryTrait, Select, Statement, Value,
};

use crate::statement::{IntoStatement, Selects, statement};

/// Records that are selected in the same way each time, by another value.
pub(crate) struct Known<E: EntityTrait> {
    select: fn() -> Select<E>,
    sqlite: OnceLock<Statement>,
    postgres: OnceLock<Statement>,
}

impl<E: EntityTrait> Known<E> {
    /// Makes it of an example, by whatever value.
    pub(crate) const fn new(select: fn() -> Select<E>) -> Self {
        Self { select, sqlite: OnceLock::new(), postgres: OnceLock::new() }
    }

    /// Selects by this value, in the place of the example's.
    pub(crate) fn by(&'static self, value: impl Into<Value>) -> KnownSelect<E> {
        KnownSelect { known: self, value: value.into() }
    }

    fn example(&self, backend: DbBackend) -> &Statement {
        let known = if backend == DbBackend::Postgres { &self.postgres } else { &self.sqlite };
        known.get_or_init(|| (self.select)().build(backend))
    }
}

/// [`Known`] records, by a certain value.
pub(crate) struct KnownSelect<E: EntityTrait> {
    known: &'static Known<E>,
    value: Value,
}

impl<E: EntityTrait> IntoStatement for KnownSelect<E> {
    fn into_statement(self, backend: DbBackend) -> Statement {
        let example = self.known.example(backend);
        debug_assert!(
            example.values.iter().flat_map(|values| &values.0).map(kind).eq([kind(&self.value)]),
            "{}: by another kind of value than the example",
            example.sql
        );
        statement(backend, &example.sql, [self.value])
    }
}

impl<E: EntityTrait> Selects<E> for KnownSelect<E> {}

fn kind(value: &Value) -> std::mem::Discriminant<Value> {
    std::mem::discriminant(value)
}

/// The words by which a row is added to the table of an entity, on PostgreSQL or not.
type Insertions = HashMap<(TypeId, bool), Arc<str>>;

static INSERTIONS: LazyLock<RwLock<Insertions>> = LazyLock::new(RwLock::default);

/// Says that a row is added.
pub(crate) fn insert<A: ActiveModelTrait>(row: A, backend: DbBackend) -> Statement {
    let columns = <A::Entity as EntityTrait>::Column::iter();
    let values: Option<Vec<Value>> = columns.map(|column| row.get(column).into_value()).collect();
    // With a default in it, it is added in other words.
    let Some(values) = values else { return A::Entity::insert(row).build(backend) };
    let key = (TypeId::of::<A::Entity>(), backend == DbBackend::Postgres);
    let known = INSERTIONS.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    let words = known.unwrap_or_else(|| {
        let words: Arc<str> = A::Entity::insert(row).build(backend).sql.into();
        let mut insertions = INSERTIONS.write().unwrap_or_else(PoisonError::into_inner);
        insertions.insert(key, Arc::clone(&words));
        words
    });
    statement(backend, &words, values)
}
