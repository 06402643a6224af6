//! A router with a DHCP relay on it, the link behind it, and what Ironraft is told of both.

use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;
use testkit::lab::Lab;
use testkit::lab::cluster::Kind;
use testkit::lab::process::Process;
use testkit::site::Site;
use testkit::wait::{PROCESS_STALL, wait_for};

/// The router's interface on the link of the clients.
const DOWN: &str = "lan0";
/// Its interface on the racks' link.
const UP: &str = "prov0";

/// A relay agent that others made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agent {
    /// ISC's, which names the interface in option 82.
    Dhcrelay,
    /// The same with its address on the racks' link as `giaddr`, and link selection (RFC 3527).
    DhcrelayWithLinkSelection,
    /// dnsmasq's.
    Dnsmasq,
}

/// The router.
#[derive(Debug)]
pub(crate) struct Router {
    name: String,
    number: u8,
    /// The last byte of its address on the link behind it.
    host: u8,
    /// The link behind it.
    pub(crate) link: String,
    agent: Option<Process>,
}

impl Router {
    /// Adds a router, with the link 10.20.NUMBER.0/24 behind it, which the racks of the lab's first
    /// link serve.
    pub(crate) async fn add(site: &mut Site, number: u8) -> anyhow::Result<Self> {
        let (name, link) = (format!("router{number}"), format!("far{number}"));
        let network = site.cluster.lab_mut().network_mut();
        network.add_link(&link)?;
        network.add_node(&name, None, Some(50 + number))?;
        network.connect(&name, &link, DOWN)?;
        let router = Self { name, number, host: 1, link, agent: None };
        router.route(site, &router.cidr())?;
        router.describe(site).await?;
        Ok(router)
    }

    /// Adds a router beside another one on the same link, as of a pair of switches that both relay.
    pub(crate) fn add_beside(site: &mut Site, other: &Self, number: u8) -> anyhow::Result<Self> {
        let (name, link) = (format!("router{number}"), other.link.clone());
        let network = site.cluster.lab_mut().network_mut();
        network.add_node(&name, None, Some(50 + number))?;
        network.connect(&name, &link, DOWN)?;
        let router = Self { name, number: other.number, host: number, link, agent: None };
        router.route(site, &format!("{}/32", router.gateway()))?;
        Ok(router)
    }

    /// Its address on the link behind it.
    pub(crate) fn gateway(&self) -> String {
        format!("10.20.{}.{}", self.number, self.host)
    }

    /// The network behind it.
    pub(crate) fn cidr(&self) -> String {
        format!("10.20.{}.0/24", self.number)
    }

    /// Makes it a router, and lets racks find these addresses behind it.
    fn route(&self, site: &Site, behind: &str) -> anyhow::Result<()> {
        let network = site.cluster.lab().network();
        let node = network.node(&self.name)?;
        node.ip(&["address", "add", &format!("{}/24", self.gateway()), "dev", DOWN])?;
        node.enter(|| std::fs::write("/proc/sys/net/ipv4/ip_forward", "1"))
            .context("cannot make a node a router")?;
        let own = node.run("ip", &["-4", "-brief", "address", "show", UP])?;
        let own = own.split_whitespace().nth(2).context("no address on the racks' link")?;
        let via = own.split('/').next().unwrap_or(own);
        for rack in site.cluster.nodes(Kind::Rack) {
            network.node(&rack.name)?.ip(&["route", "add", behind, "via", via])?;
        }
        Ok(())
    }

    /// The commands of the how-to (`docs/how-to/dhcp-relays.md`).
    async fn describe(&self, site: &Site) -> anyhow::Result<()> {
        let cli = site.cluster.cli();
        let vlans = cli.json(&["fabric", "vlan", "list", "fabric-0"]).await?;
        let serving = number(&vlans[0]["id"])?;
        let vid = (100 + u16::from(self.number)).to_string();
        let create = ["fabric", "vlan", "create", "fabric-0", &format!("vid={vid}")];
        let vlan = number(&cli.json(&create).await?["id"])?;
        let (cidr, gateway) = (self.cidr(), self.gateway());
        let create = [
            "subnet",
            "create",
            &format!("cidr={cidr}"),
            &format!("vlan={vlan}"),
            &format!("gateway_ip={gateway}"),
        ];
        let subnet = number(&cli.json(&create).await?["id"])?;
        let address = |host: u8| format!("10.20.{}.{host}", self.number);
        let create = [
            "ip-range",
            "create",
            "type=dynamic",
            &format!("start_ip={}", address(100)),
            &format!("end_ip={}", address(199)),
            &format!("subnet={subnet}"),
        ];
        cli.json(&create).await?;
        let update = ["fabric", "vlan", "set", "fabric-0", &vid, &format!("relay_vlan={serving}")];
        cli.json(&update).await?;
        Ok(())
    }

    /// Starts a relay agent that passes on what clients say to all racks.
    pub(crate) async fn start(&mut self, site: &Site, agent: Agent) -> anyhow::Result<()> {
        let racks: Vec<String> = site
            .cluster
            .nodes(Kind::Rack)
            .filter_map(|rack| rack.on_vlan.map(|address| address.to_string()))
            .collect();
        let (command, ready) = match agent {
            Agent::Dhcrelay => (dhcrelay(&["-a", "-iu", UP], &racks), "Sending on   Socket"),
            Agent::DhcrelayWithLinkSelection => {
                (dhcrelay(&["-U", UP], &racks), "Sending on   Socket")
            }
            Agent::Dnsmasq => (dnsmasq(&self.gateway(), &racks), "DHCP relay from"),
        };
        let mut process = site.cluster.lab().start_process(&self.name, &self.name, command)?;
        printed(&mut process, ready).await?;
        self.agent = Some(process);
        Ok(())
    }

    /// Ends the relay agent; the router goes on.
    pub(crate) fn stop(&mut self, lab: &Lab) -> anyhow::Result<()> {
        let mut process = self.agent.take().context("no relay agent runs")?;
        process.kill()?;
        // The next one is waited for by what it prints.
        let log = lab.logs().join(format!("{}.log", self.name));
        std::fs::write(&log, "").with_context(|| format!("cannot empty {}", log.display()))
    }
}

fn dhcrelay(options: &[&str], racks: &[String]) -> Command {
    let mut command = Command::new("dhcrelay");
    command.args(["-4", "-d", "--no-pid", "-id", DOWN]).args(options).args(racks);
    command
}

fn dnsmasq(gateway: &str, racks: &[String]) -> Command {
    let mut command = Command::new("dnsmasq");
    command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root"]);
    command.args(["--pid-file=", "--log-facility=-"]);
    command.args(racks.iter().map(|rack| format!("--dhcp-relay={gateway},{rack}")));
    command
}

/// Waits until a process prints some words.
async fn printed(process: &mut Process, words: &str) -> anyhow::Result<()> {
    let log = process.log().to_owned();
    wait_for(&format!("`{words}` in {}", log.display()), PROCESS_STALL, async |signs| {
        let text = std::fs::read_to_string(&log)?;
        signs.see("log", text.len());
        ensure!(process.ended()?.is_none(), "it ended: {}", process.log_tail());
        Ok(text.contains(words).then_some(()))
    })
    .await
}

fn number(value: &Value) -> anyhow::Result<u64> {
    value.as_u64().with_context(|| format!("{value} is no number"))
}
