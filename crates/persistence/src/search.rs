//! Searching: the words that records are found by, and how they are looked up.
//!
//! Each concept that is searched has a table of words, folded as
//! [`words`](medilink_domain::text::words) does: one row for each word of each record.

use std::collections::BTreeSet;

use medilink_application::error::StoreError;
use medilink_domain::search::Search;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel,
    QueryFilter,
};
use uuid::Uuid;

use crate::entity::{doctor_word, pharmacy_word, user_word};
use crate::error::store_error;
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

impl Words for user_word::Entity {
    const WORD: Self::Column = user_word::Column::Word;
    const RECORD: Self::Column = user_word::Column::UserId;
}

/// Says in SQL that a record has every word that is searched for.
pub(crate) fn found_by<W: Words>(id: impl ColumnTrait, search: Option<&Search>) -> Condition {
    let words = search.into_iter().flat_map(Search::words);
    words.fold(Condition::all(), |found, word| found.add(id.in_subquery(records_with::<W>(word))))
}

/// Selects the records that have a word that begins like this one: a range of an index.
fn records_with<W: Words>(word: &str) -> SelectStatement {
    let last = format!("{word}{}", char::MAX);
    Query::select()
        .column(W::RECORD)
        .from(W::default())
        .and_where(Expr::col(W::WORD).gte(word))
        .and_where(Expr::col(W::WORD).lt(last))
        .to_owned()
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
        if words.is_empty() {
            return Ok(());
        }
        let rows = words.into_iter().map(|word| {
            let mut row = <W::ActiveModel as ActiveModelTrait>::default();
            row.set(W::WORD, word.into());
            row.set(W::RECORD, record.into());
            row
        });
        W::insert_many(rows)
            .exec_without_returning(&self.transaction)
            .await
            .map_err(store_error)?;
        Ok(())
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
        W::delete_many()
            .filter(W::RECORD.eq(record))
            .exec(&self.transaction)
            .await
            .map_err(store_error)?;
        self.add_words::<W>(record, words).await
    }
}
