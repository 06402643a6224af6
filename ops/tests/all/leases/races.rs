//! Many who want the same at once: every conflict is evaluated again, and nobody gets what another
//! has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::lease::binding::Binding;
use model::lease::block::Block;
use model::lease::commit::{Change, Refusal};
use ops::network::blocks::{BlockRequest, Wanted, request_blocks};
use ops::network::leases::{CommitOutcome, CommitRefusal};
use tables::read::Reads;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::leases::site::{Site, commit_binding, ip, mac, process, refused};

/// How often each client commits while the block of its address is renewed.
const ROUNDS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_clients_gets_the_address() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    let start = Arc::new(Barrier::new(24));
    let mut tasks = JoinSet::new();
    for client in 1..=24 {
        let (tables, rack, start) = (site.tables.clone(), rack.clone(), Arc::clone(&start));
        let request = site.request(Change::Bind, ip(100), mac(client), Some(&block));
        tasks.spawn(async move {
            start.wait().await;
            (client, commit_binding(&tables, &rack, rand::random(), &request).await)
        });
    }
    let (won, lost): (Vec<_>, Vec<_>) = tasks
        .join_all()
        .await
        .into_iter()
        .partition(|(_, outcome)| matches!(outcome, CommitOutcome::Committed { .. }));
    assert_eq!(won.len(), 1, "{won:?}");
    let holder = mac(won[0].0);
    for (_, outcome) in lost {
        let held = Refusal::BoundToAnother { ip: ip(100), holder: holder.into() };
        assert_eq!(refused(outcome), CommitRefusal::Rule(held));
    }
    assert_eq!(site.binding(ip(100)).await.map(|binding| binding.client), Some(holder.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racks_that_ask_at_once_never_get_the_same_block() {
    let site = Site::new().await;
    let start = Arc::new(Barrier::new(8));
    let mut tasks = JoinSet::new();
    for number in 0..8 {
        let (tables, start) = (site.tables.clone(), Arc::clone(&start));
        let rack = process(1 + number % 2, 7);
        let requests = [BlockRequest { vlan: site.vlan, free: 0, wanted: 0, of: Wanted::Ipv4 }];
        tasks.spawn(async move {
            start.wait().await;
            request_blocks(&tables, &rack, &requests).await.map(|(blocks, _)| (rack.rack, blocks))
        });
    }
    let mut owners = BTreeMap::new();
    for (rack, blocks) in tasks.join_all().await.into_iter().map(Result::unwrap) {
        for block in blocks {
            let owner = owners.entry(block.first).or_insert_with(|| rack.clone());
            assert_eq!(*owner, rack, "block at {}", block.first);
        }
    }
    let stored = site.view().await.list::<Block>().unwrap();
    let starts: BTreeSet<_> = stored.iter().map(|block| block.first).collect();
    assert_eq!(starts.len(), stored.len(), "{stored:?}");
    assert_eq!(stored.len(), 8, "each asked for one");
}

/// A commit compares its block, which is renewed all the time: it is evaluated again, not lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn commits_go_through_while_their_block_is_renewed() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    // In rounds: a commit that is decided anew has to lose against each renewal of its round.
    let round = Arc::new(Barrier::new(4));
    let mut tasks = JoinSet::new();
    for client in 0..3 {
        let (tables, rack, round) = (site.tables.clone(), rack.clone(), Arc::clone(&round));
        let request = site.request(Change::Bind, ip(100 + client), mac(client), Some(&block));
        tasks.spawn(async move {
            for _ in 0..ROUNDS {
                round.wait().await;
                let outcome = commit_binding(&tables, &rack, rand::random(), &request).await;
                assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
            }
        });
    }
    for _ in 0..ROUNDS {
        round.wait().await;
        site.set_valid_until(block.id, 60_000).await;
        site.blocks(&rack, 8).await;
    }
    tasks.join_all().await;
    assert_eq!(site.view().await.list::<Binding>().unwrap().len(), 3);
    assert_eq!(site.block(block.id).await.epoch, block.epoch);
}
