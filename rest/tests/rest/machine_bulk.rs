//! What is done to many machines: to all that are named, or to none.

use model::machine::Machine;
use model::machine::lifecycle::Phase;
use model::machine::status::Status;
use serde_json::json;

use crate::harness::{By, Region};
use crate::stock::machine;

async fn put(region: &Region, number: u32, phase: Phase) -> Machine {
    let mut machine = machine(number);
    machine.lifecycle.phase = phase;
    region.store(&machine).await;
    machine
}

async fn status(region: &Region, machine: &Machine) -> Status {
    Status::of(&region.stored(machine).await.lifecycle)
}

#[tokio::test]
async fn all_named_machines_are_released_or_none() {
    let region = Region::start().await;
    let ready = put(&region, 1, Phase::Ready).await;
    let first = put(&region, 2, Phase::Allocated).await;
    let second = put(&region, 3, Phase::Deployed).await;
    let busy = put(&region, 4, Phase::Commissioning).await;
    let release = |ids: Vec<String>| {
        let region = &region;
        async move {
            let form: Vec<(&str, &str)> = ids.iter().map(|id| ("machines", id.as_str())).collect();
            region.post(By::User, "machines/?op=release", &form).await
        }
    };
    let id = |machine: &Machine| machine.system_id.to_string();
    let refused = release(vec![id(&first), "nosuch".to_owned()]).await.assert(400);
    assert_eq!(refused.text, "Unknown machine(s): nosuch.");
    let refused = release(vec![id(&first), id(&busy)]).await.assert(409);
    let named = format!("{} ('Commissioning')", busy.system_id);
    assert_eq!(
        refused.text,
        format!("Machine(s) cannot be released in their current state: {named}.")
    );
    assert_eq!(status(&region, &first).await, Status::Allocated, "none of them");
    let all = release(vec![id(&ready), id(&first), id(&second), id(&first)]).await.assert(200);
    let mut expected = vec![id(&first), id(&second)];
    expected.sort();
    assert_eq!(all.json(), json!(expected));
    assert_eq!(release(vec![]).await.assert(200).json(), json!([]));
}

#[tokio::test]
async fn new_machines_are_accepted_and_others_left_or_refused() {
    let region = Region::start().await;
    let new = put(&region, 1, Phase::New).await;
    let ready = put(&region, 2, Phase::Ready).await;
    let deployed = put(&region, 3, Phase::Deployed).await;
    let id = |machine: &Machine| machine.system_id.to_string();
    let both = [("machines", &*id(&new)), ("machines", &*id(&ready))];
    let refused = region.post(By::User, "machines/?op=accept", &both).await.assert(403);
    assert!(refused.text.starts_with("You don't have the required permission to accept"));
    let nobody = region.post(By::Nobody, "machines/?op=accept", &[]).await.assert(401);
    assert_eq!(nobody.text, "You must be logged in to accept machines.");
    let none = region.post(By::User, "machines/?op=accept_all", &[]).await.assert(200);
    assert_eq!(none.json(), json!([]));
    let wrong = [("machines", &*id(&new)), ("machines", &*id(&deployed))];
    let refused = region.post(By::Admin, "machines/?op=accept", &wrong).await.assert(409);
    let message =
        format!("Cannot accept node enlistment: node {} is in state Deployed.", deployed.system_id);
    assert_eq!(refused.text, message);
    assert_eq!(status(&region, &new).await, Status::New, "none of them");
    let accepted = region.post(By::Admin, "machines/?op=accept", &both).await.assert(200).json();
    assert_eq!(
        (accepted.as_array().unwrap().len(), &accepted[0]["hostname"]),
        (1, &json!("web-1"))
    );
    assert_eq!(status(&region, &new).await, Status::Commissioning);

    let known = format!("machines/?op=is_action_in_progress&mac_address={}", new.interfaces[0].mac);
    assert_eq!(region.get(By::Nobody, &known).await.assert(200).text, "true");
    let known = known.replace(&new.interfaces[0].mac.to_string(), "52:54:00:00:02:00");
    assert_eq!(region.get(By::Nobody, &known).await.assert(200).text, "false");
    let missing = region.get(By::Nobody, "machines/?op=is_action_in_progress").await.assert(400);
    assert_eq!(missing.text, "No provided mac_address!");

    let other = put(&region, 5, Phase::New).await;
    let all = region.post(By::Admin, "machines/?op=accept_all", &[]).await.assert(200).json();
    assert_eq!(all.as_array().unwrap().len(), 1);
    assert_eq!(status(&region, &other).await, Status::Commissioning);
}
