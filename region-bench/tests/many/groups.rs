//! Tags, pools and zones.

use std::collections::BTreeSet;

use crate::round::{Ask, Round};
use crate::site::Site;

/// Requests at once.
const MANY: usize = 256;
/// How many requests ask for the same name.
const SAME: usize = 4;

pub(crate) async fn all(site: &Site) -> anyhow::Result<Vec<Round>> {
    let mut rounds = vec![tags(site).await?, tagged(site).await?];
    let kinds = [
        ("pool create", "pool change", "resourcepools/"),
        ("zone create", "zone change", "zones/"),
    ];
    for (create, change, all) in kinds {
        rounds.push(create_named(site, create, all).await?);
        rounds.push(change_one(site, change, all).await?);
    }
    Ok(rounds)
}

fn name(index: usize) -> String {
    format!("n{}", index / SAME)
}

/// Every name is asked for several times, and given once.
async fn tags(site: &Site) -> anyhow::Result<Round> {
    let ask = |index| Ask::post("tags/", &[("name", name(index).as_str()), ("comment", "of many")]);
    let round = Round::send(site, "tag create", (0..MANY).map(ask).collect()).await;
    Ok(round
        .expect(MANY / SAME, &[(400, "already exists")])
        .distinct("tag", |tag| tag["name"].clone()))
}

/// Each tag is given to the same machine, by a request of its own: it carries all of them.
async fn tagged(site: &Site) -> anyhow::Result<Round> {
    let machines = site.door(0).get("machines/?status=ready").await?.success()?.json();
    let id = machines[0]["system_id"].as_str().unwrap_or_default().to_owned();
    for index in (0..MANY).step_by(SAME) {
        // Those that were refused before.
        site.door(0).post("tags/", &[("name", name(index).as_str())]).await?;
    }
    let ask = |index| {
        Ask::post(format!("tags/{}/?op=update_nodes", name(index)), &[("add", id.as_str())])
    };
    let round = Round::send(site, "tag update_nodes", (0..MANY).map(ask).collect()).await;
    let machine = site.door(0).get(&format!("machines/{id}/")).await?.success()?.json();
    let carried: BTreeSet<&str> = machine["tag_names"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|tag| tag.as_str())
        .collect();
    let missing = (0..MANY).filter(|index| !carried.contains(name(*index).as_str())).count();
    let found = format!("{} of {} tags are not carried", missing / SAME, MANY / SAME);
    Ok(round.expect(MANY, &[]).and(missing == 0, found))
}

/// Every name is asked for several times, and given once, with an id of its own.
async fn create_named(site: &Site, kind: &'static str, path: &str) -> anyhow::Result<Round> {
    let ask = |index| Ask::post(path, &[("name", name(index).as_str())]);
    let round = Round::send(site, kind, (0..MANY).map(ask).collect()).await;
    Ok(round
        .expect(MANY / SAME, &[(400, "already exists")])
        .distinct("name", |group| group["name"].clone())
        .distinct("id", |group| group["id"].clone()))
}

/// The description of one group, by all.
async fn change_one(site: &Site, kind: &'static str, path: &str) -> anyhow::Result<Round> {
    let made = site.door(0).post(path, &[("name", "shared")]).await?.success()?.json();
    let one = made["resource_uri"].as_str().unwrap_or_default().to_owned();
    let one = one.trim_start_matches("/MAAS/api/2.0/").to_owned();
    let ask = |index: usize| {
        Ask::put(one.clone(), &[("description", format!("changed {index}").as_str())])
    };
    Ok(Round::send(site, kind, (0..MANY).map(ask).collect()).await.expect(MANY, &[]))
}
