//! Which time servers a deployed machine follows.

use model::machine::Machine;
use model::net::subnet::Subnet;
use model::setting::typed::{NTP_EXTERNAL_ONLY, NTP_SERVERS};

use crate::network::spans::rack_addresses;
use crate::site::settings;
use tables::error::TableError;
use tables::read::Reads;

/// The racks on the subnets of its links; where there are none, or racks are not to serve time, the time servers of the site.
///
/// # Errors
/// [`TableError`].
pub(crate) fn of_machine(reads: &impl Reads, machine: &Machine) -> Result<Vec<String>, TableError> {
    let mut servers: Vec<String> = Vec::new();
    if !settings::read(reads, &NTP_EXTERNAL_ONLY)? {
        let links = machine.interfaces.iter().flat_map(|interface| &interface.links);
        for id in links.filter_map(|link| link.subnet) {
            let Some(subnet) = reads.get::<Subnet>(&id)? else { continue };
            servers.extend(rack_addresses(reads, &subnet)?.iter().map(ToString::to_string));
        }
        servers.sort_unstable();
        servers.dedup();
    }
    if servers.is_empty() { settings::read(reads, &NTP_SERVERS) } else { Ok(servers) }
}
