//! Machines that boot from the network with an address of a server of others, and are told by racks what to load.

use std::process::Command;

use testkit::lab::cluster::metric;
use testkit::lab::machine::Firmware;
use testkit::lab::process::Process;
use testkit::site::{self, Site};
use testkit::wait::{PROCESS_STALL, wait_for};

use super::relaying_racks::set;

/// dnsmasq on the racks' link, with addresses and nothing else.
fn start_other_server(site: &mut Site) -> anyhow::Result<Process> {
    let network = site.cluster.lab_mut().network_mut();
    network.add_node("other", None, Some(70))?;
    let [first, last] = [200, 220].map(|host| network.provisioning(host));
    let mut command = Command::new("dnsmasq");
    command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root"]);
    command.args(["--pid-file=", "--log-facility=-", "--log-dhcp"]);
    let leases = site.cluster.lab().folder().join("dnsmasq.leases");
    command.arg(format!("--dhcp-leasefile={}", leases.display()));
    command.arg(format!("--dhcp-range={first},{last},255.255.255.0,600"));
    site.cluster.lab().start_process("other", "other", command)
}

/// One by its card's iPXE, the other by the PXE of its UEFI, which loads iPXE: both get the script of their rack.
#[tokio::test(flavor = "multi_thread")]
async fn bios_and_uefi_boot_from_racks_with_addresses_of_another_server() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 1, 0).await.expect("a site");
    let mut server = start_other_server(&mut site).expect("dnsmasq runs");
    set(&site, "0", &["dhcp_on=false", "proxy_dhcp=true"]).await.expect("it is asked for");
    for firmware in [Firmware::Bios, Firmware::Uefi] {
        site.cluster.lab_mut().add_virtual_machine(firmware).expect("a machine");
    }
    for (machine, scripts) in site.cluster.lab().machines().iter().zip([1.0, 2.0]) {
        let what = format!("the BMC of {} answers", machine.name);
        wait_for(&what, PROCESS_STALL, async |_| Ok(site.power_on(machine).is_ok().then_some(())))
            .await
            .expect("it is powered on");
        let what = format!("{} has its script", machine.name);
        wait_for(&what, PROCESS_STALL, async |signs| {
            let metrics = site.cluster.metrics(site.cluster.node("k1")?).await?;
            let count = |name| metric(&metrics, name).unwrap_or_default();
            for name in ["ironraft_rack_dhcp_sent_total", "ironraft_rack_boot_scripts_total"] {
                signs.see(name, count(name));
            }
            signs.see("server", server.log_tail().len());
            let console = std::fs::metadata(machine.console()).map(|file| file.len());
            signs.see("console", console.unwrap_or_default());
            Ok((count("ironraft_rack_boot_scripts_total") >= scripts).then_some(()))
        })
        .await
        .expect("it boots");
    }
    server.kill().expect("it ends");
}
