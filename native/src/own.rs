//! What only this API has, besides the resources: each a method at a path.

use crate::machines::timeline;
use crate::{cluster, docs, revisions, watch};

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The `OpenAPI` document.
    Document,
    /// The kinds of objects.
    Catalog,
    /// The regions.
    Cluster,
    /// The watch.
    Watch,
    /// A file of the documentation.
    Docs(docs::File),
    /// Giving up what waits of an operation.
    CancelOperation,
    /// Why a machine is as it is.
    Timeline,
    /// What was changed, newest first.
    Revisions,
    /// What was changed at a revision.
    Revision,
}

/// Something at a path.
#[derive(Debug, Clone, Copy)]
pub struct Own {
    /// The method.
    pub method: &'static str,
    /// The path below the root.
    pub path: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// The parameters of its query, with what they mean.
    pub params: &'static [(&'static str, &'static str)],
    /// Whether callers without a key may use it.
    pub is_open: bool,
    /// What it is.
    pub what: What,
}

/// All of it.
pub const OWN: &[Own] = &[
    Own {
        method: "GET",
        path: "openapi.json",
        doc: "This API as an OpenAPI 3.1 document.",
        params: &[],
        is_open: true,
        what: What::Document,
    },
    Own {
        method: "GET",
        path: "resources",
        doc: "The kinds of objects: their fields, columns and verbs.",
        params: &[],
        is_open: false,
        what: What::Catalog,
    },
    Own {
        method: "GET",
        path: "cluster",
        doc: "The regions as the one that answers sees them: who leads, how far each one is, and how many may fail.",
        params: cluster::PARAMETERS,
        is_open: false,
        what: What::Cluster,
    },
    Own {
        method: "GET",
        path: "watch",
        doc: "What changes, as server-sent events.",
        params: watch::PARAMETERS,
        is_open: false,
        what: What::Watch,
    },
    Own {
        method: "GET",
        path: "docs",
        doc: "The documentation of this API, for people.",
        params: &[],
        is_open: true,
        what: What::Docs(docs::File::Page),
    },
    Own {
        method: "GET",
        path: "docs/docs.css",
        doc: "How the documentation looks.",
        params: &[],
        is_open: true,
        what: What::Docs(docs::File::Style),
    },
    Own {
        method: "GET",
        path: "docs/docs.js",
        doc: "What the documentation does.",
        params: &[],
        is_open: true,
        what: What::Docs(docs::File::Script),
    },
    Own {
        method: "POST",
        path: "operations/{operation}/cancel",
        doc: "Give up what waits of an operation; what is under way at this moment is still done.",
        params: &[],
        is_open: false,
        what: What::CancelOperation,
    },
    Own {
        method: "GET",
        path: "machines/{machine}/timeline",
        doc: "Why a machine is as it is: what happened in one order, how long each status took and usually takes, what it waits for, and what would help.",
        params: timeline::PARAMETERS,
        is_open: false,
        what: What::Timeline,
    },
    Own {
        method: "GET",
        path: "revisions",
        doc: "What was changed in the site, newest first: when, by whom, why, and which objects.",
        params: revisions::PARAMETERS,
        is_open: false,
        what: What::Revisions,
    },
    Own {
        method: "GET",
        path: "revisions/{revision}",
        doc: "What was changed at a revision, with what differs of each object.",
        params: &[],
        is_open: false,
        what: What::Revision,
    },
];
