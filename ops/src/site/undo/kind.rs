//! Kinds of objects that can be taken back, and what is done to one.

use bytes::Bytes;
use model::access::{Actor, Object, Permission, permits};
use model::error::Kind as ErrorKind;
use tables::error::TableError;
use tables::read::Reads;
use tables::row::{Row, row_key};
use tables::tx::Tx;

use crate::error::Refusal;
use crate::site::undo::changed_since::Changed;
use crate::site::undo::failure::Failure;

/// What a revision did to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It made it.
    Made,
    /// It changed it.
    Changed,
    /// It removed it.
    Removed,
}

/// What is done to an object to take back what a revision did to it.
pub(super) trait Step: Send + Sync {
    /// What one is called.
    fn kind(&self) -> &'static str;
    /// Its name.
    fn name(&self) -> String;
    /// What the revision did to it.
    fn change(&self) -> Change;
    /// Whether it is as the revision left it; to be asked before anything is written.
    fn is_as_left(&self, tx: &Tx) -> Result<(), Changed>;
    /// Whether the actor may change it.
    fn allow(&self, tx: &Tx, actor: &Actor) -> Result<(), Refusal>;
    /// Writes it as it was.
    fn put(&self, tx: &mut Tx) -> Result<(), Failure>;
    /// Removes it.
    fn remove(&self, tx: &mut Tx, actor: &Actor) -> Result<(), Failure>;
    /// Whether the rules hold for it as it was, when everything is written.
    fn check(&self, tx: &mut Tx, actor: &Actor) -> Result<(), Failure>;
}

/// A kind of object that is stored in one row, which only users write.
pub(super) trait Kind: Row + PartialEq {
    /// What one is called.
    const NAME: &'static str;

    /// What who changes it must be permitted, unless [`Kind::allow`] says otherwise.
    const PERMISSION: Permission;

    /// The name of one.
    fn label(&self) -> String;

    /// Whether the actor may change it.
    fn allow(&self, actor: &Actor) -> Result<(), Refusal> {
        Ok(permits(actor, Self::PERMISSION, &Object::Site)?)
    }

    /// Removes it as its operation does.
    fn remove(&self, tx: &mut Tx, actor: &Actor) -> Result<(), Refusal>;

    /// Writes what has to be known of the row that it is written over.
    fn precede(&self, _: &mut Tx) -> Result<(), Refusal> {
        Ok(())
    }

    /// Whether it may be as it is written, in place of what it was; what has to follow follows.
    fn check(&self, tx: &mut Tx, actor: &Actor, was: Option<&Self>) -> Result<(), Refusal>;
}

/// A row before a revision and after it.
pub(super) struct RowStep<T> {
    /// Its key in the store.
    pub(super) place: Bytes,
    pub(super) revision: u64,
    pub(super) before: Option<T>,
    pub(super) after: Option<T>,
}

impl<T: Kind> RowStep<T> {
    fn row(&self) -> Option<&T> {
        self.before.as_ref().or(self.after.as_ref())
    }
}

impl<T: Kind + Sync> Step for RowStep<T> {
    fn kind(&self) -> &'static str {
        T::NAME
    }

    fn name(&self) -> String {
        self.row().map(Kind::label).unwrap_or_default()
    }

    fn change(&self) -> Change {
        change(self.before.is_some(), self.after.is_some())
    }

    fn is_as_left(&self, tx: &Tx) -> Result<(), Changed> {
        let stored = tx.value(&self.place).map(|stored| stored.revision);
        if stored == self.after.as_ref().map(|_| self.revision) {
            return Ok(());
        }
        Err(Changed { kind: T::NAME, name: self.name(), keys: vec![self.place.clone()] })
    }

    fn allow(&self, _: &Tx, actor: &Actor) -> Result<(), Refusal> {
        self.before.iter().chain(&self.after).try_for_each(|row| row.allow(actor))
    }

    fn put(&self, tx: &mut Tx) -> Result<(), Failure> {
        let Some(row) = &self.before else { return Ok(()) };
        row.precede(tx)?;
        Ok(tx.put(row)?)
    }

    fn remove(&self, tx: &mut Tx, actor: &Actor) -> Result<(), Failure> {
        // It may have gone with something else.
        let Some(row) = self.after.as_ref().filter(|row| is_there(tx, *row)) else { return Ok(()) };
        Ok(row.remove(tx, actor)?)
    }

    fn check(&self, tx: &mut Tx, actor: &Actor) -> Result<(), Failure> {
        let Some(row) = &self.before else { return Ok(()) };
        Ok(row.check(tx, actor, self.after.as_ref())?)
    }
}

pub(super) fn change(was: bool, is: bool) -> Change {
    match (was, is) {
        (false, _) => Change::Made,
        (true, true) => Change::Changed,
        (true, false) => Change::Removed,
    }
}

fn is_there<T: Row>(tx: &Tx, row: &T) -> bool {
    tx.value(&row_key::<T>(&row.id())).is_some()
}

/// What an object refers to; it is compared.
///
/// # Errors
/// 409 when it is not there any more.
pub(super) fn present<T: Row>(tx: &Tx, id: &T::Id, what: &str) -> Result<T, Refusal> {
    let found: Result<Option<T>, TableError> = tx.get::<T>(id);
    let missing = || {
        let message = format!("The {what} that it belongs to is not there any more.");
        Refusal::with_message(ErrorKind::Conflict, message)
    };
    found?.ok_or_else(missing)
}
