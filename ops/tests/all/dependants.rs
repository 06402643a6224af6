//! One region removes a network while another one gives it something: who is later begins again, so that
//! nothing is left of what is gone.

use std::net::IpAddr;

use model::access::{Actor, Permission};
use model::entitlement::{Entitlement, Grant, Scope};
use model::id::{ResourcePoolId, UserGroupId};
use model::machine::interface::Interface;
use model::net::iprange::Purpose;
use model::net::vlan::Vlan;
use model::pool::ResourcePool;
use model::user::User;
use ops::access::usergroups::{self, UserGroupChange};
use ops::error::Refusal;
use ops::image::boot_sources::{self, BootSourceChange, SelectionChange};
use ops::machine::naming::Naming;
use ops::network::addresses;
use ops::network::dhcpsnippets::{self, DhcpSnippetChange};
use ops::network::ipranges::{self, IpRangeChange};
use ops::network::staticroutes::{self, StaticRouteChange};
use ops::network::subnets::{self, SubnetChange};
use ops::network::vlans::{self, VlanChange, VlanName};
use ops::site::{groups, resourcepools};
use raft_store::txn::{Meta, TransactError};
use tables::read::Reads;
use tables::tx::Tx;

use crate::leases::site::{Site, ip, mac};

/// A subnet that can be removed.
const CIDR: &str = "10.9.0.0/24";

async fn site() -> (Site, Actor) {
    let site = Site::new().await;
    let actor = Actor::without_groups(site.view().await.list::<User>().unwrap().remove(0));
    let change = SubnetChange { cidr: Some(CIDR.parse().unwrap()), ..SubnetChange::default() };
    Box::pin(subnets::create(&site.tables, &actor, &change)).await.unwrap();
    (site, actor)
}

/// A removal that has looked before something else happens, and wants to be committed after it.
async fn conflicts(site: &Site, mut tx: Tx, remove: impl FnOnce(&mut Tx) -> Result<(), Refusal>) {
    remove(&mut tx).unwrap();
    let committed = site.tables.store().transact(tx.into_txn(Meta::default())).await;
    assert!(matches!(committed, Err(TransactError::Conflict { .. })), "{committed:?}");
}

#[tokio::test]
async fn a_subnet_is_not_removed_while_it_gets_a_snippet() {
    let (site, actor) = site().await;
    let tx = site.tables.begin(0).await.unwrap();
    let change = DhcpSnippetChange {
        name: Some("x".to_owned()),
        value: Some("option domain-name \"x\";".to_owned()),
        subnet: Some(CIDR.to_owned()),
        ..DhcpSnippetChange::default()
    };
    Box::pin(dhcpsnippets::create(&site.tables, &actor, &change)).await.unwrap();
    conflicts(&site, tx, |tx| subnets::remove(tx, CIDR, false)).await;
}

#[tokio::test]
async fn a_subnet_is_not_removed_while_a_route_leads_to_it() {
    let (site, actor) = site().await;
    let tx = site.tables.begin(0).await.unwrap();
    let change = StaticRouteChange {
        source: Some(site.subnet.to_string()),
        destination: Some(CIDR.to_owned()),
        gateway_ip: Some(ip(7)),
        metric: None,
    };
    Box::pin(staticroutes::create(&site.tables, &actor, &change)).await.unwrap();
    conflicts(&site, tx, |tx| subnets::remove(tx, CIDR, false)).await;
}

#[tokio::test]
async fn a_subnet_is_not_removed_while_it_gets_a_range() {
    let (site, actor) = site().await;
    let tx = site.tables.begin(0).await.unwrap();
    let at = |last| Some(IpAddr::from([10, 9, 0, last]));
    let change = IpRangeChange {
        purpose: Some(Purpose::Reserved),
        start_ip: at(10),
        end_ip: at(20),
        ..IpRangeChange::default()
    };
    Box::pin(ipranges::create(&site.tables, &actor, &change)).await.unwrap();
    conflicts(&site, tx, |tx| subnets::remove(tx, CIDR, false)).await;
}

#[tokio::test]
async fn a_vlan_is_not_removed_while_another_one_is_relayed_to_it() {
    let (site, actor) = site().await;
    let fabric = site.view().await.list::<Vlan>().unwrap()[0].fabric.to_string();
    let vlan = |vid| VlanChange { vid: Some(vid), ..VlanChange::default() };
    let create = async |change| {
        Box::pin(vlans::create(&site.tables, &actor, &fabric, &change)).await.unwrap().vlan.id
    };
    let name = VlanName::Vlan(create(vlan(7)).await.to_string());
    let tx = site.tables.begin(0).await.unwrap();
    let VlanName::Vlan(relay) = name.clone() else { unreachable!() };
    create(VlanChange { relay_vlan: Some(relay), ..vlan(8) }).await;
    conflicts(&site, tx, |tx| vlans::remove(tx, &name)).await;
}

#[tokio::test]
async fn a_boot_source_is_not_removed_while_it_gets_a_selection() {
    let (site, actor) = site().await;
    let change = BootSourceChange {
        url: Some("http://images.example.com/".to_owned()),
        keyring_filename: Some("/usr/share/keyrings/x.gpg".to_owned()),
        ..BootSourceChange::default()
    };
    let source = boot_sources::create(&site.tables, &actor, &change).await.unwrap().id;
    let tx = site.tables.begin(0).await.unwrap();
    let [os, release] = ["ubuntu", "jammy"].map(|text| Some(text.to_owned()));
    let change = SelectionChange { os, release, ..SelectionChange::default() };
    Box::pin(boot_sources::create_selection(&site.tables, &actor, source, &change)).await.unwrap();
    conflicts(&site, tx, |tx| boot_sources::remove(tx, source)).await;
}

#[tokio::test]
async fn a_pool_is_not_removed_while_a_group_gets_something_on_it() {
    let (site, actor) = site().await;
    let (pool, group) = pool_and_group(&site, &actor).await;
    let tx = site.tables.begin(0).await.unwrap();
    let grant = Grant { scope: Scope::Pool(pool), entitlement: Entitlement::ViewMachines };
    Box::pin(usergroups::add_entitlement(&site.tables, &actor, group, grant)).await.unwrap();
    conflicts(&site, tx, |tx| resourcepools::remove(tx, pool)).await;
}

#[tokio::test]
async fn a_group_is_not_removed_while_somebody_is_put_into_it() {
    let (site, actor) = site().await;
    let (_, group) = pool_and_group(&site, &actor).await;
    let name = actor.user(Permission::View).unwrap().username.clone();
    let tx = site.tables.begin(0).await.unwrap();
    Box::pin(usergroups::add_member(&site.tables, &actor, group, &name)).await.unwrap();
    conflicts(&site, tx, |tx| usergroups::remove(tx, group)).await;
}

async fn pool_and_group(site: &Site, actor: &Actor) -> (ResourcePoolId, UserGroupId) {
    let naming = Naming { name: Some("web".to_owned()), description: None };
    let pool: ResourcePool = Box::pin(groups::create(&site.tables, actor, &naming)).await.unwrap();
    let change = UserGroupChange { name: Some("team".to_owned()), description: None };
    let group = Box::pin(usergroups::create(&site.tables, actor, &change)).await.unwrap();
    (pool.id, group.id)
}

/// A machine is seen on a VLAN, and linked to its subnet.
#[tokio::test]
async fn a_subnet_is_not_removed_while_a_machine_is_linked_to_it() {
    let (site, actor) = site().await;
    let off = VlanChange { dhcp_on: Some(false), ..VlanChange::default() };
    let vlan = VlanName::Vlan(site.vlan.to_string());
    Box::pin(vlans::update(&site.tables, &actor, &vlan, &off)).await.unwrap();
    let tx = site.tables.begin(0).await.unwrap();
    site.change(|tx| {
        let mut interface = Interface { boot: true, ..Interface::of_mac(mac(1)) };
        addresses::connect(tx, &mut interface, addresses::Seen::on(site.vlan))?;
        let linked: Vec<_> = interface.links.iter().map(|link| link.subnet).collect();
        assert_eq!((interface.vlan, linked), (Some(site.vlan), vec![Some(site.subnet)]));
        Ok(())
    })
    .await;
    let subnet = site.subnet.to_string();
    conflicts(&site, tx, |tx| subnets::remove(tx, &subnet, false)).await;
}
