//! `GET /boot.ipxe?mac=…&arch=…`: the boot script of a machine.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use model::boot::kernel_options;
use model::mac::MacAddress;
use model::machine::served::ServedMachine;
use model::setting::typed::KERNEL_OPTS;
use serde::Deserialize;
use tracing::info;

use crate::generation::Generation;
use crate::http::script::{Boot, render};
use crate::http::{HttpState, host};
use crate::reports::{BootReport, Stage};

#[derive(Debug, Deserialize)]
pub(super) struct Parameters {
    mac: Option<String>,
    arch: Option<String>,
}

pub(super) async fn script(
    State(state): State<HttpState>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> impl IntoResponse {
    let generation = state.generations.load();
    let mac = parameters.mac.as_deref().and_then(|mac| mac.parse::<MacAddress>().ok());
    let boot = decide(&generation, mac, parameters.arch.as_deref());
    let host = host(&headers).map_or_else(|| format!("{}:{}", client.ip(), 5248), str::to_owned);
    if let Some(mac) = mac {
        let detail = summary(&boot);
        info!(mac = %mac, client = %client.ip(), "machine {mac} is told to boot: {detail}");
        state.metrics.boot_scripts.inc();
        state.reports.booted(BootReport {
            mac,
            stage: Stage::Script,
            detail: detail.to_owned(),
            ip: Some(client.ip()),
        });
    }
    ([(header::CONTENT_TYPE, "text/plain")], render(&boot, mac, &host))
}

/// What a machine boots, by its hardware address and the processor that it says it has.
pub(crate) fn decide<'a>(
    generation: &'a Generation,
    mac: Option<MacAddress>,
    architecture: Option<&str>,
) -> Boot<'a> {
    let Some(mac) = mac else { return Boot::Identify };
    if !generation.is_loaded() {
        return Boot::Wait { reason: "this rack has not heard from a region yet" };
    }
    let machine = generation.machine_by_mac(mac);
    if machine.is_some_and(ServedMachine::boots_locally) {
        return Boot::LocalDisk;
    }
    let known = machine.map(|machine| machine.architecture.as_str());
    let architecture = known
        .and_then(|name| name.split('/').next())
        .filter(|name| !name.is_empty())
        .or_else(|| architecture.and_then(debian_architecture))
        .unwrap_or("amd64");
    match generation.boot_files.get(architecture) {
        Some(files) => {
            Boot::Ephemeral { files, kernel_options: kernel_options(generation, machine) }
        }
        None => Boot::Wait { reason: "no ephemeral system is uploaded for this architecture" },
    }
}

/// The options of the site and of the machine's tags.
fn kernel_options(generation: &Generation, machine: Option<&ServedMachine>) -> String {
    let names = machine.into_iter().flat_map(|machine| &machine.tags);
    let tags = names.filter_map(|name| generation.tags.get(name));
    let tags = tags.map(|tag| (tag.name.as_str(), tag.kernel_opts.as_str())).collect();
    kernel_options::of_machine(&generation.setting(&KERNEL_OPTS), tags)
}

/// Debian's name for what iPXE calls `buildarch`.
fn debian_architecture(buildarch: &str) -> Option<&'static str> {
    match buildarch {
        "i386" | "x86_64" => Some("amd64"),
        "arm64" => Some("arm64"),
        "riscv64" => Some("riscv64"),
        _ => None,
    }
}

/// The same in a few words.
pub(crate) fn summary(boot: &Boot<'_>) -> &'static str {
    match boot {
        Boot::Ephemeral { .. } => "the ephemeral system",
        Boot::LocalDisk => "its own disk",
        Boot::Wait { reason } => reason,
        Boot::Identify => "its own identity",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::boot::files::BootFiles;
    use model::id::{DomainId, SystemId};
    use model::machine::hardware::Firmware;
    use model::machine::lifecycle::Phase;
    use model::machine::served::{ServedInterface, ServedPhase};
    use model::setting::Setting;
    use model::tag::ServedTag;
    use model::time::Timestamp;
    use proto::convert::Served;

    use super::*;

    const MAC: MacAddress = MacAddress([0x52, 0x54, 0, 0, 0, 1]);

    fn machine(tags: &[&str]) -> ServedMachine {
        ServedMachine {
            system_id: SystemId::from_number(1),
            hostname: "a".to_owned(),
            domain: DomainId(0),
            architecture: "amd64/generic".to_owned(),
            firmware: Firmware::Uefi,
            secure_boot: None,
            uuid: String::new(),
            phase: ServedPhase::Known(Phase::Commissioning),
            boots_own_disk: false,
            interfaces: vec![ServedInterface {
                name: "eth0".to_owned(),
                mac: MAC,
                vlan: None,
                boot: true,
                addresses: Vec::new(),
            }],
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        }
    }

    #[test]
    fn kernel_options_of_tags_follow_those_of_the_site_in_the_order_of_their_names() {
        let mut generation = Generation { revision: 1, ..Generation::default() };
        let files = BootFiles {
            architecture: "amd64".to_owned(),
            kernel_sha256: "aa".repeat(32),
            initrd_sha256: "bb".repeat(32),
            version: "1".to_owned(),
            created: Timestamp::default(),
        };
        generation.put(Served::BootFiles(files));
        let (name, value) = ("kernel_opts".to_owned(), "quiet".into());
        generation.put(Served::Setting(Setting { name, value }));
        for (name, kernel_opts) in [("a", "x=1"), ("b", "x=2"), ("c", "x=3\nshell || y")] {
            let (name, kernel_opts) = (name.to_owned(), kernel_opts.to_owned());
            generation.put(Served::Tag(ServedTag { name, kernel_opts }));
        }
        generation.put(Served::Machine(machine(&["c", "gone", "a"])));
        let script = |generation: &Generation| {
            let generation = Arc::new(generation.clone());
            render(&decide(&generation, Some(MAC), None), Some(MAC), "10.0.0.1:5248")
        };
        let told = script(&generation);
        assert!(told.contains(" quiet x=1 x=3 shell y console=tty0 "), "{told}");
        generation.delete(&proto::convert::Key::Tag("a".to_owned()));
        assert!(script(&generation).contains(" quiet x=3 shell y console=tty0 "));
    }
}
