//! The lab itself: a BMC really powers a machine, and nothing outlives the lab.

use std::process::Command;

use testkit::lab::Lab;
use testkit::lab::machine::Firmware;
use testkit::wait::{PROCESS_STALL, wait_for};

/// Whether a process whose command line contains `word` runs on this host.
fn runs(word: &str) -> bool {
    Command::new("pgrep").args(["-f", word]).output().expect("pgrep runs").status.success()
}

/// Waits until `condition` holds.
async fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let held = wait_for(what, PROCESS_STALL, async |_| Ok(condition().then_some(())));
    held.await.expect("it holds in the end");
}

/// Speaks to a BMC as a machine does, in-band, and is gone before the answer: what is left unread resets the connection.
///
/// A simulator that has many to take at once takes some of them late, and the kernel asks for those again after a minute only.
const KILLED_MACHINES: &str = r#"for machine in $(seq 300); do
    until timeout 2 bash -c "exec 3<>/dev/tcp/127.0.0.1/$1 && printf '\xff\x01\xa1\x08\x3f\xa1' >&3"; do
        (( $? == 124 )) || exit 1
    done
done"#;

#[tokio::test]
async fn a_bmc_outlives_machines_that_are_killed_while_it_answers_them() {
    let mut lab = Lab::create().expect("a lab");
    lab.network_mut().add_node("k1", Some(21), Some(2)).expect("a node");
    lab.add_virtual_machine(Firmware::Bios).expect("a machine");
    let machine = lab.machines().first().expect("the machine");
    let k1 = lab.network().node("k1").expect("the node");
    let status = || machine.bmc.ipmitool(k1, &["power", "status"]);
    wait_until("the BMC answers", || status().is_ok()).await;

    let port = machine.bmc.in_band_port().to_string();
    let fabric = lab.network().fabric();
    fabric.run("bash", &["-c", KILLED_MACHINES, "bash", &port]).expect("it takes every connection");
    assert!(status().expect("a status").contains("is off"));
}

#[tokio::test]
async fn a_bmc_powers_its_machine_and_the_lab_leaves_nothing() {
    let mut lab = Lab::create().expect("a lab");
    lab.network_mut().add_node("k1", Some(21), Some(2)).expect("a node");
    for firmware in [Firmware::Bios, Firmware::Uefi] {
        lab.add_virtual_machine(firmware).expect("a machine");
    }
    let k1 = lab.network().node("k1").expect("the node");
    for machine in lab.machines() {
        let disk = machine.folder.join("disk.raw").display().to_string();
        let ipmi = |arguments: &[&str]| machine.bmc.ipmitool(k1, arguments);
        wait_until("the BMC answers", || ipmi(&["power", "status"]).is_ok()).await;
        assert!(!runs(&disk));

        ipmi(&["chassis", "bootdev", "pxe"]).expect("the boot device is set");
        ipmi(&["power", "on"]).expect("power on");
        wait_until("the machine runs", || runs(&disk)).await;
        assert!(ipmi(&["power", "status"]).expect("a status").contains("is on"));
        let shown = ipmi(&["lan", "print", "1"]).expect("LAN settings");
        assert!(shown.contains(&machine.bmc.address().to_string()), "{shown}");

        ipmi(&["power", "off"]).expect("power off");
        wait_until("the machine is gone", || !runs(&disk)).await;
        assert!(ipmi(&["power", "status"]).expect("a status").contains("is off"));
        ipmi(&["power", "on"]).expect("power on again");
    }
    let folder = lab.folder().display().to_string();
    assert!(runs(&folder));
    let interface = format!("ironraft{}", lab.number());
    drop(lab);
    wait_until("every process is gone", || !runs(&folder)).await;
    let link = Command::new("ip").args(["link", "show", &interface]).output().expect("ip runs");
    assert!(!link.status.success(), "{interface} is left over");
}
