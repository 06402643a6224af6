//! What a site is filled with before many requests come: a subnet, an image, machines that are
//! Ready. By the doors that operators and machines use.

use std::time::Duration;

use anyhow::Context;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::Value;

use crate::regions::agent::{self, mac};
use crate::regions::rest::Rest;
use store_node::wait::wait_for;

/// The image that machines are deployed with: a name, because nobody unpacks it.
pub const IMAGE: (&str, &str) = ("debian", "bookworm");
/// How long an image may take to be on enough regions.
const COPIED_MAX: Duration = Duration::from_secs(60);
/// Machines that are made at the same time.
const AT_ONCE: usize = 4;

/// A subnet of the default VLAN. Returns its id.
///
/// # Errors
/// When it is refused.
pub async fn subnet(rest: &Rest, cidr: &str, name: &str) -> anyhow::Result<u64> {
    let fabrics = rest.get("fabrics/").await?.success()?.json();
    let vlan = fabrics[0]["vlans"][0]["id"].to_string();
    let form = [("cidr", cidr), ("name", name), ("vlan", &vlan)];
    let made = rest.post("subnets/", &form).await?.success()?.json();
    made["id"].as_u64().context("the id of the subnet")
}

/// An image that can be deployed.
///
/// # Errors
/// When it is refused, or not copied in time.
pub async fn image(rest: &Rest) -> anyhow::Result<()> {
    let name = format!("{}/{}", IMAGE.0, IMAGE.1);
    let form = [
        ("name", name.as_str()),
        ("title", "Debian 12"),
        ("architecture", "amd64/generic"),
        ("filetype", "tgz"),
        ("content", "a root file system"),
    ];
    let made = rest.post("boot-resources/", &form).await?.success()?.json();
    let path = format!("boot-resources/{}/", made["id"]);
    wait_for("the image is on enough regions", COPIED_MAX, async || {
        let resource = rest.get(&path).await?.success()?.json();
        let sets = resource["sets"].as_object().context("sets")?;
        let complete = |set: &Value| set["complete"] == true;
        Ok((!sets.is_empty() && sets.values().all(complete)).then_some(()))
    })
    .await
}

/// The form that makes a machine. Nobody switches its power, so it needs no rack.
#[must_use]
pub fn machine_form(number: u32) -> Vec<(&'static str, String)> {
    vec![
        ("architecture", "amd64/generic".to_owned()),
        ("mac_addresses", mac(number, 0).to_string()),
        ("hostname", format!("m{number}")),
        ("power_type", "manual".to_owned()),
        ("commission", "true".to_owned()),
    ]
}

/// Machines that are Ready, by `POST machines/` and the agent's conversation. `address` is one of
/// the subnet that they are to be linked to, with its prefix length. Returns their ids.
///
/// # Errors
/// When one is refused.
pub async fn ready_machines(
    rest: &Rest,
    numbers: std::ops::Range<u32>,
    address: &str,
) -> anyhow::Result<Vec<String>> {
    let made = stream::iter(numbers).map(|number| async move {
        let form = machine_form(number);
        let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let machine = rest.post("machines/", &form).await?.success()?.json();
        agent::commission(rest, number, address).await?;
        machine["system_id"].as_str().map(str::to_owned).context("the id of the machine")
    });
    made.buffered(AT_ONCE).try_collect().await
}
