//! Data of every kind, made by the previous program's own doors.

use std::path::Path;

use anyhow::Context;

use crate::regions::rack::Rack;
use crate::regions::rest::Rest;
use crate::regions::{Regions, stock};

/// The subnet of the machines, and an address in it.
const SUBNET: (&str, &str) = ("10.74.0.0/16", "10.74.255.250/16");
/// Machines: two stay Ready, the others are allocated, deployed, broken and released.
const MACHINES: u32 = 6;
/// Clients with leases.
const CLIENTS: usize = 4;
/// cloud-init user data, in base64: `#cloud-config`.
const USER_DATA: &str = "I2Nsb3VkLWNvbmZpZw==";

/// Makes everything.
pub(super) async fn all(regions: &Regions, folder: &Path) -> anyhow::Result<()> {
    let rest = regions.rest(0)?;
    network(&rest).await.context("the network")?;
    people(&rest).await.context("users and groups")?;
    images(regions, &rest, folder).await.context("images")?;
    machines(&rest).await.context("machines")?;
    let rack = Rack::join(regions, "k1").await.context("a rack")?;
    let mut uplink = rack.uplink(regions, 1);
    for client in 0..CLIENTS {
        uplink.commit(client).await.context("a lease")?;
    }
    Ok(())
}

async fn make(rest: &Rest, path: &str, form: &[(&str, &str)]) -> anyhow::Result<serde_json::Value> {
    let made = rest.post(path, form).await?.success().with_context(|| path.to_owned())?;
    Ok(made.json())
}

async fn network(rest: &Rest) -> anyhow::Result<()> {
    let fabric = make(rest, "fabrics/", &[("name", "storage"), ("class_type", "10g")]).await?;
    let space = make(rest, "spaces/", &[("name", "dmz"), ("description", "outside")]).await?;
    let space = space["id"].to_string();
    let vlans = format!("fabrics/{}/vlans/", fabric["id"]);
    make(rest, &vlans, &[("vid", "100"), ("name", "data"), ("mtu", "9000"), ("space", &space)])
        .await?;
    let subnet = stock::subnet(rest, SUBNET.0, "machines").await?.to_string();
    let range = [
        ("type", "reserved"),
        ("start_ip", "10.74.1.1"),
        ("end_ip", "10.74.1.20"),
        ("subnet", subnet.as_str()),
        ("comment", "printers"),
    ];
    make(rest, "ipranges/", &range).await?;
    let wanted = [("subnet", subnet.as_str()), ("hostname", "nas"), ("mac", "52:54:00:74:00:99")];
    make(rest, "ipaddresses/?op=reserve", &wanted).await?;
    make(rest, "ipaddresses/?op=reserve", &[("ip", "10.74.2.2")]).await?;
    make(rest, "domains/", &[("name", "example.org"), ("ttl", "60")]).await?;
    let named = [("fqdn", "www.example.org"), ("ip_addresses", "10.74.2.2"), ("address_ttl", "30")];
    make(rest, "dnsresources/", &named).await?;
    let record = [("fqdn", "mail.example.org"), ("rrtype", "TXT"), ("rrdata", "hello")];
    make(rest, "dnsresourcerecords/", &record).await?;
    Ok(())
}

async fn people(rest: &Rest) -> anyhow::Result<()> {
    for (path, name) in [("zones/", "row-7"), ("resourcepools/", "web")] {
        make(rest, path, &[("name", name), ("description", "of the drill")]).await?;
    }
    let tag = [("name", "gpu"), ("comment", "fast")];
    make(rest, "tags/", &tag).await?;
    let user = [
        ("username", "eve"),
        ("email", "eve@example.org"),
        ("password", "secret-of-eve"),
        ("is_superuser", "0"),
    ];
    make(rest, "users/", &user).await?;
    make(rest, "account/?op=create_authorisation_token", &[("name", "laptop")]).await?;
    make(rest, "maas/?op=set_config", &[("name", "upstream_dns"), ("value", "9.9.9.9")]).await?;
    Ok(())
}

async fn images(regions: &Regions, rest: &Rest, folder: &Path) -> anyhow::Result<()> {
    stock::image(rest).await?;
    let file = |name: &str| {
        let path = folder.join(name);
        std::fs::write(&path, name)?;
        path.to_str().map(str::to_owned).context("a path that is UTF-8")
    };
    let (kernel, initrd) = (file("kernel")?, file("initrd")?);
    regions.cli(0).run(&["ephemeral", "upload", &kernel, &initrd, "--label", "drill"]).await?;
    Ok(())
}

async fn machines(rest: &Rest) -> anyhow::Result<()> {
    let ids = stock::ready_machines(rest, 0..MACHINES, SUBNET.1).await?;
    let on = |id: &str, op: &str| format!("machines/{id}/?op={op}");
    make(rest, "tags/gpu/?op=update_nodes", &[("add", &ids[0])]).await?;
    let placed = [("zone", "row-7"), ("pool", "web"), ("description", "of the drill")];
    rest.put(&format!("machines/{}/", ids[1]), &placed).await?.success()?;
    make(rest, "machines/?op=allocate", &[("agent_name", "drill"), ("pool", "web")]).await?;
    let (osystem, series) = stock::IMAGE;
    let system = [("osystem", osystem), ("distro_series", series), ("user_data", USER_DATA)];
    for id in &ids[2..4] {
        make(rest, &on(id, "deploy"), &system).await?;
    }
    make(rest, &on(&ids[3], "release"), &[]).await?;
    make(rest, &on(&ids[4], "mark_broken"), &[("comment", "no light")]).await?;
    Ok(())
}
