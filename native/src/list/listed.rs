//! What can be listed.

use model::query::field::Subject;

/// Something that can be listed.
pub trait Listed: Subject {
    /// What names it: unique, and the same for as long as it exists.
    fn key(&self) -> String;
}
