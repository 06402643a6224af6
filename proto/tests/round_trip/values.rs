//! Values that every object is made of.

use std::net::IpAddr;

use ipnet::IpNet;
use model::id::SystemId;
use model::lease::client::ClientId;
use model::mac::MacAddress;
use model::time::Timestamp;
use proptest::prelude::*;

pub(crate) fn ip() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())),
        any::<u128>().prop_map(|bits| IpAddr::V6(bits.into())),
    ]
}

pub(crate) fn ips() -> impl Strategy<Value = Vec<IpAddr>> {
    prop::collection::vec(ip(), 0..4)
}

pub(crate) fn prefix() -> impl Strategy<Value = IpNet> {
    (ip(), 0..=128_u8).prop_map(|(ip, len)| {
        let len = if ip.is_ipv4() { len % 33 } else { len };
        IpNet::new(ip, len).unwrap()
    })
}

pub(crate) fn mac() -> impl Strategy<Value = MacAddress> {
    any::<[u8; 6]>().prop_map(MacAddress)
}

pub(crate) fn client() -> impl Strategy<Value = ClientId> {
    let identifier = prop::collection::vec(any::<u8>(), 1..40);
    prop_oneof![
        mac().prop_map(ClientId::Hardware),
        identifier.prop_map(|bytes| ClientId::Identifier(bytes.into())),
    ]
}

pub(crate) fn system_id() -> impl Strategy<Value = SystemId> {
    (0..24_u64.pow(6)).prop_map(SystemId::from_number)
}

pub(crate) fn time() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp::from_unix_ms)
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    any::<String>()
}
