//! The shape of a tag.

use serde::{Deserialize, Serialize};

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// How many machines a tag was added to and removed from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdatedNodes {
    /// Machines that carry it now and did not.
    pub added: usize,
    /// Machines that carried it and do not any more.
    pub removed: usize,
}
