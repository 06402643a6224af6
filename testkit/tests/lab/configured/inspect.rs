//! What is read out of the reports of a machine's tools.

use anyhow::{Context, ensure};
use serde_json::Value;
use testkit::lab::inside::Inside;

/// What is mounted at a path: its source, and the type of the file system.
pub(super) fn mounted(inside: &Inside, target: &str) -> anyhow::Result<(String, String)> {
    let mounts = inside.json("mounts")?;
    let found = every(&mounts["filesystems"], "children")
        .into_iter()
        .find(|mount| mount["target"] == target)
        .with_context(|| format!("nothing is mounted at {target}: {mounts}"))?;
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    Ok((text("source"), text("fstype")))
}

/// The names of the devices above a disk or partition, by the kernel: `/dev/md0` above `/dev/vda1`.
pub(super) fn above(inside: &Inside, device: &str) -> anyhow::Result<Vec<String>> {
    let disks = inside.json("disks")?;
    let found = every(&disks["blockdevices"], "children")
        .into_iter()
        .find(|found| found["name"] == device)
        .with_context(|| format!("there is no {device}: {disks}"))?;
    Ok(every(&found["children"], "children").iter().map(|child| text(child, "name")).collect())
}

/// An interface as `ip -details link` shows it.
pub(super) fn link(inside: &Inside, name: &str) -> anyhow::Result<Value> {
    let links = inside.json("links")?;
    let all = links.as_array().context("links")?;
    let found = all.iter().find(|link| link["ifname"] == name).cloned();
    found.with_context(|| format!("there is no {name}: {links}"))
}

/// The addresses of an interface that are not link-local, with their prefix lengths.
pub(super) fn addresses(inside: &Inside, name: &str) -> anyhow::Result<Vec<String>> {
    let links = inside.json("addresses")?;
    let all = links.as_array().context("links")?;
    let found = all.iter().find(|link| link["ifname"] == name);
    let found = found.with_context(|| format!("there is no {name}: {links}"))?;
    let addresses = found["addr_info"].as_array().cloned().unwrap_or_default();
    let global = addresses.iter().filter(|address| address["scope"] == "global");
    Ok(global.map(|it| format!("{}/{}", text(it, "local"), it["prefixlen"])).collect())
}

/// Nothing of the system has failed.
pub(super) fn is_well(inside: &Inside) -> anyhow::Result<()> {
    let failed = inside.text("failed units");
    ensure!(failed.is_empty(), "units have failed: {failed}");
    Ok(())
}

/// Objects of a list, and those below them.
fn every(list: &Value, below: &str) -> Vec<Value> {
    let list = list.as_array().cloned().unwrap_or_default();
    let with_those_below = |object: Value| {
        let children = every(&object[below], below);
        std::iter::once(object).chain(children)
    };
    list.into_iter().flat_map(with_those_below).collect()
}

fn text(object: &Value, name: &str) -> String {
    object[name].as_str().unwrap_or_default().to_owned()
}
