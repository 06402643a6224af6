//! Tests of replacing the authority: which round begins when, and who is waited for.

use std::net::IpAddr;
use std::time::Duration;

use identity::node::NodeRequest;
use identity::rotation::{Holding, Phase};
use identity::token::JoinRole;
use identity::{CertificateAuthority, PeerIdentity, Role};
use model::access::Actor;
use model::error::Kind;
use raft_store::Store;

use crate::authorize::actor_of;
use crate::cluster::authority::{advance, report, retire, rotate, status};
use crate::cluster::nodes::{
    NewRack, NewRegion, admit_rack, admit_region, create_token, init_cluster, remove_region,
};
use tables::cluster::{StoredAuthority, StoredHolding};
use tables::read::Reads;
use tables::update::Tables;

const HOUR: Duration = Duration::from_secs(3600);

/// A cluster of this many regions and one rack.
struct Site {
    tables: Tables,
    nodes: Vec<Role>,
}

impl Site {
    async fn of(regions: u64) -> Self {
        let tables = Tables::new(Store::in_memory());
        let authority = CertificateAuthority::create().unwrap();
        init_cluster(&tables, &authority, &region(1)).await.unwrap();
        let token = create_token(&tables, &Actor::Setup, JoinRole::Region, HOUR).await.unwrap();
        for last in 2..=regions {
            let csr = NodeRequest::create().unwrap().request_pem;
            admit_region(&tables, &token, &csr, &region(last)).await.unwrap();
        }
        let token = create_token(&tables, &Actor::Setup, JoinRole::Rack, HOUR).await.unwrap();
        let csr = NodeRequest::create().unwrap().request_pem;
        let rack = NewRack { hostname: "k".to_owned(), version: String::new() };
        let (rack, _) = admit_rack(&tables, &token, &csr, &rack).await.unwrap();
        let system_id = rack.system_id.to_string();
        let mut nodes: Vec<Role> = (1..=regions).map(|node_id| Role::Region { node_id }).collect();
        nodes.push(Role::Rack { system_id });
        Self { tables, nodes }
    }

    /// The node has what the cluster wants it to have now.
    async fn follows(&self, node: &Role) {
        let phase = self.phase().await;
        let trusted = [Some(phase.signing()), phase.also_trusted()];
        let trusted = trusted.into_iter().flatten().map(str::to_owned).collect();
        let issuer = phase.signing().to_owned();
        self.says(node, &Holding { issuer, trusted, expires_ms: 1 }).await;
    }

    async fn says(&self, node: &Role, holding: &Holding) -> bool {
        let peer = PeerIdentity { role: node.clone(), cluster_id: "c1".to_owned() };
        report(&self.tables, &actor_of(node).unwrap(), &peer, holding).await.unwrap()
    }

    async fn phase(&self) -> Phase {
        status(&self.tables, &Actor::Region(1)).await.unwrap().phase
    }

    async fn advances(&self) -> Option<&'static str> {
        advance(&self.tables).await.unwrap().map(|phase| phase.name())
    }
}

fn region(last: u64) -> NewRegion {
    let (hostname, version) = ("r".to_owned(), String::new());
    NewRegion { hostname, address: IpAddr::from(last.to_be_bytes().map(u16::from)), version }
}

#[tokio::test]
async fn each_round_begins_when_the_last_node_is_ready() {
    let site = Site::of(3).await;
    let first = site.phase().await.signing().to_owned();
    let next = rotate(&site.tables, &Actor::Region(1)).await.unwrap().phase;
    assert_eq!(next.leaving(), Some(first.as_str()));
    for round in ["renewing", "settled"] {
        assert_eq!(
            rotate(&site.tables, &Actor::Region(1)).await.unwrap().phase,
            site.phase().await,
            "goes on"
        );
        for node in &site.nodes {
            assert_eq!(site.advances().await, None, "{node} is not ready");
            site.follows(node).await;
        }
        assert_eq!(site.advances().await, Some(round));
    }
    assert_eq!(site.advances().await, None);
    let settled = site.phase().await;
    assert_eq!(Some(settled.signing()), next.also_trusted());
    assert_eq!(settled.also_trusted(), None);
    let view = site.tables.view().await.unwrap();
    assert_eq!(view.list::<StoredAuthority>().unwrap().len(), 1, "the old key is gone");
}

#[tokio::test]
async fn a_node_is_told_to_renew_until_it_has() {
    let site = Site::of(1).await;
    let authority = site.phase().await.signing().to_owned();
    let trusted = [authority.clone()].into();
    let holding = Holding { issuer: authority, trusted, expires_ms: 1 };
    assert!(!site.says(&site.nodes[0], &holding).await);
    rotate(&site.tables, &Actor::Region(1)).await.unwrap();
    assert!(site.says(&site.nodes[0], &holding).await);
}

#[tokio::test]
async fn an_authority_in_use_is_not_retired_but_by_force() {
    let site = Site::of(3).await;
    rotate(&site.tables, &Actor::Region(1)).await.unwrap();
    for node in &site.nodes[..3] {
        site.follows(node).await;
    }
    let rack = &site.nodes[3];
    let refused = retire(&site.tables, &Actor::Region(1), false).await.unwrap_err();
    let said = format!("{rack} has not reported its certificate");
    assert!(refused.to_string().ends_with(&said), "{refused}");
    assert_eq!(refused.kind(), Kind::Conflict);
    retire(&site.tables, &Actor::Region(1), true).await.unwrap();
    assert_eq!(site.advances().await, Some("renewing"));

    // It comes back, and is waited for.
    site.follows(rack).await;
    for node in &site.nodes[..3] {
        site.follows(node).await;
    }
    assert_eq!(site.advances().await, Some("settled"));
}

#[tokio::test]
async fn a_node_that_comes_back_is_waited_for_again() {
    let site = Site::of(1).await;
    rotate(&site.tables, &Actor::Region(1)).await.unwrap();
    site.follows(&site.nodes[0]).await;
    retire(&site.tables, &Actor::Region(1), true).await.unwrap();
    let old = site.phase().await.signing().to_owned();
    let holding = Holding { trusted: [old.clone()].into(), issuer: old, expires_ms: 1 };
    site.says(&site.nodes[1], &holding).await;
    assert_eq!(site.advances().await, None);
}

#[tokio::test]
async fn force_does_not_cost_the_quorum() {
    let site = Site::of(3).await;
    rotate(&site.tables, &Actor::Region(1)).await.unwrap();
    site.follows(&site.nodes[0]).await;
    let refused = retire(&site.tables, &Actor::Region(1), true).await.unwrap_err();
    assert!(refused.to_string().contains("without region-2, region-3"), "{refused}");
    site.follows(&site.nodes[1]).await;
    retire(&site.tables, &Actor::Region(1), true).await.unwrap();
    assert_eq!(site.advances().await, Some("renewing"));
}

#[tokio::test]
async fn a_removed_node_is_not_waited_for_and_forgotten() {
    let site = Site::of(2).await;
    rotate(&site.tables, &Actor::Region(1)).await.unwrap();
    for node in &site.nodes {
        site.follows(node).await;
    }
    remove_region(&site.tables, &Actor::Region(1), 2).await.unwrap();
    assert_eq!(site.advances().await, Some("renewing"));
    let known = site.tables.view().await.unwrap().list::<StoredHolding>().unwrap();
    assert!(known.iter().all(|stored| stored.node != "region-2"), "{known:?}");
}
