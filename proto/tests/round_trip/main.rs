//! What a region sends is what a rack reads: model → message → bytes → message → model changes
//! nothing, for every kind of object, and bytes that are no message are refused without a panic.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod network;
mod nodes;
mod options;
mod values;

use proptest::prelude::*;
use prost::Message;
use proto::convert::{Key, Served};
use proto::rack;

/// Sends an object over the wire.
fn sent(served: &Served) -> Served {
    let bytes = rack::Object::from(served).encode_to_vec();
    rack::Object::decode(bytes.as_slice()).unwrap().try_into().unwrap()
}

fn sent_key(key: &Key) -> Key {
    let bytes = rack::ObjectKey::from(key).encode_to_vec();
    rack::ObjectKey::decode(bytes.as_slice()).unwrap().try_into().unwrap()
}

fn served() -> impl Strategy<Value = Served> {
    prop_oneof![
        network::vlan().prop_map(Served::Vlan),
        network::subnet().prop_map(Served::Subnet),
        network::iprange().prop_map(Served::IpRange),
        network::domain().prop_map(Served::Domain),
        network::dnsresource().prop_map(Served::DnsResource),
        network::binding().prop_map(Served::Binding),
        network::block().prop_map(Served::Block),
        network::reserved().prop_map(Served::Reserved),
        nodes::machine().prop_map(Served::Machine),
        nodes::power_job().prop_map(Served::PowerJob),
        nodes::setting().prop_map(Served::Setting),
        nodes::rack().prop_map(Served::Rack),
        nodes::boot_files().prop_map(Served::BootFiles),
        nodes::region().prop_map(Served::Region),
        options::snippet().prop_map(Served::DhcpSnippet),
        options::static_route().prop_map(Served::StaticRoute),
        nodes::tag().prop_map(Served::Tag),
        network::scan().prop_map(Served::NetworkScan),
        network::prefix_pool().prop_map(Served::PrefixPool),
        network::service_holder().prop_map(Served::ServiceHolder),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_object_arrives_as_it_was_sent(object in served()) {
        prop_assert_eq!(sent(&object), object);
    }

    #[test]
    fn a_key_arrives_as_it_was_sent(object in served()) {
        let key = object.key();
        prop_assert_eq!(sent_key(&key), key);
    }

    #[test]
    fn bytes_that_are_no_object_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(object) = rack::Object::decode(bytes.as_slice())
            && let Ok(served) = Served::try_from(object)
        {
            // What was understood means the same when it is sent on.
            prop_assert_eq!(sent(&served), served);
        }
    }
}
