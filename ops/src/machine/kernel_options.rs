//! What the kernel of a machine is told besides, by the site and by the tags that it carries.

use std::collections::BTreeMap;

use model::boot::kernel_options;
use model::machine::Machine;
use model::setting::typed::KERNEL_OPTS;
use model::tag::Tag;

use crate::site::settings;
use tables::error::TableError;
use tables::read::Reads;

/// The options of a machine, as words on one line. Racks tell the ephemeral OS the same.
///
/// # Errors
/// [`TableError`].
pub(crate) fn of_machine(reads: &impl Reads, machine: &Machine) -> Result<String, TableError> {
    let names = machine.placement.tags.iter();
    let tags = names.filter_map(|name| reads.get::<Tag>(name).transpose());
    let tags: Vec<Tag> = tags.collect::<Result<_, _>>()?;
    let by_name: BTreeMap<&str, &str> =
        tags.iter().map(|tag| (tag.name.as_str(), tag.kernel_opts.as_str())).collect();
    Ok(kernel_options::of_machine(&settings::read(reads, &KERNEL_OPTS)?, by_name))
}
