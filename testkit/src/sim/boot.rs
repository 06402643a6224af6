//! The firmware of a simulated machine: network boot as iPXE does it, else its own disk.

use std::time::Duration;

use anyhow::{Context, ensure};
use model::mac::MacAddress;
use tokio::process::Command;
use tokio::time::sleep;

use super::dhcp_client::{Lease, lease, uuid_bytes};
use super::installed::Installed;
use super::{Ended, SimSpec, cloud_init, ephemeral};

/// How long firmware waits before it tries to boot again.
const RETRY: Duration = Duration::from_millis(500);
/// Scripts that load another script, at most.
const CHAIN_MAX: usize = 4;

/// What a boot script leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Script {
    /// A kernel with its command line.
    Kernel {
        /// Where the kernel is.
        url: String,
        /// What it is told.
        arguments: String,
    },
    /// Another script.
    Chain {
        /// Where it is.
        url: String,
    },
    /// The next boot device.
    Exit,
}

/// One boot, to its end.
///
/// # Errors
/// When the network card or the disk's file cannot be used.
pub async fn boot(spec: &SimSpec) -> anyhow::Result<Ended> {
    let mac: MacAddress = spec.mac.parse().context("the machine's hardware address")?;
    let uuid = uuid_bytes(&spec.uuid)?;
    let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).no_proxy().build()?;
    let gates = spec.gates();
    gates.pass("power-on").await;
    loop {
        let lease = lease(&spec.interface, mac, uuid).await?;
        tracing::info!("{} has {} from {}", spec.name, lease.address, lease.server);
        configure(&spec.interface, &lease).await?;
        gates.pass("boot-script").await;
        match network_boot(&http, spec, &lease).await {
            Ok(Script::Kernel { arguments, .. }) => {
                let rack = argument(&arguments, "ironraft.rack");
                let rack = rack.context("the kernel was not told its rack")?;
                return ephemeral::run(&http, spec, &lease, rack).await;
            }
            Ok(Script::Chain { .. } | Script::Exit) => {
                if let Some(installed) = Installed::load(&spec.disk)? {
                    return cloud_init::run(&http, spec, &installed).await;
                }
                tracing::warn!("{}: the disk is empty", spec.name);
            }
            Err(error) => tracing::warn!("{}: network boot failed: {error:#}", spec.name),
        }
        sleep(RETRY).await;
    }
}

/// Loads the boot script, and the scripts it chains to, and the beginning of the kernel.
async fn network_boot(
    http: &reqwest::Client,
    spec: &SimSpec,
    lease: &Lease,
) -> anyhow::Result<Script> {
    let mut url = expand(&lease.boot_file, spec);
    for _ in 0..CHAIN_MAX {
        ensure!(url.starts_with("http://"), "boot file {url:?} is no HTTP URL");
        let text = fetch(http, &url).await?;
        match parse(&text, &url) {
            Script::Chain { url: next } => url = expand(&next, spec),
            Script::Kernel { url: kernel, arguments } => {
                let answer = http.head(expand(&kernel, spec)).send().await?;
                answer.error_for_status().with_context(|| format!("kernel {kernel}"))?;
                return Ok(Script::Kernel { url: kernel, arguments });
            }
            Script::Exit => return Ok(Script::Exit),
        }
    }
    anyhow::bail!("boot script {url} chains too often")
}

async fn fetch(http: &reqwest::Client, url: &str) -> anyhow::Result<String> {
    let response = http.get(url).send().await.with_context(|| format!("cannot get {url}"))?;
    let response = response.error_for_status()?;
    response.text().await.with_context(|| format!("{url} broke off"))
}

/// Reads an iPXE script as far as racks write them; `base` is where it came from.
#[must_use]
pub fn parse(text: &str, base: &str) -> Script {
    for line in text.lines().map(str::trim) {
        let mut words = line.split_whitespace();
        let command = words.next();
        let mut rest = words.skip_while(|word| word.starts_with("--")).peekable();
        match (command, rest.peek()) {
            (Some("kernel"), Some(url)) => {
                let url = absolute(url, base);
                rest.next();
                let arguments = rest.collect::<Vec<_>>().join(" ");
                return Script::Kernel { url, arguments };
            }
            (Some("chain"), Some(url)) => return Script::Chain { url: absolute(url, base) },
            (Some("exit" | "sanboot"), _) => return Script::Exit,
            _ => {}
        }
    }
    Script::Exit
}

/// iPXE takes relative addresses as relative to the script.
fn absolute(url: &str, base: &str) -> String {
    if url.contains("://") {
        return url.to_owned();
    }
    let origin_end = base.find("://").map_or(0, |at| at + 3);
    let path_start = base[origin_end..].find('/').map_or(base.len(), |at| origin_end + at);
    if url.starts_with('/') {
        return format!("{}{url}", &base[..path_start]);
    }
    let folder_end = base.split('?').next().unwrap_or(base).rfind('/').unwrap_or(path_start);
    format!("{}/{url}", &base[..folder_end.max(path_start)])
}

/// Replaces iPXE's settings in an address.
fn expand(text: &str, spec: &SimSpec) -> String {
    let hyphened = spec.mac.replace(':', "-");
    [
        ("${net0/mac:hexhyp}", hyphened.as_str()),
        ("${mac:hexhyp}", &hyphened),
        ("${net0/mac}", &spec.mac),
        ("${mac}", &spec.mac),
        ("${uuid}", &spec.uuid),
        ("${buildarch}", "x86_64"),
        ("${platform}", "pcbios"),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (setting, value)| text.replace(setting, value))
}

/// A value of a kernel command line.
fn argument<'a>(arguments: &'a str, name: &str) -> Option<&'a str> {
    arguments.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

/// Gives the network card the leased address, and no other.
async fn configure(interface: &str, lease: &Lease) -> anyhow::Result<()> {
    let address = format!("{}/{}", lease.address, lease.prefix);
    ip(&["address", "flush", "dev", interface]).await?;
    ip(&["address", "add", &address, "dev", interface]).await
}

async fn ip(arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("ip").args(arguments).status().await.context("cannot start ip")?;
    ensure!(status.success(), "ip {} failed", arguments.join(" "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Script, absolute, argument, parse};

    #[test]
    fn a_kernel_line_is_read_with_its_arguments() {
        let text =
            "#!ipxe\nkernel http://10.0.0.2/k ironraft.rack=http://10.0.0.2:5248 quiet\nboot\n";
        let Script::Kernel { url, arguments } = parse(text, "http://10.0.0.2/boot.ipxe") else {
            panic!("no kernel")
        };
        assert_eq!(url, "http://10.0.0.2/k");
        assert_eq!(argument(&arguments, "ironraft.rack"), Some("http://10.0.0.2:5248"));
    }

    #[test]
    fn an_exit_leads_to_the_disk() {
        assert_eq!(parse("#!ipxe\nexit\n", "http://a/b"), Script::Exit);
    }

    #[test]
    fn relative_addresses_start_at_the_script() {
        for (url, wanted) in
            [("/k", "http://a:1/k"), ("k", "http://a:1/b/k"), ("http://x/y", "http://x/y")]
        {
            assert_eq!(absolute(url, "http://a:1/b/c?d=/e"), wanted);
        }
    }
}
