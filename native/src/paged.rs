//! Lists of what is too much to be read at once, events and leases: in the order of an index, a page at a time.
//!
//! They are not counted and not sorted otherwise. A page may be short, or empty, although there is a next one: what a
//! filter means may lie far apart, and a request looks at a bounded number of objects.

use std::fmt;
use std::pin::Pin;

use model::query::field::Field;
use serde_json::Value;

use crate::problem::Problem;
use crate::request::Request;

/// The parameters that select, with what they mean.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("filter", "Only objects that this filter means."),
    ("limit", "How many objects a page has at most: 50 by default, 1000 at most."),
    (
        "page_token",
        "Where the page begins: `next` of the page before. A page with a `next` may have few objects or none.",
    ),
    ("fields", "Only these members of each object, with commas."),
];

/// What is asked of a page.
pub struct PageQuery {
    /// What an index could find the objects by: fields, and the words of which they have one.
    pub words: Vec<(String, Vec<String>)>,
    /// Whether that is all that is asked.
    pub only_words: bool,
    /// Gives an object back if it is meant.
    pub meant: Box<dyn Fn(Value) -> Option<Value> + Send + Sync>,
    /// How many at most.
    pub limit: usize,
    /// What `next` of the page before was.
    pub after: Option<String>,
}

impl fmt::Debug for PageQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("PageQuery");
        shown.field("words", &self.words).field("limit", &self.limit).field("after", &self.after);
        shown.finish_non_exhaustive()
    }
}

/// A page.
#[derive(Debug)]
pub struct Paged {
    /// Its objects.
    pub items: Vec<Value>,
    /// Where the next one begins; none when there is none.
    pub next: Option<String>,
}

/// A page, later.
pub type PageLater<'a> = Pin<Box<dyn Future<Output = Result<Paged, Problem>> + Send + 'a>>;

/// One object or none, later.
pub type OneLater<'a> = Pin<Box<dyn Future<Output = Result<Vec<Value>, Problem>> + Send + 'a>>;

/// How pages of a kind are read.
#[derive(Debug, Clone, Copy)]
pub struct Pages {
    /// What they are filtered by; none for all members of their shape.
    pub fields: Option<fn() -> Vec<Field>>,
    /// Reads one.
    pub page: for<'a> fn(&'a Request, &'a PageQuery) -> PageLater<'a>,
    /// The object of that key; none when there is none.
    pub one: for<'a> fn(&'a Request, &'a str) -> OneLater<'a>,
}

/// What is said of a token that is none.
#[must_use]
pub fn no_token() -> Problem {
    Problem::parameter("page_token", "It is not of this list.")
}
