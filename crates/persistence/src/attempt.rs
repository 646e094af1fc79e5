//! Counts of attempts to sign in, in the database.

use async_trait::async_trait;
use medilink_application::attempt::{AttemptCounter, AttemptRepository, Target};
use medilink_application::error::StoreError;
use medilink_domain::attempt::{Attempts, TooSoon};
use medilink_domain::time::Timestamp;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Set};

use crate::entity::attempt;
use crate::error::unavailable;
use crate::store::SeaOrmStore;
use crate::stored::Broken;
use crate::transaction::Connection;
use crate::unit_of_work::SeaOrmUnitOfWork;

#[async_trait]
impl AttemptCounter for SeaOrmStore {
    async fn count(
        &self,
        target: Target,
        now: Timestamp,
    ) -> Result<Result<(), TooSoon>, StoreError> {
        let work = self.work().await?;
        let mut attempts = work.lock_attempts(target, now).await?;
        if let Err(too_soon) = attempts.count(target.familiarity, now) {
            return Ok(Err(too_soon));
        }
        work.keep_attempts(target, attempts).await?;
        work.finish(&[]).await?;
        Ok(Ok(()))
    }

    async fn take_back(&self, target: Target, counted_at: Timestamp) -> Result<(), StoreError> {
        let work = self.work().await?;
        work.change_attempts(target, |attempts| attempts.take_back(counted_at)).await?;
        work.finish(&[]).await
    }
}

#[async_trait]
impl AttemptRepository for SeaOrmUnitOfWork {
    async fn forgive(&mut self, target: Target) -> Result<(), StoreError> {
        self.change_attempts(target, Attempts::forgive).await
    }
}

impl SeaOrmUnitOfWork {
    /// Reads the counts, which are made if need be: there has to be a row for others to wait for.
    async fn lock_attempts(&self, target: Target, now: Timestamp) -> Result<Attempts, StoreError> {
        let beginning = row(target, Attempts::none(now));
        let insert = attempt::Entity::insert_many([beginning]).on_conflict_do_nothing();
        self.transaction.execute(insert).await?;
        self.find_attempts(target).await?.map_or(Ok(Attempts::none(now)), |row| restored(&row))
    }

    /// Changes the counts, if there are any.
    async fn change_attempts(
        &self,
        target: Target,
        change: impl FnOnce(&mut Attempts),
    ) -> Result<(), StoreError> {
        let Some(row) = self.find_attempts(target).await? else { return Ok(()) };
        let mut attempts = restored(&row)?;
        change(&mut attempts);
        self.keep_attempts(target, attempts).await
    }

    async fn keep_attempts(&self, target: Target, attempts: Attempts) -> Result<(), StoreError> {
        let keep = attempt::Entity::update_many()
            .set(row(target, attempts))
            .filter(attempt::Column::AccountId.eq(target.account))
            .filter(attempt::Column::Familiarity.eq(target.familiarity.as_str()));
        self.transaction.execute(keep).await?;
        Ok(())
    }

    async fn find_attempts(&self, target: Target) -> Result<Option<attempt::Model>, StoreError> {
        let id = (target.account, target.familiarity.as_str().to_owned());
        let find = attempt::Entity::find_by_id(id).lock(LockType::NoKeyUpdate);
        self.transaction.row(find).await
    }
}

fn row(target: Target, attempts: Attempts) -> attempt::ActiveModel {
    let Attempts { in_a_row, last_at, in_day, day_began_at } = attempts;
    let narrow = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    attempt::ActiveModel {
        account_id: Set(target.account),
        familiarity: Set(target.familiarity.as_str().to_owned()),
        in_a_row: Set(narrow(in_a_row)),
        last_at: Set(last_at.as_utc()),
        in_day: Set(narrow(in_day)),
        day_began_at: Set(day_began_at.as_utc()),
    }
}

fn restored(row: &attempt::Model) -> Result<Attempts, StoreError> {
    let restore = || -> Result<Attempts, Broken> {
        Ok(Attempts {
            in_a_row: u32::try_from(row.in_a_row)?,
            last_at: Timestamp::new(row.last_at)?,
            in_day: u32::try_from(row.in_day)?,
            day_began_at: Timestamp::new(row.day_began_at)?,
        })
    };
    restore().map_err(|Broken| unavailable(BrokenAttempts))
}

/// Counts that make no sense: nobody is let in on them.
#[derive(Debug, thiserror::Error)]
#[error("stored counts of attempts are out of range")]
struct BrokenAttempts;
