//! Two regions at once: the one removes a network, the other gives it something that would be left behind.

use std::sync::Arc;

use model::access::Actor;
use model::dhcp::snippet::DhcpSnippet;
use model::net::iprange::{IpRange, Purpose};
use model::net::staticroute::StaticRoute;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::user::User;
use ops::network::dhcpsnippets::{self, DhcpSnippetChange};
use ops::network::ipranges::{self, IpRangeChange};
use ops::network::staticroutes::{self, StaticRouteChange};
use ops::network::subnets::{self, SubnetChange};
use ops::network::vlans::{self, VlanChange, VlanName};
use raft_store::Store;
use tables::read::Reads;
use tables::update::Tables;
use tokio::sync::Barrier;

use crate::leases::site::{Site, ip};

const ROUNDS: u8 = 12;

/// A site with a second region, which knows nothing of what the first one is about to write.
async fn site() -> (Site, Tables, Actor) {
    let store = Store::in_memory();
    let site = Site::of(store.clone()).await;
    let user = site.view().await.list::<User>().unwrap().remove(0);
    (site, Tables::new(store), Actor::User(user))
}

/// Runs both from one moment on.
async fn at_once<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    let start = Arc::new(Barrier::new(2));
    let (here, there) = (Arc::clone(&start), start);
    tokio::join!(
        async {
            here.wait().await;
            first.await
        },
        async {
            there.wait().await;
            second.await
        }
    )
}

#[tokio::test]
async fn nothing_is_left_of_a_subnet_that_is_deleted_meanwhile() {
    let (site, other, actor) = site().await;
    for round in 0..ROUNDS {
        let change = SubnetChange {
            cidr: Some(format!("10.9.{round}.0/24").parse().unwrap()),
            ..SubnetChange::default()
        };
        let made = subnets::create(&site.tables, &actor, &change).await.unwrap();
        let name = made.subnet.cidr.to_string();
        let delete = subnets::delete(&site.tables, &actor, &name, false);
        let add = async {
            match round % 3 {
                0 => {
                    let change = DhcpSnippetChange {
                        name: Some("x".to_owned()),
                        value: Some("option domain-name \"x\";".to_owned()),
                        subnet: Some(name.clone()),
                        ..DhcpSnippetChange::default()
                    };
                    dhcpsnippets::create(&other, &actor, &change).await.map(drop)
                }
                1 => {
                    let change = StaticRouteChange {
                        source: Some(site.subnet.to_string()),
                        destination: Some(name.clone()),
                        gateway_ip: Some(ip(7)),
                        metric: None,
                    };
                    staticroutes::create(&other, &actor, &change).await.map(drop)
                }
                _ => {
                    let at = |last: u8| Some(std::net::IpAddr::from([10, 9, round, last]));
                    let change = IpRangeChange {
                        purpose: Some(Purpose::Reserved),
                        start_ip: at(10),
                        end_ip: at(20),
                        ..IpRangeChange::default()
                    };
                    ipranges::create(&other, &actor, &change).await.map(drop)
                }
            }
        };
        let (deleted, _) = Box::pin(at_once(delete, add)).await;
        deleted.unwrap();
        let view = site.view().await;
        let known: Vec<_> = view.list::<Subnet>().unwrap().iter().map(|it| it.id).collect();
        let snippets = view.list::<DhcpSnippet>().unwrap();
        let scopes = snippets.iter().filter_map(|snippet| snippet.scope.subnet());
        assert!(scopes.into_iter().all(|subnet| known.contains(&subnet)), "{snippets:?}");
        let routes = view.list::<StaticRoute>().unwrap();
        assert!(routes.iter().all(|route| known.contains(&route.destination)), "{routes:?}");
        let ranges = view.list::<IpRange>().unwrap();
        assert!(ranges.iter().all(|range| known.contains(&range.subnet)), "{ranges:?}");
    }
}

#[tokio::test]
async fn no_vlan_is_relayed_to_one_that_is_deleted_meanwhile() {
    let (site, other, actor) = site().await;
    let vlan = |vid| VlanChange { vid: Some(vid), ..VlanChange::default() };
    for round in 1..=u16::from(ROUNDS) {
        let fabric = site.view().await.list::<Vlan>().unwrap()[0].fabric.to_string();
        let relay = vlans::create(&site.tables, &actor, &fabric, &vlan(round)).await.unwrap();
        let to = relay.vlan.id;
        let name = VlanName::Vlan(to.to_string());
        let delete = vlans::delete(&site.tables, &actor, &name);
        let change = VlanChange { relay_vlan: Some(to.to_string()), ..vlan(1_000 + round) };
        let (_, _) =
            Box::pin(at_once(delete, vlans::create(&other, &actor, &fabric, &change))).await;
        let all = site.view().await.list::<Vlan>().unwrap();
        let known = |id| all.iter().any(|vlan| vlan.id == id);
        assert!(all.iter().filter_map(|vlan| vlan.relay_vlan).all(known), "{all:?}");
    }
}
