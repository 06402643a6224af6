//! `GET /boot.ipxe?mac=…&arch=…`: the boot script of a machine.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
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

fn decide<'a>(
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
        Some(files) => Boot::Ephemeral { files, kernel_options: generation.setting(&KERNEL_OPTS) },
        None => Boot::Wait { reason: "no ephemeral system is uploaded for this architecture" },
    }
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

fn summary(boot: &Boot<'_>) -> &'static str {
    match boot {
        Boot::Ephemeral { .. } => "the ephemeral system",
        Boot::LocalDisk => "its own disk",
        Boot::Wait { reason } => reason,
        Boot::Identify => "its own identity",
    }
}
