//! The shape of a tag.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// An expression over the hardware description.
    pub definition: String,
    /// Free text.
    pub comment: String,
    /// Kernel options for machines that carry it.
    pub kernel_opts: String,
    /// Its path.
    pub resource_uri: String,
}

impl From<&model::tag::Tag> for Tag {
    fn from(tag: &model::tag::Tag) -> Self {
        Self {
            name: tag.name.clone(),
            definition: tag.definition.clone(),
            comment: tag.comment.clone(),
            kernel_opts: tag.kernel_opts.clone(),
            resource_uri: format!("/MAAS/api/2.0/tags/{}/", tag.name),
        }
    }
}

/// How many machines were found of those that a tag was to be added to and taken from, as MAAS counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdatedNodes {
    /// Machines that carry it now.
    pub added: usize,
    /// Machines that do not carry it any more.
    pub removed: usize,
}

/// A tag whose definition is being evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rebuilding {
    /// Its name.
    pub rebuilding: String,
}
