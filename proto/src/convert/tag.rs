//! `Tag` on the wire: its kernel options.

use model::tag::ServedTag;

use crate::rack;

impl From<&ServedTag> for rack::Tag {
    fn from(tag: &ServedTag) -> Self {
        let ServedTag { name, kernel_opts } = tag;
        Self { name: name.clone(), kernel_opts: kernel_opts.clone() }
    }
}

impl From<rack::Tag> for ServedTag {
    fn from(tag: rack::Tag) -> Self {
        Self { name: tag.name, kernel_opts: tag.kernel_opts }
    }
}
