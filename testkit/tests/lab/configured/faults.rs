//! What dies in the midst of an installation.

use anyhow::ensure;
use testkit::lab::cluster::Kind;
use testkit::lab::machine::{Firmware, Parts};

use super::inspect::{is_well, mounted};
use super::machine::Configured;
use super::storage::volumes_on_an_array;

const REGIONS: u8 = 3;
const TWO_DISKS: Parts = Parts { disks: 2, cards: 1 };

/// The machine loses power while its array is made, the region that leads dies while the image is written, and the only
/// rack while the boot loader is installed.
#[tokio::test(flavor = "multi_thread")]
async fn an_installation_on_arrays_and_volumes_completes_whatever_dies() {
    let machine = Configured::ready_among(REGIONS, "bios-faults", Firmware::Bios, TWO_DISKS).await;
    let mut machine = machine.expect("a machine");
    let outcome = under_faults(&mut machine).await;
    machine.keep().expect("logs are kept");
    outcome.expect("it is as configured");
}

async fn under_faults(machine: &mut Configured) -> anyhow::Result<()> {
    volumes_on_an_array(machine).await?;
    let from = machine.begins(&[]).await?;
    machine.shows("making array md0", from).await?;
    machine.cut_off().await?;
    machine.note("the machine lost power while its array was made");
    let again = machine.console_len();
    machine.power_on()?;

    machine.shows("unpacking image", again).await?;
    let leader = machine.site.cluster.leader().await?;
    machine.site.cluster.kill(&leader)?;
    machine.note(&format!("{leader}, which led, was killed while the image was written"));

    machine.shows("installing boot loader", again).await?;
    let racks = machine.site.cluster.nodes(Kind::Rack);
    let racks: Vec<String> = racks.map(|rack| rack.name.clone()).collect();
    for rack in &racks {
        machine.site.cluster.kill(rack)?;
    }
    machine.note("the rack was killed while the boot loader was installed");
    machine.shows("writing everything to disk", again).await?;
    for rack in &racks {
        machine.site.cluster.start(rack).await?;
    }
    machine.note("the rack is back");

    let inside = machine.told_when_deployed(again).await?;
    machine.site.cluster.start(&leader).await?;
    is_well(&inside)?;
    let root = mounted(&inside, "/")?;
    ensure!(root == ("/dev/mapper/vg0-root".to_owned(), "ext4".to_owned()), "{root:?}");
    ensure!(mounted(&inside, "/srv")? == ("/dev/mapper/vg0-data".to_owned(), "xfs".to_owned()));
    ensure!(inside.text("arrays").contains("[2/2]"), "{}", inside.text("arrays"));
    ensure!(inside.text("swaps").lines().count() == 2, "{}", inside.text("swaps"));
    Ok(())
}
