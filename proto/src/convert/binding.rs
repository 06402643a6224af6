//! `Binding` on the wire.

use model::id::{SubnetId, VlanId};
use model::lease::binding::{Binding, BindingState};
use model::time::Timestamp;

use super::address::{
    client_from_bytes, client_to_bytes, hardware_from_bytes, ip_from_bytes, ip_to_bytes,
    prefix_length_from_wire,
};
use super::error::{ConvertError, parse_text};
use super::unknown::Unknown;
use crate::rack;

const MESSAGE: &str = "Binding";

impl From<&Binding> for rack::Binding {
    fn from(binding: &Binding) -> Self {
        let Binding { ip, subnet, vlan, client, hardware, prefix_length, state, .. } = binding;
        let Binding { hostname, told_until, promise_until, rack, .. } = binding;
        let (mac, client_identifier) = client_to_bytes(client);
        let hardware = hardware.filter(|_| prefix_length.is_none());
        Self {
            ip: ip_to_bytes(*ip),
            subnet: subnet.0,
            vlan: vlan.0,
            mac,
            state: match state {
                BindingState::Active => 0,
                BindingState::Released => 1,
                BindingState::Declined => 2,
            },
            hostname: hostname.clone(),
            told_until_ms: told_until.unix_ms,
            promise_until_ms: promise_until.unix_ms,
            rack: rack.to_string(),
            client_identifier,
            hardware: hardware.map(|mac| mac.0.to_vec()).unwrap_or_default(),
            prefix_length: prefix_length.unwrap_or_default().into(),
        }
    }
}

/// The binding, with what is known of it.
pub(super) fn binding(
    binding: rack::Binding,
    unknown: &mut Vec<Unknown>,
) -> Result<Binding, ConvertError> {
    Ok(Binding {
        ip: ip_from_bytes(MESSAGE, "ip", &binding.ip)?,
        subnet: SubnetId(binding.subnet),
        vlan: VlanId(binding.vlan),
        client: client_from_bytes(MESSAGE, &binding.mac, &binding.client_identifier)?,
        hardware: hardware_from_bytes(MESSAGE, &binding.hardware)?,
        prefix_length: prefix_length_from_wire(MESSAGE, binding.prefix_length)?,
        state: match binding.state {
            0 => BindingState::Active,
            1 => BindingState::Released,
            2 => BindingState::Declined,
            other => {
                unknown.push(Unknown::new(MESSAGE, "state", other));
                BindingState::Declined
            }
        },
        hostname: binding.hostname,
        told_until: Timestamp::from_unix_ms(binding.told_until_ms),
        promise_until: Timestamp::from_unix_ms(binding.promise_until_ms),
        rack: parse_text(MESSAGE, "rack", &binding.rack)?,
    })
}
