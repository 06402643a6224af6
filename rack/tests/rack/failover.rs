//! Regions die, fall silent, are behind, have forgotten: what the rack's copy shows then.

use crate::fake_region::{FakeRegion, vlan};
use crate::rack::{TestRack, wait_for};

#[tokio::test(flavor = "multi_thread")]
async fn a_rack_resumes_at_another_region_where_it_was() {
    let mut first = FakeRegion::start(10, vec![vlan(1)]);
    // A generation of the second region would not have VLAN 1.
    let second = FakeRegion::start(11, vec![vlan(9)]);
    let rack = TestRack::start(&[&first, &second]);
    rack.reaches(10).await;
    first.push(11, &vlan(2));
    rack.reaches(11).await;
    assert_eq!(first.hellos()[0].resume_revision, 0);

    first.kill();
    wait_for("a session with the second region", || second.hellos().len() == 1).await;
    assert_eq!(second.hellos()[0].resume_revision, 11);
    wait_for("the uplink", || rack.uplink.client().is_some()).await;
    second.push(12, &vlan(3));
    rack.reaches(12).await;
    assert_eq!(rack.vlans(), [1, 2, 3]);
    assert_eq!(second.hellos().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_fell_silent_is_left() {
    let first = FakeRegion::start(10, vec![vlan(1)]);
    let second = FakeRegion::start(10, vec![vlan(1)]);
    let rack = TestRack::start(&[&first, &second]);
    rack.reaches(10).await;
    first.fall_silent();
    wait_for("a session with the second region", || second.hellos().len() == 1).await;
    assert_eq!(second.hellos()[0].resume_revision, 10);
    assert_eq!(first.hellos().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_is_behind_takes_nothing_back() {
    let mut first = FakeRegion::start(10, vec![vlan(1)]);
    let behind = FakeRegion::start(8, vec![]);
    let rack = TestRack::start(&[&first, &behind]);
    rack.reaches(10).await;
    first.push(11, &vlan(2));
    rack.reaches(11).await;
    first.kill();
    wait_for("a session with the second region", || behind.hellos().len() == 1).await;
    // It catches up, and sends what the rack has seen: also a VLAN that was removed since.
    behind.push(9, &vlan(7));
    behind.push(11, &vlan(2));
    behind.push(12, &vlan(3));
    rack.reaches(12).await;
    assert_eq!(rack.vlans(), [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_region_the_copy_is_served_until_one_is_back() {
    let mut first = FakeRegion::start(10, vec![vlan(1)]);
    let mut second = FakeRegion::start(10, vec![vlan(1)]);
    let rack = TestRack::start(&[&first, &second]);
    rack.reaches(10).await;
    first.kill();
    second.kill();
    wait_for("the loss is known", || rack.uplink.client().is_none()).await;
    assert!(rack.copy().is_loaded());
    assert_eq!((rack.copy().revision, rack.vlans()), (10, vec![1]));

    let back = FakeRegion::start_at(second.address, 12, vec![vlan(9)]);
    wait_for("a session with the region", || !back.hellos().is_empty()).await;
    assert_eq!(back.hellos()[0].resume_revision, 10);
    assert_eq!(rack.vlans(), [1], "nothing was dropped meanwhile");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_without_the_history_sends_everything_anew() {
    let mut first = FakeRegion::start(10, vec![vlan(1), vlan(2)]);
    let second = FakeRegion::start(50, vec![vlan(2), vlan(3)]);
    second.forget_before(40);
    let rack = TestRack::start(&[&first, &second]);
    rack.reaches(10).await;
    first.kill();
    rack.reaches(50).await;
    assert_eq!(second.hellos()[0].resume_revision, 10);
    assert_eq!(rack.vlans(), [2, 3], "what is not in the new generation is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_without_serials_of_zones_is_replaced_at_a_region_that_tells_them() {
    let mut old = FakeRegion::start(10, vec![vlan(1)]);
    let new = FakeRegion::start(11, vec![vlan(1), vlan(2)]);
    new.tell_zone_serial("maas", 5);
    let rack = TestRack::start(&[&old, &new]);
    rack.reaches(10).await;
    old.kill();
    rack.reaches(11).await;
    assert_eq!(rack.copy().zone_serials.get("maas"), Some(&5));
    let resumed: Vec<u64> = new.hellos().iter().map(|hello| hello.resume_revision).collect();
    assert_eq!(resumed, [10, 0]);
}
