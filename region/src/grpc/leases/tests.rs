//! What a rack hears with the answer to a request for blocks.

use std::net::IpAddr;

use model::id::{IpRangeId, PrefixPoolId};
use model::lease::binding::{Binding, BindingState};
use model::mac::MacAddress;
use model::net::iprange::{IpRange, Purpose};
use model::net::prefixpool::PrefixPool;
use raft_store::Store;
use tables::read::Reads;
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

/// What a rack hears that asks for addresses of a link, or for prefixes.
async fn ask(tables: &Tables, vlan: u32, prefixes: bool) -> Vec<PoolUse> {
    let request = proto::rack::BlockRequest { vlan, free: 0, wanted: 256, ipv6: false, prefixes };
    let request = RequestBlocksRequest { incarnation: 7, blocks: vec![request] };
    request_blocks(tables, &SystemId::from_number(1), request).await.unwrap().pools
}

#[tokio::test]
async fn a_rack_hears_how_full_the_pools_of_its_links_are() {
    let tables = Tables::new(Store::in_memory());
    fill(&tables).await;
    let of_addresses = [PoolUse { subnet: 1, used_permille: 900 }];
    assert_eq!(ask(&tables, 1, false).await, of_addresses);
    assert_eq!(ask(&tables, 2, false).await, [], "it has no dynamic range");
    assert_eq!(ask(&tables, 1, true).await, [], "it has no pool of prefixes");
    let cause = Cause::new("test", "test");
    let pool = PrefixPool {
        id: PrefixPoolId(1),
        prefix: "fd00:a::/54".parse().unwrap(),
        delegated_length: 56,
        subnet: SubnetId(3),
        comment: String::new(),
    };
    let written = tables.update(&cause, |tx| -> Result<(), TableError> {
        tx.insert(&Subnet::new(SubnetId(3), VlanId(1), "fd00:1::/64".parse().unwrap()))?;
        tx.insert(&pool)?;
        let of_address = tx.get::<Binding>(&ip(100))?.unwrap();
        tx.insert(&Binding {
            ip: "fd00:a:0:100::".parse().unwrap(),
            prefix_length: Some(56),
            subnet: SubnetId(3),
            ..of_address
        })
    });
    written.await.unwrap();
    let of_prefixes = [PoolUse { subnet: 3, used_permille: 250 }];
    assert_eq!(ask(&tables, 1, true).await, of_prefixes, "one of four is delegated");
    assert_eq!(ask(&tables, 1, false).await, of_addresses);
}

#[test]
fn a_commit_says_by_a_length_that_it_is_of_a_prefix() {
    let item = |prefix_length| BindingCommit {
        request_id: vec![1; 16],
        ip: vec![0xfd; 16],
        client_identifier: vec![254, 1],
        prefix_length,
        ..BindingCommit::default()
    };
    let read = |length| read(item(length)).map(|read| read.request.prefix_length);
    assert_eq!(read(0).ok(), Some(None), "an address");
    assert_eq!(read(56).ok(), Some(Some(56)));
    assert!(read(129).is_err());
}
