//! Clients over IPv6 that others made: from a Solicit to a Release, and while the rack that answered is gone.

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv6Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;
use testkit::lab::Lab;
use testkit::lab::cluster::Kind;
use testkit::lab::process::Process;
use testkit::site::{self, Site};
use testkit::wait::{PROCESS_STALL, wait_for};

use super::program::INTERFACE;

const LINK: &str = "prov";
const NET: &str = "fd00:10:10::/64";

/// What a client runs when something happens; dhclient leaves the address to it.
const HOOK: &str = r#"#!/bin/sh
address=${new_ip6_address:-$new_dhcp6_ia_na1_ia_addr1}
network=${new_dhcp6_ia_pd1_prefix1_prefix:-$new_dhcp6_ia_pd1_prefix1}
delegated=${new_ip6_prefix:-$network/$new_dhcp6_ia_pd1_prefix1_length}
case $reason in
    BOUND6 | RENEW6 | REBIND6)
        [ -z "$new_ip6_address" ] || ip -6 address replace "$address/128" dev "$interface" nodad
        ;;
esac
printf 'reason=%s\taddress=%s\tdns=%s\tprefix=%s\tresolvers=%s\tdomains=%s\tdelegated=%s\n' "$reason" \
    "$address" "$new_dhcp6_name_servers" "$nd1_prefix_information1_prefix" "$nd1_rdnss1_servers" \
    "$nd1_dnssl1_search" "$delegated" >>@FOLDER@/events
"#;

/// One gets an address and gives it back; the other renews, loses the rack that answered it, and goes on at the other one
/// without having lost its address.
#[tokio::test(flavor = "multi_thread")]
async fn dhclient_and_dhcpcd_keep_their_ipv6_addresses_while_a_rack_dies() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 2, 0).await.expect("a site");
    serve_ipv6(&mut site).await.expect("the racks serve IPv6");
    let mut asking = Client::add(&mut site, "c1").expect("a client");
    let mut staying = Client::add(&mut site, "c2").expect("a client");

    asking.start(&site, dhclient(&asking.folder, "pid", &[])).expect("it starts");
    let told = asking.next(&["BOUND6"]).await.expect("dhclient has an address");
    let racks: Vec<String> = (0..2).map(|number| rack_address(11 + number).to_string()).collect();
    assert!(racks.iter().all(|rack| told.dns.contains(rack)), "{told:?} and {racks:?}");
    let lease = leased(&site, told.address).await.expect("regions know of it");
    assert_eq!(lease["state"], "active", "{lease}");
    asking.kill().expect("it ends");
    let release = dhclient(&asking.folder, "no-pid", &["-r"]);
    asking.start(&site, release).expect("it gives it back");
    wait_state(&site, told.address, "kept").await.expect("it is given back");

    let conf = "noipv6rs\nduid\ninterface eth0\n  ia_na 1\n";
    staying.start_dhcpcd(&site, conf).expect("it starts");
    let first = staying.next(&["BOUND6"]).await.expect("dhcpcd has an address");
    assert_ne!(first.address, told.address);
    staying.signal(Signal::SIGUSR1).expect("it runs");
    let renewed = staying.next(&["RENEW6", "REBIND6"]).await.expect("it renews");
    assert_eq!(renewed.address, first.address);

    let answered = leased(&site, first.address).await.expect("regions know of it");
    let gone = answered["rack"]["hostname"].as_str().expect("a rack").to_owned();
    site.cluster.kill(&gone).expect("it is killed");
    staying.signal(Signal::SIGUSR1).expect("it runs");
    let other = staying.next(&["RENEW6", "REBIND6"]).await.expect("the other rack answers");
    assert_eq!(other.address, first.address);
}

/// dnsmasq gives addresses of IPv6 on the racks' link, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_others_on_the_link_is_found() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 1, 0).await.expect("a site");
    let mut other = start_other_server(&mut site).expect("dnsmasq runs");
    serve_ipv6(&mut site).await.expect("the rack serves IPv6");
    let cli = site.cluster.cli();
    wait_for("the VLAN shows the other server", PROCESS_STALL, async |signs| {
        let vlan = cli.json(&["fabric", "vlan", "describe", "fabric-0", "0"]).await?;
        signs.see("external_dhcp", &vlan["external_dhcp"]);
        let found = vlan["external_dhcp"].as_str().and_then(|ip| ip.parse::<Ipv6Addr>().ok());
        // The kernel answers from the other address as long as it looks for a second owner of the link-local one.
        Ok(found.filter(|ip| ip.is_unicast_link_local() || *ip == rack_address(70)))
    })
    .await
    .expect("it is found");
    other.kill().expect("it ends");
}

fn start_other_server(site: &mut Site) -> anyhow::Result<Process> {
    let network = site.cluster.lab_mut().network_mut();
    network.add_node("other", None, Some(70))?;
    let address = format!("{}/64", rack_address(70));
    network.node("other")?.ip(&["address", "add", &address, "dev", "prov0", "nodad"])?;
    let mut command = Command::new("dnsmasq");
    command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root"]);
    command.args(["--pid-file=", "--log-facility=-", "--log-dhcp", "--dhcp-authoritative"]);
    let leases = site.cluster.lab().folder().join("dnsmasq6.leases");
    command.arg(format!("--dhcp-leasefile={}", leases.display()));
    command.arg("--dhcp-range=fd00:10:10::2:0,fd00:10:10::2:ff,64,120");
    site.cluster.lab().start_process("other", "other", command)
}

pub(super) fn rack_address(host: u16) -> Ipv6Addr {
    Ipv6Addr::new(0xfd00, 0x10, 0x10, 0, 0, 0, 0, host)
}

/// The link gets a subnet of IPv6 with a range, and each rack an address in it. Returns the VLAN's id.
pub(super) async fn serve_ipv6(site: &mut Site) -> anyhow::Result<String> {
    let cli = site.cluster.cli();
    let fabrics = cli.json(&["fabric", "list"]).await?;
    let vlan = fabrics[0]["vlans"][0]["id"].to_string();
    let of_vlan = format!("vlan={vlan}");
    let subnet = ["subnet", "create", &format!("cidr={NET}"), "name=provisioning6", &of_vlan];
    let subnet = cli.json(&subnet).await?;
    let range = [
        "ip-range",
        "create",
        "type=dynamic",
        "start_ip=fd00:10:10::1:0",
        "end_ip=fd00:10:10::1:ffff",
        &format!("subnet={}", subnet["id"]),
    ];
    cli.json(&range).await?;
    let racks: Vec<String> = site.cluster.nodes(Kind::Rack).map(|rack| rack.name.clone()).collect();
    for (number, rack) in (11..).zip(&racks) {
        // It says at its start which addresses it has.
        site.cluster.kill(rack)?;
        let address = format!("{}/64", rack_address(number));
        let node = site.cluster.lab().network().node(rack)?;
        node.ip(&["address", "add", &address, "dev", "prov0", "nodad"])?;
        site.cluster.start(rack).await?;
    }
    Ok(vlan)
}

/// The lease of an address, once the API tells of it.
pub(super) async fn leased(site: &Site, address: Ipv6Addr) -> anyhow::Result<Value> {
    let cli = site.cluster.cli();
    wait_for(&format!("{address} is leased"), PROCESS_STALL, async |signs| {
        let leases = cli.json(&["dhcp", "leases", "--ip", &address.to_string()]).await?;
        signs.see("leases", &leases);
        Ok(leases["leases"].as_array().and_then(|leases| leases.first()).cloned())
    })
    .await
}

pub(super) async fn wait_state(site: &Site, address: Ipv6Addr, state: &str) -> anyhow::Result<()> {
    wait_for(&format!("{address} is {state}"), PROCESS_STALL, async |signs| {
        let lease = leased(site, address).await?;
        signs.see("state", &lease["state"]);
        Ok((lease["state"] == state).then_some(()))
    })
    .await
}

/// What it says of its process it says in a file that a release does not look at: no client runs any more that it could
/// end.
pub(super) fn dhclient(folder: &Path, pid: &str, more: &[&str]) -> Command {
    let mut command = Command::new("dhclient");
    command.args(["-6", "-d"]).args(more);
    for (option, file) in [("-lf", "leases"), ("-sf", "hook")] {
        command.arg(option).arg(folder.join(file));
    }
    command.arg("-pf").arg(folder.join(pid));
    command.arg(INTERFACE);
    command
}

/// Its files are at fixed places, so it gets a mount namespace in which these are the client's own.
fn dhcpcd(folder: &Path) -> Command {
    let mut command = Command::new("unshare");
    let script =
        "mount -t tmpfs run /run && mount --bind \"$0\" /var/lib/dhcpcd && exec dhcpcd \"$@\"";
    command.args(["--mount", "sh", "-c", script]).arg(folder);
    command.args(["-6", "-B", "-d", "-f"]).arg(folder.join("dhcpcd.conf"));
    command.arg("-c").arg(folder.join("hook")).arg(INTERFACE);
    command
}

/// Something that happened to a client's address.
#[derive(Debug)]
struct Event {
    address: Ipv6Addr,
    dns: String,
}

/// What a hook said, by its words for it.
pub(crate) type Said = BTreeMap<String, String>;

/// A client in a namespace of its own.
#[derive(Debug)]
pub(crate) struct Client {
    name: String,
    pub(crate) folder: PathBuf,
    process: Option<Process>,
    seen: usize,
}

impl Client {
    pub(crate) fn add(site: &mut Site, name: &str) -> anyhow::Result<Self> {
        Self::add_on(site, name, LINK)
    }

    /// Adds one on another link.
    pub(crate) fn add_on(site: &mut Site, name: &str, link: &str) -> anyhow::Result<Self> {
        let lab = site.cluster.lab_mut();
        lab.network_mut().add_node(name, None, None)?;
        lab.network().connect(name, link, INTERFACE)?;
        let node = lab.network().node(name)?;
        // Its address on the link can be used at once.
        node.ip(&["link", "set", INTERFACE, "down"])?;
        node.run("sysctl", &["-qw", &format!("net.ipv6.conf.{INTERFACE}.accept_dad=0")])?;
        node.ip(&["link", "set", INTERFACE, "up"])?;
        let folder = lab.folder().join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let hook = folder.join("hook");
        fs::write(&hook, HOOK.replace("@FOLDER@", &folder.display().to_string()))?;
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755))?;
        Ok(Self { name: name.to_owned(), folder, process: None, seen: 0 })
    }

    pub(crate) fn start(&mut self, site: &Site, command: Command) -> anyhow::Result<()> {
        let lab: &Lab = site.cluster.lab();
        self.process = Some(lab.start_process(&self.name, &self.name, command)?);
        Ok(())
    }

    pub(crate) fn start_dhcpcd(&mut self, site: &Site, configuration: &str) -> anyhow::Result<()> {
        fs::write(self.folder.join("dhcpcd.conf"), configuration)?;
        self.start(site, dhcpcd(&self.folder))
    }

    pub(crate) fn start_dhclient(&mut self, site: &Site) -> anyhow::Result<()> {
        let command = dhclient(&self.folder, "pid", &[]);
        self.start(site, command)
    }

    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        let mut process = self.process.take().context("it does not run")?;
        process.kill()
    }

    pub(crate) fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        self.process.as_ref().context("it does not run")?.signal(signal)
    }

    /// Waits until something of this kind happens to its address.
    async fn next(&mut self, reasons: &[&str]) -> anyhow::Result<Event> {
        let said = self.hook_says(reasons).await?;
        let address: Ipv6Addr = said["address"].parse().context("an address of IPv6")?;
        ensure!(address.octets()[..6] == [0xfd, 0, 0, 0x10, 0, 0x10], "{said:?}");
        Ok(Event { address, dns: said["dns"].clone() })
    }

    /// Waits until its hook says something of this kind.
    pub(crate) async fn hook_says(&mut self, reasons: &[&str]) -> anyhow::Result<Said> {
        let what = format!("{} says {}", self.name, reasons.join(" or "));
        let process = self.process.as_mut().context("it does not run")?;
        let (mut seen, file) = (self.seen, self.folder.join("events"));
        let found = wait_for(&what, PROCESS_STALL, async |signs| {
            signs.see("log", fs::metadata(process.log())?.len());
            if let Some(status) = process.ended()? {
                bail!("it ended with {status}: {}", process.log_tail());
            }
            let text = fs::read_to_string(&file).unwrap_or_default();
            let whole = text.rfind('\n').map_or("", |end| &text[..end]);
            for line in whole.lines().skip(seen) {
                seen += 1;
                signs.see("hook", line);
                let fields = line.split('\t').filter_map(|field| field.split_once('='));
                let said: Said =
                    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                if reasons.contains(&said["reason"].as_str()) {
                    return Ok(Some(said));
                }
            }
            Ok(None)
        })
        .await;
        self.seen = seen;
        found.with_context(|| format!("log of {}: {}", self.name, process.log_tail()))
    }
}
