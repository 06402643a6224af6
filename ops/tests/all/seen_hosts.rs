//! Addresses that hosts were seen with, when one is given away.

use std::net::{IpAddr, Ipv4Addr};

use model::id::{SubnetId, SystemId};
use model::net::neighbour::Neighbour;
use model::net::subnet::Subnet;
use ops::network::addresses;
use tables::tx::Tx;

use crate::leases::site::{Site, mac};

const SUBNET: SubnetId = SubnetId(77);

/// Address `number` of the subnet 10.9.0.0/22.
fn address(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(Ipv4Addr::new(10, 9, 0, 0).to_bits() + number).into()
}

/// Which address is chosen while hosts are seen with the first ones.
async fn chosen_beside(hosts: u32) -> IpAddr {
    let site = Site::new().await;
    let subnet = Subnet::new(SUBNET, site.vlan, "10.9.0.0/22".parse().unwrap());
    let see = |tx: &mut Tx, number| {
        tx.put(&Neighbour {
            ip: address(number),
            vlan: site.vlan,
            mac: mac(9),
            rack: SystemId::from_number(7),
            interface: "eth0".to_owned(),
            first_seen: tx.now(),
            last_seen: tx.now(),
        })
    };
    site.change(|tx| {
        tx.put(&subnet)?;
        (1..=hosts).try_for_each(|number| see(tx, number))
    })
    .await;
    let mut tx = site.tables.begin(0).await.unwrap();
    addresses::choose(&mut tx, &subnet).unwrap()
}

#[tokio::test]
async fn what_hosts_were_seen_with_is_given_away_last() {
    assert_eq!(chosen_beside(9).await, address(10));
}

#[tokio::test]
async fn no_more_than_256_addresses_are_looked_at_for_hosts() {
    assert_eq!(chosen_beside(300).await, address(257));
}
