//! What juju's provider does through gomaasapi, call by call: from looking at the site to giving machines back.
//! Its client sends `op` in the query and everything else as a form.

use serde_json::{Value, json};

use crate::clients::reads::reads_machine;
use crate::harness::{By, Region};
use crate::stock::{machine, path_of};

/// What gomaasapi refuses to work without.
const CAPABILITIES: &[&str] = &[
    "networks-management",
    "static-ipaddresses",
    "ipv6-deployment-ubuntu",
    "devices-management",
    "storage-deployment-ubuntu",
    "network-deployment-ubuntu",
];

async fn site() -> Region {
    let region = Region::start().await;
    region.post(By::Admin, "spaces/", &[("name", "alpha")]).await.assert(200);
    region.put(By::Admin, "fabrics/0/vlans/0/", &[("space", "alpha")]).await.assert(200);
    region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24")]).await.assert(200);
    region.put_image().await;
    for number in [2, 4] {
        region.store(&machine(number)).await;
    }
    region
}

#[tokio::test]
async fn a_controller_is_opened_and_the_site_is_looked_at() {
    let region = site().await;
    let version = region.get(By::Nobody, "version/").await.assert(200).json();
    for name in CAPABILITIES {
        assert!(version["capabilities"].as_array().unwrap().contains(&json!(name)), "{name}");
    }
    region.get(By::User, "users/?op=whoami").await.assert(200);
    for path in ["zones/", "spaces/", "fabrics/", "subnets/", "domains/", "static-routes/", "tags/"]
    {
        assert!(region.get(By::User, path).await.assert(200).json().is_array(), "{path}");
    }
    assert!(region.get(By::User, "boot-resources/").await.assert(200).json().is_array());
    region.get(By::User, "pools/").await.assert(404);
}

#[tokio::test]
async fn a_controller_is_bootstrapped_and_found_again_and_given_back() {
    let region = site().await;
    let agent = "0b4cd7d6-0f08-43e8-8b1a-4f3f3f6f7b2f";
    let form = [
        ("agent_name", agent),
        ("arch", "amd64"),
        ("mem", "3584"),
        ("storage", "root:8"),
        ("interfaces", "0:space=alpha"),
        ("zone", "default"),
    ];
    let taken = region.post(By::User, "machines/?op=allocate", &form).await.assert(200).json();
    reads_machine(&taken);
    assert_eq!(taken["hostname"], "web-2", "the smallest");
    let by_type = &taken["constraints_by_type"];
    let root = &by_type["storage"]["root"][0];
    let disks = taken["physicalblockdevice_set"].as_array().unwrap();
    assert!(disks.iter().any(|disk| disk["id"] == *root), "{root}");
    let front = &by_type["interfaces"]["0"][0];
    let interfaces = taken["interface_set"].as_array().unwrap();
    assert!(interfaces.iter().any(|one| one["id"] == *front), "{front}");

    let uri = taken["resource_uri"].as_str().unwrap();
    let deploy = [("user_data", "I2Nsb3VkLWNvbmZpZwo="), ("distro_series", "bookworm")];
    let started = region.post(By::User, &format!("{uri}?op=deploy"), &deploy).await.assert(200);
    reads_machine(&started.json());
    assert_eq!(started.json()["status_name"], "Deploying");
    let tags = [
        ("juju-controller-uuid", "b9b4"),
        ("juju-model-uuid", "c1a2"),
        ("juju-is-controller", "true"),
        ("juju-machine-id", "controller-0"),
    ];
    let tagged =
        region.post(By::User, &format!("{uri}?op=set_owner_data"), &tags).await.assert(200);
    assert_eq!(tagged.json()["owner_data"]["juju-is-controller"], "true");

    // `AllInstances` and `ControllerInstances`: by agent, and then by owner data in the client.
    let listed = region.get(By::User, &format!("machines/?agent_name={agent}")).await.json();
    let found = listed.as_array().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["owner_data"]["juju-controller-uuid"], "b9b4");
    let id = found[0]["system_id"].as_str().unwrap();
    let by_id = region.get(By::User, &format!("machines/?id={id}")).await.json();
    assert_eq!(by_id[0]["ip_addresses"].as_array().unwrap().len(), 1);

    let released = [("machines", id), ("comment", "Released by Juju MAAS provider")];
    let released = region.post(By::User, "machines/?op=release", &released).await.assert(200);
    assert_eq!(released.json(), json!([id]));
    let after = region.get(By::User, &format!("machines/?id={id}")).await.json();
    assert_eq!((&after[0]["owner_data"], &after[0]["owner"]), (&json!({}), &Value::Null));
    let listed = region.get(By::User, &format!("machines/?agent_name={agent}")).await.json();
    assert_eq!(listed, json!([]));
}

#[tokio::test]
async fn statuses_tell_the_client_what_went_wrong() {
    let region = site().await;
    let too_much = [("agent_name", "a"), ("mem", "99999999")];
    let none = region.post(By::User, "machines/?op=allocate", &too_much).await;
    assert_eq!(none.status, 409, "gomaasapi's NoMatchError");
    let no_zone = [("agent_name", "a"), ("zone", "nosuch")];
    let wrong = region.post(By::User, "machines/?op=allocate", &no_zone).await;
    assert_eq!(wrong.status, 400, "juju tries no other zone for it");
    let by_negative_space = [("not_subnets", "space:alpha")];
    region.post(By::User, "machines/?op=allocate", &by_negative_space).await.assert(409);
    let by_id = [("system_id", machine(4).system_id.to_string())];
    let by_id = by_id.each_ref().map(|(name, id)| (*name, id.as_str()));
    let placed = region.post(By::User, "machines/?op=allocate", &by_id).await.assert(200).json();
    assert_eq!(placed["hostname"], "web-4");

    let unknown = [("machines", "abcdef"), ("machines", by_id[0].1)];
    let refused = region.post(By::User, "machines/?op=release", &unknown).await;
    assert_eq!(refused.status, 400, "BadRequestError: juju goes on one by one");
    let mut others = region.stored(&machine(2)).await;
    others.placement.owner = Some(model::id::UserId(1));
    others.lifecycle.phase = model::machine::lifecycle::Phase::Deployed;
    region.store(&others).await;
    let id = [("machines", others.system_id.as_str())];
    let refused = region.post(By::User, "machines/?op=release", &id).await;
    assert_eq!(refused.status, 403, "PermissionError");
    region
        .post(By::User, &format!("{}?op=set_owner_data", path_of(&others)), &[])
        .await
        .assert(403);
}
