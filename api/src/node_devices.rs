//! The shape of a PCI or USB device of a machine.

use model::id::SystemId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A PCI or USB device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeDevice {
    /// Its number, which follows from its address.
    pub id: u32,
    /// 1 for PCI Express, 2 for USB.
    pub bus: u8,
    /// `PCIE` or `USB`.
    pub bus_name: String,
    /// What sort of hardware it is: 0, as nothing says.
    pub hardware_type: u8,
    /// The name of that: `Node`.
    pub hardware_type_name: String,
    /// The machine.
    #[schema(value_type = String)]
    pub system_id: SystemId,
    /// The NUMA node it is at.
    pub numa_node: u32,
    /// The disk it is.
    pub physical_blockdevice: Option<u32>,
    /// The interface it is.
    pub physical_interface: Option<u32>,
    /// Four hexadecimal digits.
    pub vendor_id: String,
    /// Four hexadecimal digits.
    pub product_id: String,
    /// The vendor's name when known.
    pub vendor_name: String,
    /// The product's name when known.
    pub product_name: String,
    /// The kernel driver it had when the machine was examined.
    pub commissioning_driver: String,
    /// Its bus.
    pub bus_number: u32,
    /// Its place on the bus.
    pub device_number: u32,
    /// `0000:00:02.0`; null for USB.
    pub pci_address: Option<String>,
    /// Its path.
    pub resource_uri: String,
}
