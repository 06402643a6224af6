//! Batches of commits: one transaction, and still each request for itself, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::id::SubnetId;
use model::lease::binding::{Binding, BindingState};
use model::lease::block::Block;
use model::lease::commit::{Change, Refusal, Request};
use ops::network::leases::{
    CommitOutcome, CommitRefusal, LeaseRequest, RackProcess, commit_bindings,
};
use raft_store::Store;
use raft_store::version::DECIDES_SINCE;
use tables::read::Reads;
use tables::row::prefix;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::leases::site::{Site, committed, ip, mac, process, refused};

/// How often two racks want the same.
const ROUNDS: usize = 4;

fn request(id: u8, request: Request) -> LeaseRequest {
    LeaseRequest { id: [id; 16], request }
}

/// A site with a rack that owns the block of the first four addresses.
async fn site() -> (Site, RackProcess, Block) {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    (site, rack, block)
}

impl Site {
    fn bind_request(&self, id: u8, last: u8, client: u8, block: &Block) -> LeaseRequest {
        request(id, self.request(Change::Bind, ip(last), mac(client), Some(block)))
    }

    async fn batch(&self, rack: &RackProcess, requests: &[LeaseRequest]) -> Vec<CommitOutcome> {
        commit_bindings(&self.tables, rack, requests).await
    }
}

fn is_committed(outcome: &CommitOutcome) -> bool {
    matches!(outcome, CommitOutcome::Committed { .. })
}

/// The revision of a commit or a refusal.
#[track_caller]
fn revision(outcome: &CommitOutcome) -> u64 {
    match outcome {
        CommitOutcome::Committed { revision, .. } | CommitOutcome::Refused { revision, .. } => {
            *revision
        }
        CommitOutcome::Open { reason } => panic!("not decided: {reason}"),
    }
}

#[tokio::test]
async fn a_batch_is_one_transaction_and_a_bad_request_refuses_only_itself() {
    let (site, rack, block) = site().await;
    let other = process(2, 8);
    let foreign = site.blocks(&other, 0).await.remove(0);
    let mut watch = {
        let before = site.view().await.revision();
        site.tables.store().watch(vec![prefix::<Binding>()], before).await.unwrap()
    };
    let elsewhere = site.request(Change::Bind, ip(101), mac(9), Some(&block));
    let outcomes = site
        .batch(
            &rack,
            &[
                site.bind_request(1, 100, 1, &block),
                request(2, Request { subnet: SubnetId(99), ..elsewhere }),
                site.bind_request(3, 101, 3, &block),
                site.bind_request(4, 104, 4, &foreign),
                request(5, site.request(Change::Release, ip(102), mac(5), None)),
            ],
        )
        .await;
    let revisions: Vec<u64> = outcomes.iter().map(revision).collect();
    assert_eq!(revisions, [site.view().await.revision(); 5], "{outcomes:?}");
    let [first, wrong, third, not_owned, not_bound] = outcomes.try_into().unwrap();
    let bound = [committed(first).1, committed(third).1];
    let wrong_subnet = CommitRefusal::WrongSubnet { ip: ip(101), vlan: site.vlan };
    assert_eq!(refused(wrong), wrong_subnet);
    let rule = |refusal| CommitRefusal::Rule(refusal);
    assert_eq!(refused(not_owned), rule(Refusal::NotTheOwner { ip: ip(104) }));
    assert_eq!(refused(not_bound), rule(Refusal::NotBound { ip: ip(102), client: mac(5).into() }));
    assert_eq!(site.view().await.list::<Binding>().unwrap(), bound);
    let told = watch.next().await.unwrap();
    assert_eq!((told.revision, told.changes.len()), (revisions[0], 2), "each binding once");
}

#[tokio::test]
async fn each_request_of_a_batch_sees_what_those_before_it_did() {
    let (site, rack, block) = site().await;
    let outcomes = site
        .batch(
            &rack,
            &[
                site.bind_request(1, 100, 1, &block),
                site.bind_request(2, 100, 2, &block),
                request(3, site.request(Change::Release, ip(100), mac(1), None)),
            ],
        )
        .await;
    let [bound, second, released] = outcomes.try_into().unwrap();
    assert_eq!(committed(bound).1.state, BindingState::Active);
    let held = Refusal::BoundToAnother { ip: ip(100), holder: mac(1).into() };
    assert_eq!(refused(second), CommitRefusal::Rule(held));
    let released = committed(released).1;
    assert_eq!(released.state, BindingState::Released);
    assert_eq!(site.binding(ip(100)).await, Some(released));
}

#[tokio::test]
async fn a_copy_within_a_batch_has_the_same_answer_and_another_request_under_its_id_none() {
    let (site, rack, block) = site().await;
    let first = site.bind_request(1, 100, 1, &block);
    let other = site.bind_request(1, 101, 2, &block);
    let outcomes = site.batch(&rack, &[first.clone(), first, other]).await;
    let [first, copy, other] = outcomes.try_into().unwrap();
    assert!(is_committed(&first), "{first:?}");
    assert_eq!(copy, first);
    assert_eq!(refused(other), CommitRefusal::Repeated);
    assert_eq!(site.binding(ip(101)).await, None);
}

#[tokio::test]
async fn what_was_decided_before_is_not_decided_again_in_another_batch() {
    let (site, rack, block) = site().await;
    let first = [site.bind_request(1, 100, 1, &block), site.bind_request(2, 101, 2, &block)];
    let decided = site.batch(&rack, &first).await;
    assert!(decided.iter().all(is_committed), "{decided:?}");
    let release = site.request(Change::Release, ip(101), mac(2), None);
    let (_, released, _) = committed(site.commit(&rack, &release).await);
    let [one, two] = first;
    let later = [site.bind_request(3, 102, 3, &block), two, one];
    let outcomes = site.batch(&rack, &later).await;
    let revisions: Vec<u64> = outcomes.iter().map(revision).collect();
    let before = revision(&decided[0]);
    assert_eq!(revisions[1..], [before, before], "they say when it was decided");
    let [new, two, one] = outcomes.try_into().unwrap();
    assert_eq!(committed(new).0, site.view().await.revision());
    assert_eq!(refused(two), CommitRefusal::Repeated);
    assert_eq!(refused(one), CommitRefusal::Repeated);
    assert_eq!(site.binding(ip(101)).await, Some(released), "a late copy brings no lease back");
    // With nothing that is new.
    let outcomes = site.batch(&rack, &later).await;
    for outcome in outcomes {
        assert_eq!(refused(outcome), CommitRefusal::Repeated);
    }
}

#[tokio::test]
async fn a_request_that_was_refused_in_a_batch_is_never_applied_afterwards() {
    let (site, rack, block) = site().await;
    committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    let late = site.bind_request(5, 100, 2, &block);
    let batch = [site.bind_request(4, 101, 3, &block), late.clone()];
    let [bound, lost] = site.batch(&rack, &batch).await.try_into().unwrap();
    assert!(is_committed(&bound), "{bound:?}");
    assert!(matches!(refused(lost), CommitRefusal::Rule(Refusal::BoundToAnother { .. })));
    site.set_promise_until(ip(100), -60_000).await;
    // The address is free now.
    let outcomes = site.batch(&rack, &[site.bind_request(6, 102, 4, &block), late]).await;
    let [bound, late] = outcomes.try_into().unwrap();
    assert!(is_committed(&bound), "{bound:?}");
    assert_eq!(refused(late), CommitRefusal::Repeated);
    assert_eq!(site.binding(ip(100)).await.map(|binding| binding.client), Some(mac(1).into()));
}

/// The block of the addresses lapsed, so that whoever comes first has them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_racks_that_want_one_address_in_their_batches_one_gets_it() {
    for _ in 0..ROUNDS {
        let (site, _, block) = site().await;
        site.set_valid_until(block.id, -60_000).await;
        let start = Arc::new(Barrier::new(2));
        let mut tasks = JoinSet::new();
        for number in 1..=2 {
            let mut requests: Vec<LeaseRequest> = (0..3)
                .map(|at| site.bind_request(10 * number + at, 100 + at, 10 * number + at, &block))
                .collect();
            if number == 2 {
                requests.reverse();
            }
            let (tables, start) = (site.tables.clone(), Arc::clone(&start));
            tasks.spawn(async move {
                start.wait().await;
                let outcomes =
                    commit_bindings(&tables, &process(number.into(), 7), &requests).await;
                requests.into_iter().zip(outcomes).collect::<Vec<_>>()
            });
        }
        let decided = tasks.join_all().await.concat();
        for last in 100..103 {
            let of_address = decided.iter().filter(|(request, _)| request.request.ip == ip(last));
            let (won, lost): (Vec<_>, Vec<_>) =
                of_address.partition(|(_, outcome)| is_committed(outcome));
            let [(request, _)] = won.as_slice() else { panic!("{won:?}") };
            let holder = request.request.client.clone();
            let bound = site.binding(ip(last)).await.map(|binding| binding.client);
            assert_eq!(bound.as_ref(), Some(&holder));
            let held = Refusal::BoundToAnother { ip: ip(last), holder };
            assert_eq!(refused(lost[0].1.clone()), CommitRefusal::Rule(held));
        }
    }
}

/// Each batch loses against others many times, and goes through in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_batch_goes_through_while_one_of_its_addresses_is_changed_by_others() {
    let (site, rack, block) = site().await;
    committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = JoinSet::new();
    for _ in 0..3 {
        let (tables, stop) = (site.tables.clone(), Arc::clone(&stop));
        let renew = site.request(Change::Bind, ip(100), mac(1), None);
        tasks.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let renew = LeaseRequest { id: rand::random(), request: renew.clone() };
                commit_bindings(&tables, &process(2, 8), &[renew]).await;
                tokio::task::yield_now().await;
            }
        });
    }
    for round in 0..8 {
        let requests = [(100, 1), (101, 2), (102, 3)]
            .map(|(last, client)| site.bind_request(1 + round * 4 + client, last, client, &block));
        let outcomes = site.batch(&rack, &requests).await;
        assert!(outcomes.iter().all(is_committed), "{outcomes:?}");
    }
    stop.store(true, Ordering::Relaxed);
    tasks.join_all().await;
}

/// Members of the version before cannot apply a transaction that decides requests.
#[tokio::test]
async fn a_cluster_of_an_earlier_version_gets_a_transaction_for_each() {
    let site = Site::of(Store::in_memory_at_version(DECIDES_SINCE - 1)).await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    let requests: Vec<LeaseRequest> =
        (0..3).map(|number| site.bind_request(1 + number, 100 + number, number, &block)).collect();
    let outcomes = site.batch(&rack, &requests).await;
    let mut revisions: Vec<u64> = outcomes.iter().map(revision).collect();
    assert!(outcomes.iter().all(is_committed), "{outcomes:?}");
    revisions.dedup();
    assert_eq!(revisions.len(), 3);
    for outcome in site.batch(&rack, &requests).await {
        assert_eq!(refused(outcome), CommitRefusal::Repeated);
    }
}
