//! Three etcd processes on loopback, with mutual TLS between them and everything else as it comes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use nix::sys::signal::Signal;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::etcd_wire::maintenance_client::MaintenanceClient;
use super::etcd_wire::{MoveLeaderRequest, StatusRequest, StatusResponse};
use crate::cluster::{endpoint, own_address};
use crate::process::{Running, STOP_MAX};
use crate::wait::wait_for;

const READY_MAX: Duration = Duration::from_secs(60);
const CLIENT_PORT: u16 = 2379;
const PEER_PORT: u16 = 2380;

/// An etcd cluster; its processes are killed when it is dropped.
pub struct Etcd {
    folder: PathBuf,
    processes: BTreeMap<u64, Running>,
    /// etcd's own ids of the members.
    members: BTreeMap<u64, u64>,
}

impl Etcd {
    /// Starts three members and waits for a leader.
    ///
    /// # Errors
    /// When etcd is not installed or does not get ready.
    pub async fn form(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        write_certificates(folder)?;
        let mut etcd = Self {
            folder: folder.to_owned(),
            processes: BTreeMap::new(),
            members: BTreeMap::new(),
        };
        for id in 1..=3 {
            etcd.start(id)?;
        }
        wait_for("etcd has a leader", READY_MAX, async || {
            for id in 1..=3 {
                let header = etcd.status(id).await?.header.context("a header")?;
                etcd.members.insert(id, header.member_id);
            }
            etcd.leader().await.map(Some)
        })
        .await?;
        Ok(etcd)
    }

    /// Starts the process of a member.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&mut self, id: u64) -> anyhow::Result<()> {
        let peer = |id| Ok::<_, anyhow::Error>(format!("https://{}:{PEER_PORT}", own_address(id)?));
        let client = format!("http://{}:{CLIENT_PORT}", own_address(id)?);
        let members: Vec<String> =
            (1..=3).map(|id| Ok(format!("n{id}={}", peer(id)?))).collect::<anyhow::Result<_>>()?;
        let file = |name: &str| self.folder.join(name).display().to_string();
        let arguments = [
            ("--name", format!("n{id}")),
            ("--data-dir", file(&id.to_string())),
            ("--listen-peer-urls", peer(id)?),
            ("--initial-advertise-peer-urls", peer(id)?),
            ("--listen-client-urls", client.clone()),
            ("--advertise-client-urls", client),
            ("--initial-cluster", members.join(",")),
            ("--initial-cluster-state", "new".to_owned()),
            ("--peer-cert-file", file("node.crt")),
            ("--peer-key-file", file("node.key")),
            ("--peer-trusted-ca-file", file("ca.crt")),
            ("--quota-backend-bytes", (8_u64 << 30).to_string()),
        ];
        let arguments = arguments.map(|(name, value)| format!("{name}={value}"));
        let arguments = arguments.into_iter().chain(["--peer-client-cert-auth=true".to_owned()]);
        let log = self.folder.join(format!("{id}.log"));
        let process =
            Running::start(&format!("etcd {id}"), &log, Path::new("/usr/bin/etcd"), arguments)?;
        self.processes.insert(id, process);
        Ok(())
    }

    /// Kills a member with SIGKILL.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self, id: u64) -> anyhow::Result<()> {
        self.processes.remove(&id).with_context(|| format!("etcd {id} is down"))?.kill()
    }

    /// Stops a server with SIGTERM, and waits until it has ended.
    ///
    /// # Errors
    /// When it does not run, or does not end in time.
    pub async fn stop(&mut self, id: u64) -> anyhow::Result<()> {
        let down = || format!("etcd {id} is down");
        let mut process = self.processes.remove(&id).with_context(down)?;
        process.signal(Signal::SIGTERM)?;
        // It ends by the signal in the end, and not with success.
        wait_for("etcd ends", STOP_MAX, async || process.ended()).await?;
        Ok(())
    }

    /// The folder of data and logs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn address(&self, id: u64) -> anyhow::Result<SocketAddr> {
        Ok((own_address(id)?, CLIENT_PORT).into())
    }

    pub(super) fn pids(&self) -> Vec<u32> {
        self.processes.values().map(Running::id).collect()
    }

    pub(super) fn pid(&self, id: u64) -> Option<u32> {
        self.processes.get(&id).map(Running::id)
    }

    fn maintenance(&self, id: u64) -> anyhow::Result<MaintenanceClient<tonic::transport::Channel>> {
        Ok(MaintenanceClient::new(endpoint(self.address(id)?).connect_lazy()))
    }

    async fn status(&self, id: u64) -> anyhow::Result<StatusResponse> {
        Ok(self.maintenance(id)?.status(StatusRequest {}).await?.into_inner())
    }

    pub(super) async fn leader(&self) -> anyhow::Result<u64> {
        let mut votes: BTreeMap<u64, usize> = BTreeMap::new();
        for id in self.processes.keys() {
            if let Ok(status) = self.status(*id).await {
                *votes.entry(status.leader).or_default() += 1;
            }
        }
        let named = votes.into_iter().find(|(leader, count)| *leader != 0 && *count >= 2);
        let (leader, _) = named.context("etcd has no leader")?;
        let found = self.members.iter().find(|(_, member)| **member == leader);
        Ok(*found.context("the leader is a member")?.0)
    }

    pub(super) async fn transfer(&self, from: u64, to: u64) -> anyhow::Result<()> {
        let target_id = *self.members.get(&to).context("a member")?;
        self.maintenance(from)?.move_leader(MoveLeaderRequest { target_id }).await?;
        Ok(())
    }

    /// Fsyncs of the log and commits of the backend, from etcd's own metrics.
    pub(super) async fn fsyncs(&self, id: u64) -> anyhow::Result<u64> {
        let mut stream = TcpStream::connect(self.address(id)?).await?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: etcd\r\n\r\n").await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        let count = |name: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
        };
        Ok(count("etcd_disk_wal_fsync_duration_seconds_count")
            + count("etcd_disk_backend_commit_duration_seconds_count"))
    }
}

/// One authority and one certificate for all members.
fn write_certificates(folder: &Path) -> anyhow::Result<()> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    // A member connects from the first address of loopback.
    let own = (1..=3).map(|id| Ok(own_address(id)?.to_string()));
    let names = own.chain([Ok("127.0.0.1".to_owned())]);
    let names = names.collect::<anyhow::Result<Vec<String>>>()?;
    let key = KeyPair::generate()?;
    let member = CertificateParams::new(names)?.signed_by(&key, &*authority)?;
    std::fs::write(folder.join("ca.crt"), authority.as_ref().pem())?;
    std::fs::write(folder.join("node.crt"), member.pem())?;
    std::fs::write(folder.join("node.key"), key.serialize_pem())?;
    Ok(())
}

/// The version of etcd that is installed.
///
/// # Errors
/// When there is none.
pub fn version() -> anyhow::Result<String> {
    let output = std::process::Command::new("/usr/bin/etcd").arg("--version").output();
    let output = output.context("etcd is not installed (Debian: etcd-server)")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
