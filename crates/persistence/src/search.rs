//! Searching: the words that records are found by, and how they are looked up.
//!
//! Each concept that is searched has a table of words, folded as
//! [`words`](medilink_domain::text::words) does: one row for each word of each record.

use std::collections::BTreeSet;

use medilink_application::error::StoreError;
use medilink_domain::search::Search;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement, SimpleExpr};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter,
};
use uuid::Uuid;

use crate::entity::{doctor_word, patient_word, pharmacy_word, user_word};
use crate::row::{Columns, Row};
use crate::transaction::Connection;
use crate::unit_of_work::SeaOrmUnitOfWork;

/// A table of the words that the records of one concept are found by.
pub(crate) trait Words: EntityTrait {
    /// The word, folded.
    const WORD: Self::Column;
    /// The id of a record that has it.
    const RECORD: Self::Column;
}

impl Words for doctor_word::Entity {
    const WORD: Self::Column = doctor_word::Column::Word;
    const RECORD: Self::Column = doctor_word::Column::DoctorId;
}

impl Words for pharmacy_word::Entity {
    const WORD: Self::Column = pharmacy_word::Column::Word;
    const RECORD: Self::Column = pharmacy_word::Column::PharmacyId;
}

impl Words for patient_word::Entity {
    const WORD: Self::Column = patient_word::Column::Word;
    const RECORD: Self::Column = patient_word::Column::PatientId;
}

impl Words for user_word::Entity {
    const WORD: Self::Column = user_word::Column::Word;
    const RECORD: Self::Column = user_word::Column::UserId;
}

/// The words of a search, the rarest first, so that it costs what it finds however many records there
/// are.
pub(crate) struct Looked<'a> {
    words: Vec<&'a str>,
    is_common: bool,
}

impl<'a> Looked<'a> {
    /// How many records are gathered and sorted for a page. If every word has more, its records are
    /// so many that a walk through all of them in order meets a page full of them soon.
    pub(crate) const MOST_GATHERED: u64 = 10_000;

    /// Finds out how many records have each of the words. Two of them are not looked for in all
    /// records that have the first, if few have the second.
    pub(crate) async fn up<W: Words>(
        search: Option<&'a Search>,
        connection: &impl Connection,
    ) -> Result<Self, StoreError> {
        let words: Vec<_> = search.into_iter().flat_map(Search::words).collect();
        if words.is_empty() {
            return Ok(Self::of(Vec::new()));
        }
        let counted: Option<Counts> = connection.row(&counts::<W>(&words)).await?;
        let Counts(counts) = counted.unwrap_or_default();
        Ok(Self::of(words.into_iter().zip(counts).collect()))
    }

    /// Puts words in order, of which one knows how many records have them.
    pub(crate) fn of(mut words: Vec<(&'a str, u64)>) -> Self {
        words.sort_by_key(|(_, count)| *count);
        let is_common = words.first().is_some_and(|(_, count)| Self::MOST_GATHERED <= *count);
        Self { words: words.into_iter().map(|(word, _)| word).collect(), is_common }
    }

    /// Tells whether a page is cut out of the records that have the rarest word.
    pub(crate) fn is_gathered(&self) -> bool {
        !self.words.is_empty() && !self.is_common
    }

    /// Says in SQL that a record of a page has every word, in the form for how common they are.
    pub(crate) fn found<W: Words>(&self, id: impl ColumnTrait) -> Condition {
        if self.is_gathered() { self.gathered::<W>(id) } else { self.had::<W>(id) }
    }

    /// Says in SQL that a record has every word: the rarest by its records, each other by what such a
    /// record has.
    pub(crate) fn gathered<W: Words>(&self, id: impl ColumnTrait) -> Condition {
        match self.words.as_slice() {
            [] => Condition::all(),
            [rarest, others @ ..] => {
                let mut found = records_with::<W>(rarest);
                if self.is_gathered() {
                    // There are not half as many. It is said for PostgreSQL, which otherwise expects
                    // so many that it would rather read every record than look these up.
                    found.limit(2 * Self::MOST_GATHERED);
                }
                has_words::<W>(id, others).add(id.in_subquery(found))
            }
        }
    }

    /// Says the same of a record that something else has found.
    pub(crate) fn had<W: Words>(&self, id: impl ColumnTrait) -> Condition {
        has_words::<W>(id, &self.words)
    }
}

/// How many records have each of some words.
#[derive(Default)]
struct Counts(Vec<u64>);

impl Row for Counts {
    fn take(columns: &mut Columns<'_>, _: &'static str) -> Result<Self, DbErr> {
        let mut counts = Vec::new();
        while columns.are_left() {
            counts.push(i64::take(columns, "")?.unsigned_abs());
        }
        Ok(Self(counts))
    }
}

/// Counts the records that have each of some words, up to where counting stops.
fn counts<W: Words>(words: &[&str]) -> SelectStatement {
    let mut counts = Query::select();
    for word in words {
        let some = records_with::<W>(word).limit(Looked::MOST_GATHERED).to_owned();
        let count = Query::select()
            .expr(Func::count(Expr::cust("*")))
            .from_subquery(some, Alias::new("some"))
            .to_owned();
        counts.expr(scalar(count));
    }
    counts
}

fn has_words<W: Words>(id: impl ColumnTrait, words: &[&str]) -> Condition {
    words.iter().fold(Condition::all(), |all, word| all.add(has_word::<W>(id, word)))
}

/// Says in SQL that a record has a word that begins like this one.
///
/// It asks for a value rather than whether there is one: that would become a join, which either
/// database may begin with the words of everybody.
fn has_word<W: Words>(id: impl ColumnTrait, word: &str) -> SimpleExpr {
    let mut one = with_word::<W>(word);
    one.expr(Expr::val(1)).and_where(Expr::col(W::RECORD).equals(id.as_column_ref())).limit(1);
    scalar(one).is_not_null()
}

/// Selects the records that have a word that begins like this one: a range of an index.
fn records_with<W: Words>(word: &str) -> SelectStatement {
    with_word::<W>(word).column(W::RECORD).to_owned()
}

fn with_word<W: Words>(word: &str) -> SelectStatement {
    let last = format!("{word}{}", char::MAX);
    Query::select()
        .from(W::default())
        .and_where(Expr::col(W::WORD).gte(word))
        .and_where(Expr::col(W::WORD).lt(last))
        .to_owned()
}

fn scalar(select: SelectStatement) -> SimpleExpr {
    SimpleExpr::SubQuery(None, Box::new(select.into()))
}

impl SeaOrmUnitOfWork {
    /// Adds the words that a new record is found by.
    pub(crate) async fn add_words<W>(
        &self,
        record: Uuid,
        words: BTreeSet<String>,
    ) -> Result<(), StoreError>
    where
        W: Words<ActiveModel: ActiveModelBehavior + Send>,
        W::Model: IntoActiveModel<W::ActiveModel>,
    {
        let rows = words.into_iter().map(|word| {
            let mut row = <W::ActiveModel as ActiveModelTrait>::default();
            row.set(W::WORD, word.into());
            row.set(W::RECORD, record.into());
            row
        });
        self.add_all(rows.collect()).await
    }

    /// Replaces the words that a record was found by.
    pub(crate) async fn replace_words<W>(
        &self,
        record: Uuid,
        words: BTreeSet<String>,
    ) -> Result<(), StoreError>
    where
        W: Words<ActiveModel: ActiveModelBehavior + Send>,
        W::Model: IntoActiveModel<W::ActiveModel>,
    {
        self.transaction.execute(W::delete_many().filter(W::RECORD.eq(record))).await?;
        self.add_words::<W>(record, words).await
    }
}
