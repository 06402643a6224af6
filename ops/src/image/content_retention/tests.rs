//! Contents over an in-memory store: what refers to them stays, and what nothing refers to goes.

use std::collections::BTreeSet;

use crate::authorize::tests::administrator;
use model::machine::Machine;
use model::machine::lifecycle::Phase;
use model::machine::power::Power;
use model::retention::UNUSED_CONTENT_MS;
use model::time::Timestamp;
use raft_store::Store;

use super::*;
use crate::access::users::NewUser;
use crate::cluster::bootstrap::bootstrap;
use crate::image::boot_resources::{self, NewResource};
use crate::image::contents;
use crate::machine::enlist::{EnlistError, NewMachine, new_machine};
use model::machine::Deployment;

fn hash(letter: &str) -> String {
    letter.repeat(64)
}

fn cause() -> Cause {
    Cause::new("test", "image.test")
}

/// A store with one content, which nothing has referred to since so long.
async fn with_content(unused_ms: Option<u64>) -> Tables {
    let tables = Tables::new(Store::in_memory());
    let admin = NewUser { username: "admin".to_owned(), ..NewUser::default() };
    bootstrap(&tables, &admin).await.expect("a site");
    put(&tables, unused_ms).await;
    tables
}

async fn put(tables: &Tables, unused_ms: Option<u64>) {
    let content = Content {
        sha256: hash("a"),
        size_bytes: 5,
        holders: BTreeSet::from([1]),
        created: Timestamp::default(),
        unused_since: unused_ms.map(|ms| Timestamp::from_unix_ms(now().unix_ms - ms)),
    };
    let cause = cause();
    tables.update(&cause, |tx| tx.put(&content)).await.expect("written");
}

async fn reviewed(tables: &Tables) -> Option<Content> {
    assert_eq!(review(tables, None).await, Ok(None));
    tables.view().await.expect("a view").get::<Content>(&hash("a")).expect("readable")
}

async fn upload(tables: &Tables) -> BootResource {
    let new = NewResource {
        name: "custom/web".to_owned(),
        title: String::new(),
        architecture: "amd64/generic".to_owned(),
        base_image: String::new(),
        filetype: "tgz".to_owned(),
        sha256: hash("a"),
        size_bytes: 5,
        upload_node: 1,
    };
    boot_resources::create(tables, &administrator(), &new).await.expect("an image").0
}

#[tokio::test]
async fn what_nothing_refers_to_is_noted_and_goes_an_hour_later() {
    let tables = with_content(None).await;
    assert!(reviewed(&tables).await.expect("noted").unused_since.is_some());
    assert!(reviewed(&tables).await.is_some(), "its hour is not over");
    put(&tables, Some(UNUSED_CONTENT_MS)).await;
    assert_eq!(reviewed(&tables).await, None);
}

#[tokio::test]
async fn what_an_image_refers_to_stays_until_the_image_is_deleted() {
    let tables = with_content(Some(UNUSED_CONTENT_MS)).await;
    let image = upload(&tables).await;
    let kept = reviewed(&tables).await.expect("kept");
    assert_eq!(kept.unused_since, None, "whoever refers to it takes the note away");
    boot_resources::delete(&tables, &administrator(), image.id).await.expect("deleted");
    assert!(reviewed(&tables).await.expect("noted").unused_since.is_some());
}

#[tokio::test]
async fn what_an_earlier_version_refers_to_without_a_word_stays() {
    let tables = with_content(Some(UNUSED_CONTENT_MS)).await;
    upload(&tables).await;
    put(&tables, Some(UNUSED_CONTENT_MS)).await;
    assert_eq!(reviewed(&tables).await.expect("kept").unused_since, None);
}

#[tokio::test]
async fn what_a_deployment_installs_stays_until_it_is_done_or_given_back_where_it_runs_in_memory() {
    let tables = with_content(Some(UNUSED_CONTENT_MS)).await;
    let set_phase = async |phase: Phase, in_memory: bool| {
        let cause = cause();
        let deployed = tables.update(&cause, |tx| -> Result<(), EnlistError> {
            let known = tx.list::<Machine>()?.into_iter().next();
            let mut machine = match known {
                Some(machine) => machine,
                None => new_machine(
                    tx,
                    &NewMachine { power: Power::default(), ..NewMachine::default() },
                )?,
            };
            machine.lifecycle.phase = phase;
            machine.lifecycle.in_memory = in_memory;
            machine.deployment = Some(Deployment {
                osystem: "custom".to_owned(),
                distro_series: "web".to_owned(),
                image_sha256: hash("a"),
                image_bytes: 5,
                image_type: "root-tgz".to_owned(),
                user_data: None,
            });
            Ok(tx.put(&machine)?)
        });
        deployed.await.expect("written");
    };
    set_phase(Phase::Deploying, false).await;
    assert!(reviewed(&tables).await.is_some());
    set_phase(Phase::Deployed, true).await;
    assert!(reviewed(&tables).await.is_some());
    set_phase(Phase::Deployed, false).await;
    assert_eq!(reviewed(&tables).await, None);
}

#[tokio::test]
async fn who_is_about_to_use_a_content_keeps_it() {
    let tables = with_content(Some(UNUSED_CONTENT_MS)).await;
    contents::keep(&tables, &administrator(), &hash("a")).await.expect("kept");
    let kept = reviewed(&tables).await.expect("kept");
    assert!(kept.unused_since.is_some_and(|since| now().since_ms(since) < UNUSED_CONTENT_MS));
}
