//! Identifiers of clients and servers (RFC 9915 §11).
//!
//! They are opaque and equal when their bytes are. All that is read of one is the hardware address that two
//! of its kinds are made of, and only where nothing better says what that of a client is.

use model::mac::MacAddress;

/// The least and the greatest length: a type, and 1 to 128 bytes.
pub(crate) const LEN_MIN: usize = 3;
/// See [`LEN_MIN`].
pub(crate) const LEN_MAX: usize = 130;
/// A link-layer address and a time.
const LINK_LAYER_TIME: u16 = 1;
/// A link-layer address.
const LINK_LAYER: u16 = 3;
/// A UUID (RFC 6355).
const UUID: u16 = 4;
const ETHERNET: [u8; 2] = [0, 1];

/// The hardware address that an identifier was made of: one of its host's, perhaps of another interface.
#[must_use]
pub fn hardware(duid: &[u8]) -> Option<MacAddress> {
    let (kind, rest) = duid.split_first_chunk::<2>()?;
    let rest = rest.strip_prefix(&ETHERNET)?;
    let address = match u16::from_be_bytes(*kind) {
        LINK_LAYER_TIME => rest.get(4..)?,
        LINK_LAYER => rest,
        _ => return None,
    };
    Some(MacAddress(address.try_into().ok()?)).filter(|mac| mac.is_unicast())
}

/// An identifier of the kind that has a hardware address, and no time.
#[must_use]
pub fn of_hardware(mac: MacAddress) -> Vec<u8> {
    [&LINK_LAYER.to_be_bytes()[..], &ETHERNET, &mac.0].concat()
}

/// An identifier of the kind that has a UUID (RFC 6355).
#[must_use]
pub fn of_uuid(uuid: u128) -> Vec<u8> {
    [&UUID.to_be_bytes()[..], &uuid.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// V6-17.
    #[test]
    fn a_hardware_address_is_read_of_the_kinds_that_have_one() {
        let mac = Some(MacAddress([0x52, 0x54, 0, 0, 0, 1]));
        assert_eq!(hardware(&[0, 3, 0, 1, 0x52, 0x54, 0, 0, 0, 1]), mac);
        assert_eq!(hardware(&of_hardware(MacAddress([0x52, 0x54, 0, 0, 0, 1]))), mac);
        assert_eq!(hardware(&[0, 1, 0, 1, 9, 9, 9, 9, 0x52, 0x54, 0, 0, 0, 1]), mac);
        for other in [
            &[0, 3, 0, 32, 0x52, 0x54, 0, 0, 0, 1][..],
            &[0, 3, 0, 1, 0x52, 0x54, 0],
            &[0, 2, 0, 1, 0x52, 0x54, 0, 0, 0, 1],
            &of_uuid(0),
            &[],
        ] {
            assert_eq!(hardware(other), None, "{other:?}");
        }
    }
}
