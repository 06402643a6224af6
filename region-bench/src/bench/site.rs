//! A site of some size: three regions, subnets, an image, and machines that are Ready.

use std::path::Path;

use anyhow::Context;

use super::seed;
use super::settings::Settings;
use super::usage::say;
use crate::regions::rest::Rest;
use crate::regions::{Regions, stock};

/// Last part but one of the regions' loopback addresses.
const NET: u8 = 79;
/// Subnets: of the machines, and of reserved addresses.
const MACHINES: (&str, &str) = ("10.64.0.0/16", "10.64.255.250/16");
const RESERVED: &str = "10.65.0.0/16";

/// The site.
pub(super) struct Site {
    pub(super) regions: Regions,
    pub(super) size: u32,
    /// Ids of all machines.
    pub(super) machines: Vec<String>,
    /// The subnet of reserved addresses.
    pub(super) subnet: u64,
    pub(super) leader: usize,
    pub(super) follower: usize,
}

/// Where clients are connected.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub(super) enum Door {
    Leader,
    Follower,
}

impl Site {
    /// Builds it below a folder.
    pub(super) async fn build(
        settings: &Settings,
        folder: &Path,
        size: u32,
    ) -> anyhow::Result<Self> {
        say(&format!("a site of {size} machines"));
        let mut regions = Regions::found(&settings.binary, folder, NET, 3).await?;
        regions.start(0).await?;
        let rest = regions.rest(0)?;
        stock::subnet(&rest, MACHINES.0, "machines").await?;
        let subnet = stock::subnet(&rest, RESERVED, "reserved").await?;
        stock::image(&rest).await?;
        regions.stop(0).await?;
        seed::machines(regions.data(0), size, MACHINES.1).await?;
        regions.run().await?;
        let leader = regions.leader().await?;
        let follower = (leader + 1) % regions.count();
        let machines = ids(&regions.rest(leader)?).await?;
        anyhow::ensure!(machines.len() == size as usize, "{} machines", machines.len());
        Ok(Self { regions, size, machines, subnet, leader, follower })
    }

    /// A door with connections of its own.
    pub(super) fn rest(&self, door: Door) -> anyhow::Result<Rest> {
        self.regions.rest(match door {
            Door::Leader => self.leader,
            Door::Follower => self.follower,
        })
    }
}

/// The ids of all machines, by a short list.
async fn ids(rest: &Rest) -> anyhow::Result<Vec<String>> {
    let parameters = rest.get("machines/?op=power_parameters").await?.success()?.json();
    let ids = parameters.as_object().context("machines by their ids")?;
    Ok(ids.keys().cloned().collect())
}
