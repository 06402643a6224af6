//! The ephemeral OS of a simulated machine: the agent's conversation, played at once.
//!
//! Each piece of work is reported as the real agent reports it, with what this machine would have.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use api::agent::{
    BmcAccount, Hello, Install, Inventory, Outcome, Report, ReportedBmc, ReportedDisk,
    ReportedInterface, RunInMemory, Welcome, Work,
};
use model::machine::hardware::{Firmware, Hardware};
use tokio::process::Command;
use tokio::time::sleep;

use super::dhcp_client::Lease;
use super::installed::Installed;
use super::{Ended, SimSpec, cloud_init};

/// How long the agent waits before it tells again what nobody took.
const RETRY: Duration = Duration::from_millis(500);
/// A simulated machine waits no longer than this, whatever it is told.
const WAIT_SECONDS_MAX: u32 = 2;
/// The first user of a BMC that is nobody's.
const BMC_USER_NUMBER: &str = "3";

/// Says hello and works until told to restart or to power off.
///
/// # Errors
/// When the disk's file cannot be used, or the BMC refuses the account.
pub async fn run(
    http: &reqwest::Client,
    spec: &SimSpec,
    lease: &Lease,
    rack: &str,
) -> anyhow::Result<Ended> {
    let door = Door { http, base: format!("{}/MAAS/metadata/agent", rack.trim_end_matches('/')) };
    let hello = hello_of(spec, lease);
    let gates = spec.gates();
    gates.pass("hello").await;
    let mut welcome = door.tell(spec, "hello", &hello, "").await;
    loop {
        let work = welcome.work.clone();
        tracing::info!("{}: job {}: {}", spec.name, welcome.job, work_name(&work));
        let outcome = match work {
            Work::Inventory { bmc_account } => {
                Outcome::Inventory(Box::new(inventory(spec, lease, bmc_account.as_ref()).await?))
            }
            Work::Install(install) => {
                gates.pass("install").await;
                door.progress(spec, &welcome, "unpacking image").await;
                install_to(spec, &install)?;
                gates.pass("installed").await;
                Outcome::Installed { log: "simulated".to_owned() }
            }
            Work::RunInMemory(order) => {
                gates.pass("install").await;
                door.progress(spec, &welcome, "unpacking image").await;
                gates.pass("installed").await;
                let RunInMemory { image_sha256, fqdn, files, .. } = *order;
                let unpacked = Installed { image_sha256, fqdn, files };
                let outcome = Outcome::Installed { log: "simulated".to_owned() };
                let next = door.report(spec, &welcome, outcome).await;
                if matches!(next.work, Work::RunInMemory(_)) && next.job == welcome.job {
                    return cloud_init::run(http, spec, &unpacked).await;
                }
                welcome = next;
                continue;
            }
            Work::Erase(_) => {
                Installed::erase(&spec.disk)?;
                Outcome::Erased { log: "simulated".to_owned() }
            }
            Work::Rescue { seconds, authorized_keys: _ } | Work::Wait { seconds } => {
                sleep(Duration::from_secs(seconds.min(WAIT_SECONDS_MAX).into())).await;
                Outcome::Progress { message: "waiting".to_owned() }
            }
            Work::PowerOff => return Ok(Ended::PowerOff),
            Work::Reboot => return Ok(Ended::Restart),
        };
        welcome = door.report(spec, &welcome, outcome).await;
    }
}

/// Where the agent talks to.
struct Door<'a> {
    http: &'a reqwest::Client,
    base: String,
}

impl Door<'_> {
    async fn report(&self, spec: &SimSpec, welcome: &Welcome, outcome: Outcome) -> Welcome {
        let report = Report { system_id: welcome.system_id.clone(), job: welcome.job, outcome };
        self.tell(spec, "report", &report, welcome.token.expose()).await
    }

    async fn progress(&self, spec: &SimSpec, welcome: &Welcome, message: &str) {
        let outcome = Outcome::Progress { message: message.to_owned() };
        self.report(spec, welcome, outcome).await;
    }

    /// Tells until it is taken: a region may be gone, or the cluster between two leaders.
    async fn tell(
        &self,
        spec: &SimSpec,
        path: &str,
        message: &impl serde::Serialize,
        token: &str,
    ) -> Welcome {
        loop {
            match self.tell_once(path, message, token).await {
                Ok(welcome) => return welcome,
                Err(error) => tracing::warn!("{}: {path}: {error:#}", spec.name),
            }
            sleep(RETRY).await;
        }
    }

    async fn tell_once(
        &self,
        path: &str,
        message: &impl serde::Serialize,
        token: &str,
    ) -> anyhow::Result<Welcome> {
        let mut request = self.http.post(format!("{}/{path}", self.base)).json(message);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        ensure!(status.is_success(), "{status}: {text}");
        serde_json::from_str(&text).context("the answer")
    }
}

fn work_name(work: &Work) -> &'static str {
    match work {
        Work::Inventory { .. } => "inventory",
        Work::Install(_) => "install",
        Work::RunInMemory(_) => "run in memory",
        Work::Erase(_) => "erase",
        Work::Rescue { .. } => "rescue",
        Work::Wait { .. } => "wait",
        Work::PowerOff => "power off",
        Work::Reboot => "restart",
    }
}

fn hello_of(spec: &SimSpec, lease: &Lease) -> Hello {
    Hello {
        interfaces: vec![interface_of(spec, lease)],
        boot_mac: spec.mac.clone(),
        architecture: "amd64/generic".to_owned(),
        uuid: spec.uuid.clone(),
        firmware: "bios".to_owned(),
        secure_boot: None,
        erases_as_told: true,
        bmc_address: String::new(),
    }
}

fn interface_of(spec: &SimSpec, lease: &Lease) -> ReportedInterface {
    ReportedInterface {
        name: spec.interface.clone(),
        mac: spec.mac.clone(),
        link_connected: true,
        link_speed: 10_000,
        vendor: "Ironraft".to_owned(),
        product: "simulated".to_owned(),
        firmware_version: String::new(),
        addresses: vec![format!("{}/{}", lease.address, lease.prefix)],
        ..ReportedInterface::default()
    }
}

async fn inventory(
    spec: &SimSpec,
    lease: &Lease,
    account: Option<&BmcAccount>,
) -> anyhow::Result<Inventory> {
    let bmc = match account {
        Some(account) => Some(set_up_bmc(spec, account).await?),
        None => None,
    };
    let dmi = [("system_vendor", "Ironraft"), ("system_serial", spec.serial.as_str())];
    Ok(Inventory {
        hardware: Hardware {
            architecture: "amd64/generic".to_owned(),
            firmware: Firmware::Bios,
            uuid: spec.uuid.clone(),
            cpu_count: 4,
            cpu_speed_mhz: 2400,
            cpu_model: "simulated".to_owned(),
            memory_mib: 8192,
            dmi: dmi.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            ..Hardware::default()
        },
        interfaces: vec![interface_of(spec, lease)],
        disks: vec![ReportedDisk {
            name: "vda".to_owned(),
            id_path: format!("/dev/disk/by-id/virtio-{}", spec.serial),
            model: "simulated".to_owned(),
            serial: spec.serial.clone(),
            size_bytes: 20 << 30,
            block_size_bytes: 512,
            ..ReportedDisk::default()
        }],
        bmc,
        outputs: BTreeMap::from([("simulated".to_owned(), spec.name.clone())]),
        storage_extra: None,
    })
}

/// Makes the account on the machine's BMC, as the agent does in-band.
async fn set_up_bmc(spec: &SimSpec, account: &BmcAccount) -> anyhow::Result<ReportedBmc> {
    let user = BMC_USER_NUMBER;
    let access = ["channel", "setaccess", "1", user, "ipmi=on", "privilege=4"];
    for order in [
        ["user", "set", "name", user, &account.user].as_slice(),
        &["user", "set", "password", user, account.password.expose()],
        &access,
        &["user", "enable", user],
    ] {
        let target = ["-I", "lanplus", "-C", "3", "-H", &spec.bmc_address];
        let factory = ["-U", &spec.bmc_user, "-P", &spec.bmc_password];
        let status = Command::new("ipmitool")
            .args([target.as_slice(), &factory, order].concat())
            .stdout(std::process::Stdio::null())
            .status()
            .await
            .context("cannot start ipmitool")?;
        ensure!(status.success(), "ipmitool {} failed", order[..2].join(" "));
    }
    let parameters = [
        ("power_address", spec.bmc_address.as_str()),
        ("power_user", &account.user),
        ("power_pass", account.password.expose()),
        ("power_driver", "LAN_2_0"),
        ("cipher_suite_id", "3"),
        ("privilege_level", "ADMIN"),
    ];
    Ok(ReportedBmc { driver: "ipmi".to_owned(), parameters: parameters.into() })
}

fn install_to(spec: &SimSpec, install: &Install) -> anyhow::Result<()> {
    let installed = Installed {
        image_sha256: install.image_sha256.clone(),
        fqdn: install.fqdn.clone(),
        files: install.files.clone(),
    };
    installed.store(&spec.disk)
}
