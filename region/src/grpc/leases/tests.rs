//! What a rack hears with the answer to a request for blocks.

use std::net::IpAddr;

use model::id::IpRangeId;
use model::lease::binding::{Binding, BindingState};
use model::mac::MacAddress;
use model::net::iprange::{IpRange, Purpose};
use raft_store::Store;
use tables::update::{Cause, now};

use super::*;

fn ip(last: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, last])
}

fn subnet(id: u32, vlan: u32) -> Subnet {
    Subnet {
        name: "lab".to_owned(),
        ..Subnet::new(SubnetId(id), VlanId(vlan), format!("10.0.{}.0/24", id - 1).parse().unwrap())
    }
}

/// A range of ten addresses, of which nine are in use.
async fn fill(tables: &Tables) {
    let range = IpRange {
        id: IpRangeId(1),
        purpose: Purpose::Dynamic,
        start_ip: ip(100),
        end_ip: ip(109),
        subnet: SubnetId(1),
        user: None,
        comment: String::new(),
    };
    let until = now().plus_ms(600_000);
    let binding = |last| Binding {
        ip: ip(last),
        subnet: SubnetId(1),
        vlan: VlanId(1),
        client: MacAddress([2, 0, 0, 0, 0, last]).into(),
        hardware: None,
        prefix_length: None,
        state: BindingState::Active,
        hostname: None,
        told_until: until,
        promise_until: until,
        rack: SystemId::from_number(1),
    };
    let cause = Cause::new("test", "test");
    let written = tables.update(&cause, |tx| -> Result<(), TableError> {
        tx.insert(&subnet(1, 1))?;
        tx.insert(&subnet(2, 2))?;
        tx.insert(&range)?;
        (100..109).try_for_each(|last| tx.insert(&binding(last)))
    });
    written.await.unwrap();
}

#[tokio::test]
async fn a_rack_hears_how_full_the_pools_of_its_links_are() {
    let tables = Tables::new(Store::in_memory());
    fill(&tables).await;
    let ask = async |vlan| {
        let blocks = vec![proto::rack::BlockRequest {
            vlan,
            free: 0,
            wanted: 256,
            ipv6: false,
            prefixes: false,
        }];
        let request = RequestBlocksRequest { incarnation: 7, blocks };
        request_blocks(&tables, &SystemId::from_number(1), request).await.unwrap().pools
    };
    assert_eq!(ask(1).await, [PoolUse { subnet: 1, used_permille: 900 }]);
    assert_eq!(ask(2).await, [], "it has no dynamic range");
}
