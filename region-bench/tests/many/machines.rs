//! Machines: made, allocated, deployed, released; and addresses.

use std::collections::BTreeSet;

use anyhow::Context;
use futures::stream::{self, StreamExt, TryStreamExt};
use region_bench::regions::{agent, stock};
use serde_json::Value;

use crate::round::{Ask, Round};
use crate::site::{SMALL, SUBNET, Site};

/// Requests at once.
const MANY: usize = 256;
/// Machines that are Ready: fewer than requests.
const READY: usize = 96;
/// Agents that talk at the same time while the machines are commissioned.
const AGENTS: usize = 4;
/// How often what was refused is asked again, so that the next kind has what it needs.
const TRIES_MAX: usize = 40;

pub(crate) async fn all(site: &Site) -> anyhow::Result<Vec<Round>> {
    let created = create(site).await?;
    let machines = ready(site, &created).await?;
    let (allocated, ids) = allocate(site, &machines).await?;
    let deployed = deploy(site, &ids).await?;
    let released = release(site, &ids).await?;
    let reserved = reserve(site).await?;
    let moved = change(site, &machines[0]).await?;
    Ok(vec![created, allocated, deployed, released, reserved, moved])
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Machines with different addresses, and a second request for one of four of them.
async fn create(site: &Site) -> anyhow::Result<Round> {
    let ask = |index| {
        let form = stock::machine_form(number(index));
        let form: Vec<(&str, &str)> =
            form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Ask::post("machines/", &form)
    };
    let again = MANY / 4;
    let asks = (0..MANY - again).chain(0..again).map(ask).collect();
    let round = Round::send(site, "machine create", asks).await;
    Ok(round
        .expect(MANY - again, &[(400, "already in use"), (400, "already exists")])
        .distinct("system id", |machine| machine["system_id"].clone())
        .distinct("hostname", |machine| machine["hostname"].clone())
        .distinct("interface", |machine| machine["interface_set"][0]["id"].clone()))
}

/// Takes some of them to Ready, and asks again for those that were refused.
async fn ready(site: &Site, created: &Round) -> anyhow::Result<Vec<String>> {
    let there: BTreeSet<String> =
        created.successes().iter().filter_map(|machine| text(&machine["hostname"])).collect();
    let made = stream::iter(0..READY).map(|index| {
        let there = &there;
        async move {
            let form = stock::machine_form(number(index));
            let form: Vec<(&str, &str)> =
                form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            if !there.contains(&format!("m{index}")) {
                again(async || site.door(index).post("machines/", &form).await?.success()).await?;
            }
            again(async || agent::commission(site.door(index), number(index), SUBNET.1).await).await
        }
    });
    made.buffer_unordered(AGENTS).try_collect::<Vec<()>>().await?;
    let ready = listed(site, "ready").await?;
    anyhow::ensure!(ready.len() == READY, "{} of {READY} machines are Ready", ready.len());
    Ok(ready)
}

/// The ids of all machines in a status.
async fn listed(site: &Site, status: &str) -> anyhow::Result<Vec<String>> {
    let path = format!("machines/?status={status}");
    let listed = site.door(0).get(&path).await?.success()?.json();
    let listed = listed.as_array().context("a list")?;
    Ok(listed.iter().filter_map(|machine| text(&machine["system_id"])).collect())
}

async fn allocate(site: &Site, ready: &[String]) -> anyhow::Result<(Round, Vec<String>)> {
    let asks = (0..MANY).map(|_| Ask::post("machines/?op=allocate", &[])).collect();
    let round = Round::send(site, "allocate", asks).await;
    let given: BTreeSet<String> =
        round.successes().iter().filter_map(|machine| text(&machine["system_id"])).collect();
    let round = round
        .expect(ready.len(), &[(409, "No machine available")])
        .distinct("machine", |machine| machine["system_id"].clone())
        .and(given.iter().all(|id| ready.contains(id)), "a machine was given that was not Ready");
    // What was refused though it was there is taken one by one.
    for _ in 0..MANY {
        if listed(site, "ready").await?.is_empty() {
            return Ok((round, listed(site, "allocated").await?));
        }
        site.door(0).post("machines/?op=allocate", &[]).await?;
    }
    anyhow::bail!("machines that are Ready cannot be allocated one by one")
}

/// All machines, and more requests for the same ones.
async fn deploy(site: &Site, ids: &[String]) -> anyhow::Result<Round> {
    let form = [("osystem", stock::IMAGE.0), ("distro_series", stock::IMAGE.1)];
    let ask = |id: &String| Ask::post(format!("machines/{id}/?op=deploy"), &form);
    let asks = ids.iter().cycle().take(MANY).map(ask).collect();
    let round = Round::send(site, "deploy", asks).await;
    let round = round
        .expect(ids.len(), &[(409, "in the 'Deploying' state")])
        .distinct("machine", |machine| machine["system_id"].clone())
        .distinct("address", |machine| machine["ip_addresses"].clone());
    for _ in 0..MANY {
        let left = listed(site, "allocated").await?;
        let Some(id) = left.first() else { return Ok(round) };
        site.door(0).post(&format!("machines/{id}/?op=deploy"), &form).await?;
    }
    anyhow::bail!("machines that are allocated cannot be deployed one by one")
}

/// All machines; the second request for one finds it free, which is a success in MAAS.
async fn release(site: &Site, ids: &[String]) -> anyhow::Result<Round> {
    let ask = |id: &String| Ask::post(format!("machines/{id}/?op=release"), &[]);
    let asks = ids.iter().cycle().take(MANY).map(ask).collect();
    let round = Round::send(site, "release", asks).await.expect(MANY, &[]);
    let ready = listed(site, "ready").await?.len();
    let found = format!("{ready} of {} machines are Ready afterwards", ids.len());
    Ok(round.and(ready == ids.len(), found))
}

/// More addresses than the subnet has.
async fn reserve(site: &Site) -> anyhow::Result<Round> {
    let subnet = site.small.to_string();
    let form = [("subnet", subnet.as_str())];
    let asks = (0..MANY).map(|_| Ask::post("ipaddresses/?op=reserve", &form)).collect();
    let round = Round::send(site, "reserve", asks).await;
    Ok(round
        .expect(SMALL.1, &[(503, "No more IPs available")])
        .distinct("address", |reserved| reserved["ip"].clone()))
}

/// Different fields of one machine: all changes are made.
async fn change(site: &Site, id: &str) -> anyhow::Result<Round> {
    let ask = |index: usize| {
        let (name, value) = match index % 3 {
            0 => ("description", format!("changed {index}")),
            1 => ("pool", "default".to_owned()),
            _ => ("zone", "default".to_owned()),
        };
        Ask::put(format!("machines/{id}/"), &[(name, value.as_str())])
    };
    let asks = (0..MANY).map(ask).collect();
    Ok(Round::send(site, "machine change", asks).await.expect(MANY, &[]))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Asks until it is not refused.
async fn again<T>(mut ask: impl AsyncFnMut() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let mut tries = 0;
    loop {
        match ask().await {
            Err(_) if tries < TRIES_MAX => tries += 1,
            asked => return asked,
        }
    }
}
