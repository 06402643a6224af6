//! A simulated BMC: `ipmi_sim` (`OpenIPMI`), reached over the management network and, in-band, by the
//! machine itself.
//!
//! It speaks RMCP+ up to cipher suite 3. Its chassis is a script that starts and kills the machine's
//! process, so `power on` by ipmitool is what runs the machine, and a machine that powers itself
//! off is seen as off.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::namespace::{Namespace, ProcessNamespace};
use super::process::Process;

/// The account that the BMC has from the factory; no part of Ironraft is told.
pub const FACTORY_USER: &str = "factory";
/// Its password.
pub const FACTORY_PASSWORD: &str = "factory-secret";

/// What the BMC is made of: one self-contained controller, no sensors.
const CONTROLLER: &str = "mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
";

/// Starts the simulator. It would end by SIGPIPE, which nothing in it ignores, when it writes to a machine that has just been
/// killed.
const SIMULATOR: &str = r#"trap "" PIPE; exec ipmi_sim "$@""#;

/// What one BMC is.
#[derive(Debug, Clone)]
pub struct BmcSpec {
    /// The machine's name.
    pub name: String,
    /// Its address on the management network.
    pub address: IpAddr,
    /// The hardware address of its port.
    pub mac: String,
    /// The TCP port on the loopback interface where the machine finds it in-band.
    pub in_band_port: u16,
}

/// A running BMC.
#[derive(Debug)]
pub struct Bmc {
    spec: BmcSpec,
    folder: PathBuf,
    _simulator: Process,
}

impl Bmc {
    /// Starts a BMC whose chassis runs the script `machine_script`; the machine is off.
    ///
    /// # Errors
    /// When its files cannot be written or `ipmi_sim` cannot be started.
    pub fn start(
        processes: &ProcessNamespace,
        namespace: &Namespace,
        folder: &Path,
        logs: &Path,
        spec: BmcSpec,
        machine_script: &str,
    ) -> anyhow::Result<Self> {
        let state = folder.join("bmc-state");
        fs::create_dir_all(&state).with_context(|| format!("cannot make {}", state.display()))?;
        let lan = include_str!("lan.sh")
            .replace("@ADDRESS@", &shown_in_band(spec.address).to_string())
            .replace("@MAC@", &spec.mac);
        write_script(&folder.join("chassis"), include_str!("chassis.sh"))?;
        write_script(&folder.join("lan"), &lan)?;
        write_script(&folder.join("machine"), machine_script)?;
        let controller = folder.join("controller.emu");
        fs::write(&controller, CONTROLLER).context("cannot write the BMC's controller")?;
        let settings = folder.join("lan.conf");
        fs::write(&settings, settings_of(&spec, folder))
            .context("cannot write the BMC's settings")?;

        let mut command = Command::new("sh");
        command.args(["-c", SIMULATOR, "ipmi_sim"]);
        command.arg("-n").arg("-c").arg(settings).arg("-f").arg(controller).arg("-s").arg(state);
        let name = format!("bmc-{}", spec.name);
        let simulator = Process::start(processes, namespace, &name, logs, command)?;
        Ok(Self { spec, folder: folder.to_owned(), _simulator: simulator })
    }

    /// Its address on the management network.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.spec.address
    }

    /// The TCP port on the fabric's loopback interface where its machine finds it in-band.
    #[must_use]
    pub fn in_band_port(&self) -> u16 {
        self.spec.in_band_port
    }

    /// Runs `ipmitool` with the factory account from a namespace, and returns what it prints.
    ///
    /// # Errors
    /// When the BMC does not answer or refuses.
    pub fn ipmitool(&self, from: &Namespace, arguments: &[&str]) -> anyhow::Result<String> {
        let address = self.spec.address.to_string();
        let target = ["-I", "lanplus", "-C", "3", "-H", &address, "-U", FACTORY_USER];
        let account = ["-P", FACTORY_PASSWORD];
        Ok(from.run("ipmitool", &[target.as_slice(), &account, arguments].concat())?)
    }

    /// What the chassis did, one line each.
    #[must_use]
    pub fn chassis_log(&self) -> String {
        fs::read_to_string(self.folder.join("chassis.log")).unwrap_or_default()
    }
}

/// What the simulator says of its address in-band: it knows the settings of IPv4 alone.
fn shown_in_band(address: IpAddr) -> Ipv4Addr {
    match address {
        IpAddr::V4(address) => address,
        IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    }
}

fn settings_of(spec: &BmcSpec, folder: &Path) -> String {
    let BmcSpec { name, address, in_band_port, .. } = spec;
    let folder = folder.display();
    format!(
        r#"name "{name}"
set_working_mc 0x20
  startlan 1
    addr {address} 623
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
    lan_config_program "{folder}/lan"
  endlan
  chassis_control "{folder}/chassis"
  serial 15 127.0.0.1 {in_band_port} codec VM
  user 2 true "{FACTORY_USER}" "{FACTORY_PASSWORD}" admin 10 none md2 md5 straight
"#
    )
}

fn write_script(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} executable", path.display()))
}
