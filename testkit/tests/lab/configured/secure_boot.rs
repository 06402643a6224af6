//! Secure Boot: what the rack serves, and what is installed, is let run by firmware that trusts what Microsoft signed.

use anyhow::ensure;
use testkit::lab::machine::{Firmware, Parts};

use super::inspect::{is_well, mounted};
use super::machine::Configured;

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_with_secure_boot_is_enlisted_commissioned_and_deployed() {
    let machine = Configured::ready("secure-boot", Firmware::UefiSecureBoot, Parts::ONE).await;
    let machine = machine.expect("a machine");
    let outcome = locked_down(&machine).await;
    machine.keep().expect("logs are kept");
    outcome.expect("it is as configured");
}

async fn locked_down(machine: &Configured) -> anyhow::Result<()> {
    let shape = machine.shape().await?;
    ensure!(shape["hardware_info"]["secure_boot"] == "on", "{}", shape["hardware_info"]);
    let inside = machine.deployed().await?;
    is_well(&inside)?;
    ensure!(mounted(&inside, "/boot/efi")?.1 == "vfat");
    // The value of the firmware's variable, and what Linux makes of it.
    let said = inside.text("secure boot");
    ensure!(said.starts_with('1') && said.contains("[integrity]"), "{said}");
    // It asks the rack again, which sends it on to its disk.
    let again = machine.restarted(|_| Ok(())).await?;
    ensure!(again.text("secure boot") == said, "{}", again.text("secure boot"));
    let console = std::fs::read(machine.machine().console())?;
    let console = String::from_utf8_lossy(&console);
    for shown in ["booting the ephemeral system", "booting from the machine's own disk"] {
        ensure!(console.contains(shown), "GRUB did not say: {shown}");
    }
    Ok(())
}
