//! The regions of a test, with a subnet and an image.

use region_bench::regions::rest::Rest;
use region_bench::regions::{Regions, stock};
use testkit::site::binaries;

/// The subnet of the machines, and an address of it that no machine is given.
pub(crate) const SUBNET: (&str, &str) = ("10.70.0.0/16", "10.70.255.250/16");
/// A subnet with this many addresses for hosts, to be used up.
pub(crate) const SMALL: (&str, usize) = ("10.71.0.0/25", 126);

pub(crate) struct Site {
    pub(crate) small: u64,
    doors: Vec<Rest>,
    _regions: Regions,
    _folder: tempfile::TempDir,
}

impl Site {
    pub(crate) async fn build(net: u8, regions: u8) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let binary = binaries()?.join("ironraft");
        let regions = Regions::form(&binary, folder.path(), net, regions).await?;
        let doors: Vec<Rest> = (0..regions.count())
            .map(|number| regions.rest(number))
            .collect::<anyhow::Result<_>>()?;
        stock::subnet(&doors[0], SUBNET.0, "machines").await?;
        let small = stock::subnet(&doors[0], SMALL.0, "small").await?;
        stock::image(&doors[0]).await?;
        Ok(Self { small, doors, _regions: regions, _folder: folder })
    }

    /// The door of request number so-and-so: all regions in turns.
    pub(crate) fn door(&self, number: usize) -> &Rest {
        &self.doors[number % self.doors.len()]
    }
}
