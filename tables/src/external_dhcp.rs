//! The DHCP servers that are none of the site's, by VLAN.

use model::id::VlanId;
use model::net::external_dhcp::ExternalDhcp;

use crate::row::Row;

impl Row for ExternalDhcp {
    type Id = VlanId;
    const TABLE: &'static str = "external-dhcp";

    fn id(&self) -> VlanId {
        self.vlan
    }
}
