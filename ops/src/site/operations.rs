//! Operations on many objects: how one is made, cancelled, carried on and forgotten. What is done to each
//! object is up to whoever carries it out.

use model::access::{Actor, Object, Permission, permits};
use model::error::Kind;
use model::operation::{BulkOperation, ENDED_KEPT_COUNT, OPEN_MAX, Outcome};
use tables::error::TableError;
use tables::operations::OPERATIONS_BY_STATE;
use tables::read::{Reads, View};
use tables::update::{Cause, Tables, now};

use crate::access::entitlements::actor_at;
use crate::authorize::authorize;
use crate::background;
use crate::error::Refusal;

/// How many operations that have ended are removed in one transaction.
const FORGOTTEN_MAX: usize = 64;

/// How many operations of one user may be under way, unless it looks after all of them: nobody takes the place of all others.
const OPEN_OF_USER_MAX: usize = 8;

/// MAAS's manner of naming a kind of object.
const MODEL: &str = "Operation";

/// What making an operation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// It was made.
    New(BulkOperation),
    /// The same request had made it before.
    Known(BulkOperation),
    /// Another request has its id.
    OtherRequest,
}

/// What is noted of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noted {
    /// That is what became of it.
    Outcome(Outcome),
    /// What it needs was not available, for this reason.
    Unavailable(String),
}

/// Makes an operation, unless there is one with its id.
///
/// # Errors
/// [`Refusal`] when too many are under way.
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    operation: &BulkOperation,
) -> Result<Made, Refusal> {
    let cause = authorize(actor, Permission::View, "operation.create")?;
    tables
        .update(&cause, |tx| {
            if let Some(known) = tx.get::<BulkOperation>(&operation.id)? {
                let is_same = known.request == operation.request;
                return Ok(if is_same { Made::Known(known) } else { Made::OtherRequest });
            }
            let open = tx.list_by(&OPERATIONS_BY_STATE, &1_u16)?;
            let own = open.iter().filter(|known| known.user == operation.user).count();
            if own >= OPEN_OF_USER_MAX && !may_manage_all(actor) {
                let message = format!(
                    "{OPEN_OF_USER_MAX} of your operations are under way: wait for one, or cancel it."
                );
                return Err(Refusal::with_message(Kind::Conflict, message));
            }
            if open.len() >= OPEN_MAX {
                let message =
                    format!("{OPEN_MAX} operations are under way: wait for one, or cancel it.");
                return Err(Refusal::with_message(Kind::Conflict, message));
            }
            let operation = BulkOperation { created: tx.now(), ..operation.clone() };
            tx.insert(&operation)?;
            Ok(Made::New(operation))
        })
        .await
}

/// The operations that somebody may see: the own ones, or all.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<BulkOperation>, Refusal> {
    permits(actor, Permission::View, &Object::Site)?;
    let (view, actor) = (tables.view().await?, actor.clone());
    // Each has up to a thousand targets.
    background::run(move || {
        let mut operations = view.list::<BulkOperation>()?;
        operations.retain(|operation| is_seen(&actor, operation));
        Ok(operations)
    })
    .await
}

/// One operation.
///
/// # Errors
/// [`Refusal::NotFound`] when there is none that the actor may see.
pub async fn show(tables: &Tables, actor: &Actor, id: &str) -> Result<BulkOperation, Refusal> {
    permits(actor, Permission::View, &Object::Site)?;
    let found = tables.view().await?.get::<BulkOperation>(&id.to_owned())?;
    found.filter(|operation| is_seen(actor, operation)).ok_or(Refusal::NotFound { model: MODEL })
}

/// Gives up what waits of an operation. What is under way at this moment is still done.
///
/// # Errors
/// [`Refusal`] when there is none that the actor may see, or it has ended.
pub async fn cancel(tables: &Tables, actor: &Actor, id: &str) -> Result<BulkOperation, Refusal> {
    let cause = authorize(actor, Permission::View, "operation.cancel")?;
    tables
        .update(&cause, |tx| {
            let found = tx.get::<BulkOperation>(&id.to_owned())?;
            let mut operation = found
                .filter(|operation| is_seen(actor, operation))
                .ok_or(Refusal::NotFound { model: MODEL })?;
            if !operation.cancel(&actor.to_string(), tx.now()) {
                let message = "The operation has ended.";
                return Err(Refusal::with_message(Kind::Conflict, message));
            }
            tx.put(&operation)?;
            Ok(operation)
        })
        .await
}

/// Whether an actor may see an operation, and cancel it.
fn is_seen(actor: &Actor, operation: &BulkOperation) -> bool {
    let is_own = matches!(actor, Actor::User(user, _) if user.id == operation.user);
    is_own || may_manage_all(actor)
}

fn may_manage_all(actor: &Actor) -> bool {
    permits(actor, Permission::ManageOperations, &Object::Site).is_ok()
}

/// The operations that are under way, the oldest first.
///
/// # Errors
/// [`TableError`] when a row cannot be read.
pub fn open(view: &View) -> Result<Vec<BulkOperation>, TableError> {
    let mut open = view.list_by(&OPERATIONS_BY_STATE, &1_u16)?;
    open.sort_by_key(|operation| operation.created);
    Ok(open)
}

/// Who an operation is carried out for, with the rights of now; none when that user is gone.
///
/// # Errors
/// [`TableError`] when a row cannot be read.
pub fn asker(view: &View, operation: &BulkOperation) -> Result<Option<Actor>, TableError> {
    actor_at(view, operation.user)
}

/// Notes what became of targets.
///
/// # Errors
/// [`TableError`].
pub async fn note(tables: &Tables, id: &str, noted: &[(String, Noted)]) -> Result<(), TableError> {
    let cause = Cause::new("reconciler:operations", "operation.note");
    tables
        .update(&cause, |tx| {
            let Some(mut operation) = tx.get::<BulkOperation>(&id.to_owned())? else {
                return Ok(());
            };
            for (target, noted) in noted {
                match noted {
                    Noted::Outcome(outcome) => operation.note(target, outcome.clone(), tx.now()),
                    Noted::Unavailable(detail) => {
                        operation.note_unavailable(target, detail, tx.now());
                    }
                }
            }
            tx.put(&operation)
        })
        .await
}

/// Removes operations that ended long ago, or before many others, at most as many as one transaction takes; returns
/// whether there may be more of them.
///
/// # Errors
/// [`TableError`].
pub async fn forget(tables: &Tables) -> Result<bool, TableError> {
    let mut ended = tables.stale_view().await?.list_by(&OPERATIONS_BY_STATE, &0_u16)?;
    ended.sort_by_key(|operation| operation.ended);
    let count = ended.len();
    let is_over = |at: usize, operation: &BulkOperation| {
        operation.is_forgotten(count.saturating_sub(at + 1), now())
    };
    let over = ended.iter().enumerate().filter(|(at, operation)| is_over(*at, operation));
    let ids: Vec<&String> = over.map(|(_, operation)| &operation.id).take(FORGOTTEN_MAX).collect();
    if ids.is_empty() {
        return Ok(false);
    }
    let cause = Cause::new("reconciler:operations", "operation.forget");
    tables
        .update(&cause, |tx| {
            for id in &ids {
                tx.delete::<BulkOperation>(id)?;
            }
            Ok::<_, TableError>(())
        })
        .await?;
    Ok(count > ENDED_KEPT_COUNT)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::id::UserId;
    use model::operation::{ENDED_KEPT_MS, Target};
    use model::time::Timestamp;
    use raft_store::Store;

    use model::user::User;

    use super::*;
    use crate::authorize::tests::administrator;

    fn operation(id: &str, user: u32) -> BulkOperation {
        BulkOperation {
            id: id.to_owned(),
            user: UserId(user),
            username: "eve".to_owned(),
            from: None,
            request_id: None,
            request: "one".to_owned(),
            resource: "machines".to_owned(),
            verb: "release".to_owned(),
            filter: None,
            parameters: BTreeMap::new(),
            secrets: BTreeMap::new(),
            resolved_at: 1,
            created: Timestamp::default(),
            ended: None,
            cancelled_by: None,
            targets: vec![Target::new("a".to_owned(), "a".to_owned())],
        }
    }

    fn user(id: u32) -> Actor {
        let Actor::User(administrator, _) = administrator() else { unreachable!("it is a user") };
        Actor::without_groups(User { id: UserId(id), is_superuser: false, ..administrator })
    }

    #[tokio::test]
    async fn an_operation_is_made_once_and_seen_by_its_user() {
        let tables = Tables::new(Store::in_memory());
        let made = create(&tables, &user(2), &operation("x", 2)).await.unwrap();
        assert!(matches!(made, Made::New(_)));
        let again = create(&tables, &user(2), &operation("x", 2)).await.unwrap();
        assert!(matches!(again, Made::Known(_)));
        let other = BulkOperation { request: "two".to_owned(), ..operation("x", 2) };
        assert_eq!(create(&tables, &user(2), &other).await, Ok(Made::OtherRequest));
        for (actor, seen) in [(user(2), 1), (user(3), 0), (administrator(), 1)] {
            assert_eq!(list(&tables, &actor).await.unwrap().len(), seen);
            assert_eq!(show(&tables, &actor, "x").await.is_ok(), seen == 1);
        }
        assert!(cancel(&tables, &user(3), "x").await.is_err());
        assert!(cancel(&tables, &user(2), "x").await.is_ok());
        assert_eq!(cancel(&tables, &user(2), "x").await.unwrap_err().kind(), Kind::Conflict);
    }

    #[tokio::test]
    async fn so_many_are_under_way_and_old_ones_go() {
        let tables = Tables::new(Store::in_memory());
        for number in 0..OPEN_OF_USER_MAX {
            create(&tables, &user(2), &operation(&number.to_string(), 2)).await.unwrap();
        }
        let one_more = create(&tables, &user(2), &operation("x", 2)).await;
        assert!(one_more.unwrap_err().to_string().contains("of your operations"));
        for number in OPEN_OF_USER_MAX..OPEN_MAX {
            create(&tables, &administrator(), &operation(&number.to_string(), 1)).await.unwrap();
        }
        for (actor, id) in [(user(3), 3), (administrator(), 1)] {
            let one_more = create(&tables, &actor, &operation("x", id)).await;
            assert_eq!(one_more.unwrap_err().kind(), Kind::Conflict);
        }
        let outcome = Noted::Outcome(Outcome::Done { revision: 5 });
        note(&tables, "0", &[("a".to_owned(), outcome)]).await.unwrap();
        assert_eq!(open(&tables.view().await.unwrap()).unwrap().len(), OPEN_MAX - 1);
        let old = Timestamp::from_unix_ms(now().unix_ms - ENDED_KEPT_MS);
        let old = BulkOperation { ended: Some(old), ..operation("old", 2) };
        tables.update(&Cause::new("test", "test"), |tx| tx.insert(&old)).await.unwrap();
        forget(&tables).await.unwrap();
        let view = tables.view().await.unwrap();
        assert!(view.get::<BulkOperation>(&"old".to_owned()).unwrap().is_none());
        assert!(view.get::<BulkOperation>(&"0".to_owned()).unwrap().is_some(), "it ended now");
    }
}
