//! `ServiceHolder` on the wire. Since when it holds is the region's business.

use model::id::VlanId;
use model::net::service_address::ServiceHolder;
use model::time::Timestamp;

use super::error::{ConvertError, parse_text};
use crate::rack;

const MESSAGE: &str = "ServiceHolder";

impl From<&ServiceHolder> for rack::ServiceHolder {
    fn from(holder: &ServiceHolder) -> Self {
        let ServiceHolder { vlan, rack, since: _ } = holder;
        Self { vlan: vlan.0, rack: rack.as_ref().map(ToString::to_string) }
    }
}

impl TryFrom<rack::ServiceHolder> for ServiceHolder {
    type Error = ConvertError;

    fn try_from(holder: rack::ServiceHolder) -> Result<Self, Self::Error> {
        let rack = holder.rack.map(|rack| parse_text(MESSAGE, "rack", &rack)).transpose()?;
        Ok(Self { vlan: VlanId(holder.vlan), rack, since: Timestamp::default() })
    }
}
