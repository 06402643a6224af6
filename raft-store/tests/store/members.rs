//! Who takes part: one change at a time, ids are never used again, leadership is given on purpose.

use raft_store::Store;
use raft_store::status::MembershipError;

use super::support::{
    Cluster, Node, POLL, put, stop, value, wait_for_leader, wait_for_other_leader,
};

fn ids(store: &Store, voters: bool) -> Vec<u64> {
    let members = store.members().into_iter().filter(|member| member.voter == voters);
    members.map(|member| member.id).collect()
}

async fn leading(nodes: &[Node]) -> &Node {
    let leader = wait_for_leader(&nodes[0].store).await;
    nodes.iter().find(|node| node.id == leader).expect("the leader is a node")
}

#[track_caller]
fn refused(result: Result<(), MembershipError>, words: &str) {
    let error = result.expect_err("refused");
    let MembershipError::Refused { reason } = &error else { panic!("{error}") };
    assert!(reason.contains(words), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_was_removed_is_never_used_again() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(3).await;
    let leader = leading(&nodes).await;
    let removed = nodes.iter().find(|node| node.id != leader.id).expect("a follower");
    let address = removed.address.to_string();
    leader.store.remove(removed.id).await.expect("removed");
    leader.store.remove(removed.id).await.expect("removing again changes nothing");
    let again = leader.store.add_learner(removed.id, address).await;
    refused(again, "an id is never used again");
    // The next leader knows it too.
    let other = nodes.iter().find(|node| ![leader.id, removed.id].contains(&node.id));
    let other = other.expect("the third node");
    leader.store.transfer_leader(other.id).await.expect("transfer");
    let again = other.store.add_learner(removed.id, "127.0.0.1:9".to_owned()).await;
    refused(again, "an id is never used again");
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_added_promoted_demoted_and_readdressed() {
    let cluster = Cluster::new();
    let mut nodes = cluster.start_all(2).await;
    let leader = leading(&nodes).await.store.clone();
    let own = leader.status().expect("status").node_id;
    let third = cluster.start(3, None).await;
    let address = third.address.to_string();
    leader.add_learner(3, address.clone()).await.expect("learner");
    leader.add_learner(3, address).await.expect("adding again changes nothing");
    refused(leader.add_learner(3, "127.0.0.1:9".to_owned()).await, "needs a new id");
    refused(leader.promote(9).await, "node 9 is not a member");
    leader.promote(3).await.expect("voter");
    leader.promote(3).await.expect("promoting again changes nothing");
    assert_eq!(vec![1, 2, 3], ids(&leader, true));
    leader.demote(3).await.expect("learner");
    assert_eq!((vec![1, 2], vec![3]), (ids(&leader, true), ids(&leader, false)));
    leader.promote(3).await.expect("voter again");
    let follower = if own == 1 { 2 } else { 1 };
    let fourth = cluster.start(4, None).await;
    let address = fourth.address.to_string();
    leader.replace_address(follower, 4, address.clone()).await.expect("replaced");
    leader.replace_address(follower, 4, address).await.expect("again changes nothing");
    assert_eq!(vec![own, 3, 4], ids(&leader, true));
    leader.transact(put("a", "1")).await.expect("put");
    assert_eq!(Some("1".to_owned()), value(&fourth.store, "a").await);
    nodes.extend([third, fourth]);
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_leader_changes_members_and_the_last_voter_stays() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(2).await;
    let leader = leading(&nodes).await;
    let follower = nodes.iter().find(|node| node.id != leader.id).expect("a follower");
    let not_leader = MembershipError::NotLeader { leader: Some(leader.id) };
    assert_eq!(Err(not_leader.clone()), follower.store.remove(leader.id).await);
    assert_eq!(Err(not_leader), follower.store.transfer_leader(follower.id).await);
    refused(leader.store.transfer_leader(7).await, "node 7 is not another voter");
    leader.store.remove(follower.id).await.expect("one of two goes");
    refused(leader.store.demote(leader.id).await, "is the last voter");
    refused(leader.store.remove(leader.id).await, "is the last voter");
    leader.store.transact(put("a", "1")).await.expect("it still works");
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_at_once_one_is_refused_or_both_follow_each_other() {
    let cluster = Cluster::new();
    let mut nodes = cluster.start_all(1).await;
    let leader = nodes[0].store.clone();
    let (second, third) = (cluster.start(2, None).await, cluster.start(3, None).await);
    let (one, other) = tokio::join!(
        leader.add_learner(2, second.address.to_string()),
        leader.add_learner(3, third.address.to_string()),
    );
    let added = [(2, &one), (3, &other)].into_iter().filter(|(_, result)| result.is_ok());
    let added: Vec<u64> = added.map(|(id, _)| id).collect();
    assert!(!added.is_empty(), "{one:?} {other:?}");
    assert_eq!(added, ids(&leader, false));
    for result in [one, other] {
        assert!(matches!(result, Ok(()) | Err(MembershipError::InProgress)), "{result:?}");
    }
    nodes.extend([second, third]);
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_that_would_leave_no_quorum_is_refused() {
    let cluster = Cluster::new();
    let mut nodes = cluster.start_all(3).await;
    let leader = leading(&nodes).await.id;
    let down = nodes.iter().position(|node| node.id != leader).expect("a follower");
    let down = nodes.remove(down);
    let lost = down.id;
    down.kill().await;
    let store = nodes.iter().find(|node| node.id == leader).expect("the leader").store.clone();
    let other = nodes.iter().find(|node| node.id != leader).expect("the other follower").id;
    for id in [other, leader] {
        refused(store.check_removal(id).await, &format!("for [{lost}] do not"));
        refused(store.remove(id).await, &format!("for [{lost}] do not"));
        refused(store.demote(id).await, "bring them back, or remove them first");
    }
    assert_eq!(vec![1, 2, 3], ids(&store, true), "nothing was changed");
    store.remove(lost).await.expect("the lost one can go");
    store.remove(other).await.expect("and then the other one");
    store.transact(put("a", "1")).await.expect("it still works");
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_stopped_hands_over_first() {
    let cluster = Cluster::new();
    let mut nodes = cluster.start_all(3).await;
    let leader = leading(&nodes).await.id;
    let at = nodes.iter().position(|node| node.id == leader).expect("the leader is a node");
    let leaving = nodes.remove(at);
    let before = leaving.store.leadership().borrow().term;
    leaving.shutdown().await;
    // Another one leads already, in the next term: nobody waited for an election.
    let leader = wait_for_other_leader(&nodes[0].store, leader).await;
    let leading = nodes.iter().find(|node| node.id == leader).expect("the new leader is a node");
    assert_eq!(before + 1, leading.store.leadership().borrow().term);
    leading.store.transact(put("a", "1")).await.expect("put");
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leadership_is_not_given_to_a_node_that_is_down() {
    let cluster = Cluster::new();
    let mut nodes = cluster.start_all(3).await;
    let leader = leading(&nodes).await.id;
    let down = nodes.iter().position(|node| node.id != leader).expect("a follower");
    nodes.remove(down).kill().await;
    let store = nodes.iter().find(|node| node.id == leader).expect("the leader").store.clone();
    let other = nodes.iter().find(|node| node.id != leader).expect("the other follower").id;
    store.transact(put("a", "1")).await.expect("two of three");
    loop {
        // Once the leader has missed answers of the lost node it asks the other one first.
        match store.hand_over().await {
            Some(next) => break assert_eq!(other, next),
            None => tokio::time::sleep(POLL).await,
        }
    }
    stop(nodes).await;
}
