//! A kind of object, as data: what everything that the API can do with it follows from.

use model::access::{Actor, Permission};
use model::query::field::FieldKind;
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::listing::Listing;
use crate::rows::Rows;
use crate::rows_seen::RowSeen;
use crate::times::Moment;

/// The name of a schema, itself, and those that it names.
#[derive(Clone)]
pub struct Shape {
    /// Its name in the document.
    pub name: String,
    /// The schema.
    pub schema: RefOr<Schema>,
    /// What it refers to, by name.
    pub named: Vec<(String, RefOr<Schema>)>,
}

/// A kind of object of the API.
#[derive(Debug, Clone, Copy)]
pub struct Resource {
    /// What many are called: the element of the path, `ip-ranges`.
    pub name: &'static str,
    /// What one is called, `ip-range`.
    pub singular: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// The field that names one in a path.
    pub key: &'static str,
    /// Other fields that name one, if it is the only one with that value.
    pub also: &'static [&'static str],
    /// The form of one.
    pub shape: fn() -> Shape,
    /// What whoever sees any of them needs at least.
    pub permission: Permission,
    /// How all of them are found.
    pub listing: Listing,
    /// Paths of MAAS's API whose operations are about all of them, `subnets/`.
    pub collections: &'static [&'static str],
    /// Paths of MAAS's API whose operations are about one, `subnets/{id}/`.
    pub items: &'static [&'static str],
    /// Where it is stored; none for what is made of other objects.
    pub rows: Option<Rows>,
    /// What somebody may see of such a row; none where who sees any of them sees all of all.
    pub row_seen: Option<RowSeen>,
    /// What is told of when it happened to one, besides what its shape has.
    pub times: &'static [Moment],
    /// Members that lists leave out unless `fields` names them: they may be long.
    pub left_out: &'static [&'static str],
    /// Whether it changes all the time, so that it is watched only where it is named.
    pub restless: bool,
    /// Whether one may say where parts of it are to be sent.
    pub uploaded: bool,
    /// Kinds of fields that their schema does not tell.
    pub kinds: &'static [(&'static str, FieldKind)],
    /// The fields that a table of them shows first.
    pub columns: &'static [&'static str],
}

impl Resource {
    /// A resource that MAAS's API lists at `collection`, with these operations on one.
    #[must_use]
    pub const fn new<T: ToSchema>(
        name: &'static str,
        singular: &'static str,
        collections: &'static [&'static str],
        items: &'static [&'static str],
    ) -> Self {
        let listing = match collections {
            [first, ..] => Listing::Operation(first),
            [] => Listing::Nothing,
        };
        Self {
            name,
            singular,
            doc: "",
            key: "id",
            also: &["name"],
            shape: shape::<T>,
            permission: Permission::View,
            listing,
            collections,
            items,
            rows: None,
            row_seen: None,
            times: &[],
            left_out: &[],
            restless: false,
            uploaded: false,
            kinds: &[],
            columns: &["id", "name"],
        }
    }

    /// The same with a documentation.
    #[must_use]
    pub const fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    /// The same, watched only where it is named.
    #[must_use]
    pub const fn restless(mut self) -> Self {
        self.restless = true;
        self
    }

    /// The same, named by that field in a path, and by others too.
    #[must_use]
    pub const fn named_by(mut self, key: &'static str, also: &'static [&'static str]) -> Self {
        self.key = key;
        self.also = also;
        self
    }

    /// The same, seen by those who have a permission.
    #[must_use]
    pub const fn seen_with(mut self, permission: Permission) -> Self {
        self.permission = permission;
        self
    }

    /// The same, listed otherwise.
    #[must_use]
    pub const fn listed(mut self, listing: Listing) -> Self {
        self.listing = listing;
        self
    }

    /// The same, stored in these rows.
    #[must_use]
    pub const fn stored(mut self, rows: Rows) -> Self {
        self.rows = Some(rows);
        self
    }

    /// The same, of which not everybody sees everything.
    #[must_use]
    pub const fn row_seen(mut self, row_seen: RowSeen) -> Self {
        self.row_seen = Some(row_seen);
        self
    }

    /// The same, of which it is told when that happened.
    #[must_use]
    pub const fn timed(mut self, times: &'static [Moment]) -> Self {
        self.times = times;
        self
    }

    /// The same, of which lists leave members out.
    #[must_use]
    pub const fn leaves_out(mut self, members: &'static [&'static str]) -> Self {
        self.left_out = members;
        self
    }

    /// The same, whose content is uploaded in parts.
    #[must_use]
    pub const fn uploaded(mut self) -> Self {
        self.uploaded = true;
        self
    }

    /// The same with kinds of fields.
    #[must_use]
    pub const fn kinds(mut self, kinds: &'static [(&'static str, FieldKind)]) -> Self {
        self.kinds = kinds;
        self
    }

    /// The same with the columns of a table.
    #[must_use]
    pub const fn columns(mut self, columns: &'static [&'static str]) -> Self {
        self.columns = columns;
        self
    }
}

impl Resource {
    /// What somebody who sees some of them may see of a row; none when it may see nothing of it.
    #[must_use]
    pub fn row_seen_by(&self, actor: &Actor, row: Value) -> Option<Value> {
        match self.row_seen {
            Some(seen) => seen(actor, row),
            None => Some(row),
        }
    }
}

fn shape<T: ToSchema>() -> Shape {
    let mut named = Vec::new();
    T::schemas(&mut named);
    Shape { name: T::name().into_owned(), schema: <T as PartialSchema>::schema(), named }
}
