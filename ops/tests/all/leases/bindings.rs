//! Commits of bindings: who may bind what, until when it is promised, and how it ends.

use std::collections::BTreeSet;

use model::access::Actor;
use model::id::{SubnetId, UserId, VlanId};
use model::lease::binding::{Binding, BindingState};
use model::lease::block::Block;
use model::lease::client::ClientId;
use model::lease::commit::{Change, Refusal, Request};
use model::lease::policy::Policy;
use model::net::reserved::ReservedAddress;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::user::User;
use ops::network::lease_list::{self, LeaseQuery};
use ops::network::leases::{CommitOutcome, CommitRefusal, RackProcess, end_leases, remove_expired};
use ops::network::subnets::{self, SubnetChange};
use ops::network::vlans::VlanName;
use raft_store::Store;
use tables::read::Reads;
use tables::row::prefix;

use crate::leases::site::{
    Site, TOLD_MS, address_of, commit_binding, committed, ip, mac, process, refused,
};

const POLICY_TEXT: &str = "the policy's spans are in milliseconds";

fn policy() -> Policy {
    Policy::default()
}

#[tokio::test]
async fn a_binding_is_promised_longer_than_its_client_is_told() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    let (revision, binding, at) = committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    assert_eq!(binding.told_until, at.plus_ms(TOLD_MS), "{POLICY_TEXT}");
    assert_eq!(binding.promise_until, at.plus_ms(TOLD_MS + policy().promise_ms), "{POLICY_TEXT}");
    assert_eq!((binding.state, &binding.rack), (BindingState::Active, &rack.rack));
    assert_eq!(site.binding(ip(100)).await, Some(binding));
    assert_eq!(site.view().await.revision(), revision);
}

#[tokio::test]
async fn a_shorter_renewal_takes_nothing_back() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    let (_, first, _) = committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    let short = Request { told_ms: 1_000, ..site.request(Change::Bind, ip(100), mac(1), None) };
    let (_, renewed, _) = committed(site.commit(&rack, &short).await);
    assert_eq!(renewed.told_until, first.told_until);
    assert_eq!(renewed.promise_until, first.promise_until);
    let long = Request { told_ms: 2 * TOLD_MS, ..short };
    let (_, longer, at) = committed(site.commit(&rack, &long).await);
    assert_eq!(longer.told_until, at.plus_ms(2 * TOLD_MS));
    assert_eq!(longer.promise_until, at.plus_ms(2 * TOLD_MS + policy().promise_ms));
}

#[tokio::test]
async fn an_address_is_never_bound_to_two_clients() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    let refusal = refused(site.bind(&rack, ip(100), mac(2), Some(&block)).await);
    let held = Refusal::BoundToAnother { ip: ip(100), holder: mac(1).into() };
    assert_eq!(refusal, CommitRefusal::Rule(held.clone()));

    let skew = i64::try_from(policy().skew_ms).unwrap();
    site.set_promise_until(ip(100), 1_000 - skew).await;
    let refusal = refused(site.bind(&rack, ip(100), mac(2), Some(&block)).await);
    assert_eq!(refusal, CommitRefusal::Rule(held), "some clock may still be before its end");
    site.set_promise_until(ip(100), -skew).await;
    let (_, binding, at) = committed(site.bind(&rack, ip(100), mac(2), Some(&block)).await);
    assert_eq!((binding.client, binding.told_until), (mac(2).into(), at.plus_ms(TOLD_MS)));
}

#[tokio::test]
async fn a_bind_names_the_block_and_the_epoch_that_its_rack_owns() {
    let site = Site::new().await;
    let (rack, other) = (process(1, 7), process(2, 8));
    let block = site.blocks(&rack, 0).await.remove(0);
    let not_owner = CommitRefusal::Rule(Refusal::NotTheOwner { ip: ip(100) });
    let stale = Block { epoch: block.epoch - 1, ..block.clone() };
    for (process, named) in [
        (&rack, Some(&stale)),
        (&rack, None),
        (&other, Some(&block)),
        (&process(1, 6), Some(&block)),
    ] {
        let refusal = refused(site.bind(process, ip(100), mac(1), named).await);
        assert_eq!(refusal, not_owner, "{process:?} {named:?}");
    }
    let outside = refused(site.bind(&rack, ip(120), mac(1), Some(&block)).await);
    assert_eq!(outside, CommitRefusal::Rule(Refusal::NotTheOwner { ip: ip(120) }));
    committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
}

/// Rule S2: who does not own the block extends a binding only while its promise lasts.
#[tokio::test]
async fn another_rack_extends_a_binding_only_while_it_is_promised() {
    let site = Site::new().await;
    let (rack, other) = (process(1, 7), process(2, 8));
    let block = site.blocks(&rack, 0).await.remove(0);
    committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    let (_, extended, _) = committed(site.bind(&other, ip(100), mac(1), None).await);
    assert_eq!(extended.rack, other.rack);
    site.set_promise_until(ip(100), -1).await;
    let refusal = refused(site.bind(&other, ip(100), mac(1), None).await);
    assert_eq!(refusal, CommitRefusal::Rule(Refusal::NotTheOwner { ip: ip(100) }));
    committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
}

#[tokio::test]
async fn what_is_kept_for_somebody_else_is_not_bound() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    let reserved = |ip| CommitRefusal::Rule(Refusal::Reserved { ip });
    let gateway = refused(site.bind(&rack, ip(103), mac(1), Some(&block)).await);
    assert_eq!(gateway, reserved(ip(103)));
    site.change(|tx| {
        let subnet = tx.get::<Subnet>(&site.subnet)?.expect("it is there");
        tx.put(&Subnet { dns_servers: vec![ip(104)], ..subnet })
    })
    .await;
    let server = refused(site.bind(&rack, ip(104), mac(1), Some(&block)).await);
    assert_eq!(server, reserved(ip(104)), "a DNS server");
    site.change(|tx| {
        tx.insert(&ReservedAddress {
            ip: ip(101),
            subnet: site.subnet,
            mac: Some(mac(1)),
            hostname: String::new(),
            comment: String::new(),
            user: UserId(1),
            created: tx.now(),
            reserved_ip: None,
        })
    })
    .await;
    let other = refused(site.bind(&rack, ip(101), mac(2), Some(&block)).await);
    assert_eq!(other, reserved(ip(101)));
    committed(site.bind(&rack, ip(101), mac(1), Some(&block)).await);
    let elsewhere = Request {
        subnet: SubnetId(99),
        ..site.request(Change::Bind, ip(100), mac(1), Some(&block))
    };
    let wrong = refused(site.commit(&rack, &elsewhere).await);
    assert_eq!(wrong, CommitRefusal::WrongSubnet { ip: ip(100), vlan: site.vlan });
}

#[tokio::test]
async fn a_released_address_stays_its_client_s_until_the_promise_ends() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    let (_, bound, _) = committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    let release = site.request(Change::Release, ip(100), mac(1), None);
    let foreign = site.request(Change::Release, ip(100), mac(2), None);
    let unknown = CommitRefusal::Rule(Refusal::NotBound { ip: ip(100), client: mac(2).into() });
    assert_eq!(refused(site.commit(&rack, &foreign).await), unknown);
    let (_, released, at) = committed(site.commit(&rack, &release).await);
    assert_eq!((released.state, released.told_until), (BindingState::Released, at));
    assert_eq!(released.promise_until, bound.promise_until);
    let other = refused(site.bind(&rack, ip(100), mac(2), Some(&block)).await);
    let held = Refusal::BoundToAnother { ip: ip(100), holder: mac(1).into() };
    assert_eq!(other, CommitRefusal::Rule(held));
    let (_, again, _) = committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    assert_eq!(again.state, BindingState::Active);
}

#[tokio::test]
async fn a_declined_address_is_nobody_s_for_a_day() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    let decline = site.request(Change::Decline, ip(100), mac(1), None);
    let (_, declined, at) = committed(site.commit(&rack, &decline).await);
    assert_eq!(declined.state, BindingState::Declined);
    assert_eq!(declined.promise_until, at.plus_ms(policy().decline_ms));
    for client in [mac(1), mac(2)] {
        let refusal = refused(site.bind(&rack, ip(100), client, Some(&block)).await);
        let held = Refusal::BoundToAnother { ip: ip(100), holder: mac(1).into() };
        assert_eq!(refusal, CommitRefusal::Rule(held));
    }
}

#[tokio::test]
async fn a_lease_and_its_names_are_one_transaction() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    let before = site.view().await.revision();
    let mut watch = site.tables.store().watch(vec![prefix_of_bindings()], before).await.unwrap();
    assert_eq!(address_of(&site.zones().await, "web.maas"), None);
    let named = Request {
        hostname: Some("web".to_owned()),
        ..site.request(Change::Bind, ip(100), mac(1), Some(&block))
    };
    let (revision, ..) = committed(site.commit(&rack, &named).await);
    assert_eq!(address_of(&site.zones().await, "web.maas"), Some(ip(100)));
    let reverse = site.zones().await;
    let pointer = reverse.iter().find_map(|zone| zone.names.get("100.0.0.10.in-addr.arpa"));
    assert!(pointer.is_some_and(|sets| sets.contains_key("PTR")), "{reverse:?}");
    // Racks get both at once: the one row that both are projected from, at one revision.
    let batch = watch.next().await.unwrap();
    assert_eq!((batch.revision, batch.changes.len()), (revision, 1));

    let release = site.request(Change::Release, ip(100), mac(1), None);
    committed(site.commit(&rack, &release).await);
    assert_eq!(address_of(&site.zones().await, "web.maas"), None);
}

fn prefix_of_bindings() -> bytes::Bytes {
    prefix::<Binding>()
}

#[tokio::test]
async fn a_repeated_request_changes_nothing_more() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    let id = [9; 16];
    let bind = site.request(Change::Bind, ip(100), mac(1), Some(&block));
    let (_, first, _) = committed(commit_binding(&site.tables, &rack, id, &bind).await);
    let release = site.request(Change::Release, ip(100), mac(1), None);
    let (_, released, _) = committed(site.commit(&rack, &release).await);
    // A late copy of the first request must not bring the lease back.
    let late = commit_binding(&site.tables, &rack, id, &bind).await;
    assert_eq!(refused(late), CommitRefusal::Repeated);
    assert_eq!(site.binding(ip(100)).await, Some(released));
    assert_eq!(first.state, BindingState::Active);
}

#[tokio::test]
async fn a_rack_commits_leases_only_where_it_serves_or_has_addresses() {
    let site = Site::new().await;
    let (rack, stranger) = (process(1, 7), process(3, 9));
    let block = site.blocks(&rack, 0).await.remove(0);
    assert_eq!(site.blocks(&stranger, 0).await, []);
    let outcome = site.bind(&stranger, ip(100), mac(1), None).await;
    assert!(matches!(refused(outcome), CommitRefusal::Denied(_)));
    assert_eq!(site.binding(ip(100)).await, None);
    site.change(|tx| {
        let vlan = tx.get::<Vlan>(&site.vlan)?.unwrap();
        tx.put(&Vlan { primary_rack: Some(stranger.rack.clone()), secondary_rack: None, ..vlan })
    })
    .await;
    // Its clients have addresses of the block that it was granted before.
    committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    assert_ne!(site.blocks(&stranger, 0).await, []);
}

#[tokio::test]
async fn a_refusal_uses_its_request_id_up() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    let (id, late) = ([5; 16], site.request(Change::Bind, ip(100), mac(2), Some(&block)));
    let outcome = commit_binding(&site.tables, &rack, id, &late).await;
    assert!(matches!(outcome, CommitOutcome::Refused { revision, .. } if revision > 0));
    site.set_promise_until(ip(100), -60_000).await;
    // The address is free now, but what was refused once is never applied afterwards.
    let again = commit_binding(&site.tables, &rack, id, &late).await;
    assert_eq!(refused(again), CommitRefusal::Repeated);
    assert_eq!(site.binding(ip(100)).await.map(|binding| binding.client), Some(mac(1).into()));
}

#[tokio::test]
async fn an_ended_binding_is_remembered_for_a_day_and_then_removed() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    site.set_promise_until(ip(100), -23 * 3_600_000).await;
    assert_eq!(remove_expired(&site.tables, 8).await.unwrap(), 0);
    site.set_promise_until(ip(100), -24 * 3_600_000).await;
    assert_eq!(remove_expired(&site.tables, 8).await.unwrap(), 1);
    assert_eq!(site.binding(ip(100)).await, None);
}

/// A rack that reached no region may have extended the lease: the name stays until it has told, or until it could not
/// have done so any more.
#[tokio::test]
async fn a_lease_does_not_end_while_a_rack_of_its_link_may_have_extended_it() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    let told_until = async |promised_ms: u64| {
        site.change(|tx| {
            let binding = tx.get::<Binding>(&ip(100))?.unwrap();
            let promise_until = tx.now().plus_ms(promised_ms);
            tx.put(&Binding { told_until: tx.now(), promise_until, ..binding })
        })
        .await;
    };
    told_until(60_000).await;
    let untold = |rack: &RackProcess| BTreeSet::from([rack.rack.clone()]);
    assert_eq!(end_leases(&site.tables, &untold(&rack), 8).await, Ok(0), "it may go on");
    told_until(0).await;
    assert_eq!(end_leases(&site.tables, &untold(&rack), 8).await, Ok(0), "its block is valid");
    site.change(|tx| {
        let row = tx.get::<Block>(&block.id)?.unwrap();
        tx.put(&Block { valid_until: tx.now(), ..row })
    })
    .await;
    assert_eq!(end_leases(&site.tables, &untold(&rack), 8).await, Ok(1), "nobody may extend it");

    let block = site.blocks(&rack, 0).await.remove(0);
    committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    told_until(60_000).await;
    let elsewhere = untold(&process(9, 7));
    assert_eq!(end_leases(&site.tables, &elsewhere, 8).await, Ok(1), "it serves other links");
}

/// A name goes when the lease ends, comes back with the client, and the address is nobody else's
/// meanwhile.
#[tokio::test]
async fn a_lease_that_nobody_renewed_ends_with_its_name_and_goes_on_with_its_client() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    let named = |told_ms| {
        let request = site.request(Change::Bind, ip(100), mac(1), Some(&block));
        Request { hostname: Some("web".to_owned()), told_ms, ..request }
    };
    committed(site.commit(&rack, &named(TOLD_MS)).await);
    assert_eq!(end_leases(&site.tables, &BTreeSet::new(), 8).await, Ok(0), "it lasts");
    assert_eq!(address_of(&site.zones().await, "web.maas"), Some(ip(100)));
    site.change(|tx| {
        let binding = tx.get::<Binding>(&ip(100))?.unwrap();
        tx.put(&Binding { told_until: tx.now(), ..binding })
    })
    .await;
    assert_eq!(end_leases(&site.tables, &BTreeSet::new(), 8).await, Ok(1));
    assert_eq!(address_of(&site.zones().await, "web.maas"), None);
    assert_eq!(end_leases(&site.tables, &BTreeSet::new(), 8).await, Ok(0));
    let other = site.bind(&rack, ip(100), mac(2), Some(&block)).await;
    assert!(matches!(refused(other), CommitRefusal::Rule(Refusal::BoundToAnother { .. })));
    committed(site.commit(&rack, &named(TOLD_MS)).await);
    assert_eq!(address_of(&site.zones().await, "web.maas"), Some(ip(100)));
}

/// A region of the version before could not read the binding.
#[tokio::test]
async fn a_client_without_a_hardware_address_waits_until_all_regions_are_upgraded() {
    let client = ClientId::Identifier([255, 0, 0, 0, 1].into());
    for (version, is_bound) in [(3, false), (4, true)] {
        let site = Site::of(Store::in_memory_at_version(version)).await;
        let rack = process(1, 7);
        let block = site.blocks(&rack, 0).await.remove(0);
        let request = site.request(Change::Bind, ip(100), mac(1), Some(&block));
        let request = Request { client: client.clone(), ..request };
        let outcome = site.commit(&rack, &request).await;
        if is_bound {
            assert_eq!(committed(outcome).1.client, client);
        } else {
            assert_eq!(refused(outcome), CommitRefusal::NotYet { client: client.clone() });
        }
    }
}

/// Its holder would be refused from then on. An address outside of every range may have been leased before.
#[tokio::test]
async fn an_address_that_a_client_has_is_no_gateway() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    site.set_range(104, 131).await;
    let actor = Actor::without_groups(site.view().await.list::<User>().unwrap().remove(0));
    let name = site.subnet.to_string();
    let set = async |last| {
        let change = SubnetChange { gateway_ip: Some(Some(ip(last))), ..SubnetChange::default() };
        let changed = Box::pin(subnets::update(&site.tables, &actor, &name, &change)).await;
        changed.map(drop).map_err(|refusal| refusal.to_string())
    };
    let refused = set(100).await.unwrap_err();
    assert!(refused.contains("10.0.0.100 is leased to 52:54:00:00:00:01"), "{refused}");
    let refused = set(101).await.unwrap_err();
    assert!(refused.contains("10.0.0.101 is kept for DHCP clients"), "{refused}");
    assert_eq!(set(7).await, Ok(()));
}

#[tokio::test]
async fn leases_are_of_the_subnet_and_link_that_their_addresses_lie_in_now() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    let (again, elsewhere) = (SubnetId(77), VlanId(77));
    site.change(|tx| {
        let vlan = tx.get::<Vlan>(&site.vlan)?.unwrap();
        tx.insert(&Vlan { id: elsewhere, vid: 77, ..vlan })?;
        let subnet = tx.delete::<Subnet>(&site.subnet)?.unwrap();
        tx.insert(&Subnet { id: again, vlan: elsewhere, ..subnet })
    })
    .await;
    let actor = Actor::without_groups(site.view().await.list::<User>().unwrap().remove(0));
    let named = Some("10.0.0.0/24".to_owned());
    let of_vlan = VlanName::Vlan("77".to_owned());
    for (subnet, vlan) in [(named, None), (None, Some(of_vlan)), (None, None)] {
        let query = LeaseQuery { subnet, vlan, limit: 9, ..LeaseQuery::default() };
        let found = Box::pin(lease_list::list(&site.tables, &actor, &query)).await.unwrap().leases;
        let found: Vec<_> = found.iter().map(|it| (it.ip, it.subnet.id, it.vlan.id)).collect();
        assert_eq!(found, [(ip(100), again.0, elsewhere.0)]);
    }
    let used = Box::pin(subnets::used_addresses(&site.tables, &actor, "77")).await.unwrap();
    assert_eq!(used.iter().map(|used| used.ip).collect::<Vec<_>>(), [ip(100)]);
}
