//! MAAS's JSON shape of a device.

use api::devices::Device;
use api::machines::Interface;
use model::id::SystemId;
use model::machine;
use ops::Tables;
use ops::background;
use ops::machine::devices::DeviceDetail;
use ops::machine::list::InterfaceDetail;

use crate::machine::shape;
use crate::problem::Problem;
use crate::shapes;

/// Makes something of the shapes of devices, in the order of their ids.
///
/// # Errors
/// [`Problem`] when they cannot be read.
pub async fn of_ids<T: Send + 'static>(
    tables: &Tables,
    ids: Vec<SystemId>,
    made: fn(&Device) -> T,
) -> Result<Vec<T>, Problem> {
    let list = ops::machine::devices::of_ids(tables, ids).await?;
    background::run(move || list.map(|found| Ok(made(&device(&found?)))).collect()).await
}

/// The shape of a device.
pub(crate) fn device(detail: &DeviceDetail) -> Device {
    let found = &detail.device;
    let domain = detail.domain.as_deref().map(shapes::domain);
    let interfaces = found.interfaces.iter().zip(&detail.interfaces);
    let owner_data = found.annotations.by_key().clone();
    Device {
        system_id: found.system_id.clone(),
        hostname: found.hostname.clone(),
        description: found.description.clone(),
        fqdn: shape::full_name(&found.hostname, domain.as_ref()),
        domain,
        owner: detail.owner.as_ref().map(|owner| owner.username.clone()),
        workload_annotations: owner_data.clone(),
        owner_data,
        parent: found.parent.clone(),
        tag_names: Vec::new(),
        address_ttl: None,
        ip_addresses: found.links().filter_map(|link| link.ip_address).collect(),
        interface_set: interfaces
            .map(|(found_one, names)| interface(&found.system_id, found_one, names))
            .collect(),
        zone: detail.zone.as_deref().map(Into::into),
        node_type: 1,
        node_type_name: "Device".to_owned(),
        resource_uri: format!("/MAAS/api/2.0/devices/{}/", found.system_id),
    }
}

/// The shape of an interface of a device.
pub(crate) fn interface(
    id: &SystemId,
    found: &machine::interface::Interface,
    names: &InterfaceDetail,
) -> Interface {
    Interface { numa_node: None, ..shape::interface(id, found, names) }
}
