//! Rules S1, S3, S4 and S5 as they look from the region: what a rack that was cut off did, and
//! what a rack that was started anew may do.

use model::lease::block::Block;
use model::lease::commit::{Change, Refusal, Request};
use model::lease::offline::{AddressKnowledge, limit};
use model::lease::policy::Policy;
use model::time::Timestamp;
use ops::network::leases::CommitRefusal;
use tables::read::Reads;

use crate::leases::site::{Site, committed, ip, mac, process, refused};

/// Rule S4: a restart costs an epoch, and what the earlier process may have given away is left
/// alone until its block would have ended.
#[tokio::test]
async fn a_restarted_rack_binds_nothing_new_in_its_old_block_for_a_while() {
    let site = Site::new().await;
    let before = process(1, 7);
    let old = site.blocks(&before, 0).await.remove(0);
    let after = process(1, 8);
    let blocks = site.blocks(&after, 8).await;
    assert_eq!(blocks.len(), 1);
    let new = &blocks[0];
    assert_eq!((new.id, new.epoch), (old.id, old.epoch + 1));
    assert_eq!(new.quarantine_until, old.valid_until);

    let quarantined = CommitRefusal::Rule(Refusal::Quarantined { ip: ip(100) });
    assert_eq!(refused(site.bind(&after, ip(100), mac(1), Some(new)).await), quarantined);
    let not_owner = CommitRefusal::Rule(Refusal::NotTheOwner { ip: ip(100) });
    assert_eq!(refused(site.bind(&before, ip(100), mac(1), Some(&old)).await), not_owner);

    site.change(|tx| {
        let block = tx.get::<Block>(&new.id)?;
        let quarantine_until = Timestamp::from_unix_ms(1);
        tx.put(&Block { quarantine_until, ..block.unwrap() })
    })
    .await;
    committed(site.bind(&after, ip(100), mac(1), Some(new)).await);
}

/// What is in quarantine is no store: else a rack that was started anew had nothing for new clients for as long as that
/// lasts.
#[tokio::test]
async fn a_restarted_rack_gets_other_blocks_for_new_clients() {
    let site = Site::new().await;
    let old = site.blocks_for(&process(1, 7), 0, 4).await.remove(0);
    for start in 8_u8..10 {
        let after = process(1, start.into());
        let blocks = site.blocks_for(&after, 0, 4).await;
        assert!(blocks.iter().any(|block| block.id == old.id), "its clients can go on");
        let fresh = blocks.iter().find(|block| block.quarantine_until == Timestamp::default());
        let fresh = fresh.expect("one without a quarantine");
        committed(site.bind(&after, fresh.first, mac(start), Some(fresh)).await);
    }
    let (owned, other) = (site.view().await.list::<Block>().unwrap().len(), process(2, 1));
    assert_eq!(owned, 3);
    assert_eq!(site.blocks_for(&other, 0, 4).await.len(), 1, "the other rack has its part");
}

#[tokio::test]
async fn a_second_restart_keeps_the_longer_quarantine() {
    let site = Site::new().await;
    site.blocks(&process(1, 7), 0).await;
    let second = site.blocks(&process(1, 8), 8).await.remove(0);
    let third = site.blocks(&process(1, 9), 8).await.remove(0);
    assert_eq!(third.epoch, second.epoch + 1);
    assert_eq!(third.quarantine_until, second.valid_until.max(second.quarantine_until));
}

/// In a quarantined block a client goes on with what the region promised it, also at the region.
#[tokio::test]
async fn quarantine_does_not_take_a_promised_address_from_its_client() {
    let site = Site::new().await;
    let before = process(1, 7);
    let old = site.blocks(&before, 0).await.remove(0);
    committed(site.bind(&before, ip(100), mac(1), Some(&old)).await);
    let after = process(1, 8);
    let new = site.blocks(&after, 8).await.remove(0);
    committed(site.bind(&after, ip(100), mac(1), Some(&new)).await);
    let other = refused(site.bind(&after, ip(100), mac(2), Some(&new)).await);
    let held = Refusal::BoundToAnother { ip: ip(100), holder: mac(1).into() };
    assert_eq!(other, CommitRefusal::Rule(held));

    // Rule S5: once the promise is over, the old process may have given the address to another.
    site.set_promise_until(ip(100), -60_000).await;
    let late = refused(site.bind(&after, ip(100), mac(1), Some(&new)).await);
    assert_eq!(late, CommitRefusal::Rule(Refusal::Quarantined { ip: ip(100) }));
    let binding = site.binding(ip(100)).await;
    let now = tables::update::now();
    let block = site.block(new.id).await;
    let knowledge = AddressKnowledge {
        binding: binding.as_ref(),
        own_block: Some(&block),
        own_grant: None,
        earliest: now,
        latest: now,
    };
    assert_eq!(limit(&Policy::default(), &knowledge, &mac(1).into()), None);
}

/// Rule S1: what a rack granted while it was cut off is committed as soon as it is back, and then
/// stands in the way of everybody else.
#[tokio::test]
async fn a_grant_made_without_a_region_is_committed_afterwards() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    let granted = Request {
        told_ms: 120_000,
        ..site.request(Change::Granted, ip(101), mac(1), Some(&block))
    };
    let (_, binding, at) = committed(site.commit(&rack, &granted).await);
    assert_eq!(binding.told_until, at.plus_ms(120_000));
    let other = refused(site.bind(&rack, ip(101), mac(2), Some(&block)).await);
    let held = Refusal::BoundToAnother { ip: ip(101), holder: mac(1).into() };
    assert_eq!(other, CommitRefusal::Rule(held));
}

/// While a grant that the region does not know may exist, nobody else gets the block.
#[tokio::test]
async fn nobody_binds_in_a_valid_block_of_a_rack_that_is_cut_off() {
    let site = Site::new().await;
    let (cut_off, other) = (process(1, 7), process(2, 8));
    let block = site.blocks(&cut_off, 0).await.remove(0);
    let refusal = refused(site.bind(&other, ip(100), mac(2), Some(&block)).await);
    assert_eq!(refusal, CommitRefusal::Rule(Refusal::NotTheOwner { ip: ip(100) }));
    assert!(site.blocks(&other, 0).await.iter().all(|own| own.id != block.id));
    committed(site.bind(&cut_off, ip(100), mac(1), Some(&block)).await);
}

/// Rule S3: a renewed grant is written only after every binding of its block, so a copy that holds
/// the grant holds these bindings too.
#[tokio::test]
async fn a_grant_is_never_older_than_the_bindings_that_its_copy_shows() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    let (bound_at, ..) = committed(site.bind(&rack, ip(100), mac(1), Some(&block)).await);
    site.set_valid_until(block.id, 30_000).await;
    let renewed = site.blocks(&rack, 8).await.remove(0);
    assert!(site.view().await.revision() > bound_at);
    let binding = site.binding(ip(100)).await.unwrap();
    assert!(binding.promise_until > renewed.granted_at, "not free at the last contact");
    let knowledge = AddressKnowledge {
        binding: Some(&binding),
        own_block: Some(&renewed),
        own_grant: None,
        earliest: renewed.granted_at,
        latest: renewed.granted_at,
    };
    assert_eq!(limit(&Policy::default(), &knowledge, &mac(2).into()), None);
}
