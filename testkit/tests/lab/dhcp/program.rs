//! The clients' programs, as their packages install them, and how each is told what a test wants.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use nix::sys::signal::Signal;

/// The interface of a client in its namespace.
pub(crate) const INTERFACE: &str = "eth0";

/// A DHCP client that others made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// ISC's, Debian's package `isc-dhcp-client`.
    Dhclient,
    /// `BusyBox`'s, Debian's package `udhcpc`.
    Udhcpc,
    /// Roy Marples's, Debian's package `dhcpcd-base`.
    Dhcpcd,
}

/// What a client is to say beside what it says by itself.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Settings<'a> {
    /// Its client identifier (option 61), as text.
    pub(crate) identifier: Option<&'a str>,
    /// The lease time that it asks for, in seconds (option 51).
    pub(crate) lease_s: Option<u32>,
    /// The address that it asks for (option 50); a client with a file of leases has it from there.
    pub(crate) address: Option<Ipv4Addr>,
}

impl Program {
    /// The name of its program.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Dhclient => "dhclient",
            Self::Udhcpc => "udhcpc",
            Self::Dhcpcd => "dhcpcd",
        }
    }

    /// The signal that makes it renew at once; dhclient has none.
    pub(crate) const fn renews_at(self) -> Option<Signal> {
        match self {
            Self::Dhclient => None,
            Self::Udhcpc | Self::Dhcpcd => Some(Signal::SIGUSR1),
        }
    }

    /// The signal that makes it give its address back; dhclient has a command for that.
    pub(crate) const fn releases_at(self) -> Option<Signal> {
        match self {
            Self::Dhclient => None,
            Self::Udhcpc => Some(Signal::SIGUSR2),
            Self::Dhcpcd => Some(Signal::SIGALRM),
        }
    }

    /// Whether it keeps its lease in a file, and asks for the address again after a restart (INIT-REBOOT).
    pub(crate) const fn keeps_leases(self) -> bool {
        !matches!(self, Self::Udhcpc)
    }

    /// The command that runs it in the foreground, with its files in a folder.
    pub(crate) fn command(self, folder: &Path, settings: &Settings<'_>) -> anyhow::Result<Command> {
        self.write_hook(folder)?;
        match self {
            Self::Dhclient => dhclient(folder, settings),
            Self::Udhcpc => Ok(udhcpc(folder, settings)),
            Self::Dhcpcd => Ok(dhcpcd(folder, settings)),
        }
    }

    fn write_hook(self, folder: &Path) -> anyhow::Result<()> {
        let hook = folder.join("hook");
        let text = include_str!("hook.sh")
            .replace("@PROGRAM@", self.name())
            .replace("@FOLDER@", &folder.display().to_string());
        fs::write(&hook, text).with_context(|| format!("cannot write {}", hook.display()))?;
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755))
            .with_context(|| format!("cannot make {} executable", hook.display()))
    }
}

/// The command of dhclient, without what it is to do.
fn dhclient_files(folder: &Path) -> Command {
    let mut command = Command::new("dhclient");
    command.args(["-4", "-d"]);
    for (option, file) in
        [("-cf", "dhclient.conf"), ("-lf", "leases"), ("-pf", "pid"), ("-sf", "hook")]
    {
        command.arg(option).arg(folder.join(file));
    }
    command
}

fn dhclient(folder: &Path, settings: &Settings<'_>) -> anyhow::Result<Command> {
    let mut lines = vec!["include \"/etc/dhcp/dhclient.conf\";".to_owned()];
    let identifier =
        settings.identifier.map(|text| format!("send dhcp-client-identifier \"{text}\";"));
    lines.extend(identifier);
    lines.extend(settings.lease_s.map(|seconds| format!("send dhcp-lease-time {seconds};")));
    let file = folder.join("dhclient.conf");
    fs::write(&file, lines.join("\n"))
        .with_context(|| format!("cannot write {}", file.display()))?;
    let mut command = dhclient_files(folder);
    command.arg(INTERFACE);
    Ok(command)
}

/// The command that gives back the address in dhclient's file of leases.
pub(crate) fn dhclient_release(folder: &Path) -> Command {
    let mut command = dhclient_files(folder);
    // No client runs any more that it could end: its process id would be of another namespace.
    command.arg("-pf").arg(folder.join("no-pid")).args(["-r", INTERFACE]);
    command
}

fn udhcpc(folder: &Path, settings: &Settings<'_>) -> Command {
    let mut command = Command::new("udhcpc");
    command
        .args(["-f", "-a500", "-A", "1", "-i", INTERFACE, "-O", "hostname", "-s"])
        .arg(folder.join("hook"));
    if let Some(text) = settings.identifier {
        let bytes: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        command.arg("-x").arg(format!("0x3d:00{bytes}"));
    }
    if let Some(seconds) = settings.lease_s {
        command.arg("-x").arg(format!("lease:{seconds}"));
    }
    if let Some(address) = settings.address {
        command.arg("-r").arg(address.to_string());
    }
    command
}

/// Its files are at fixed places, so it gets a mount namespace in which these are the client's own.
fn dhcpcd(folder: &Path, settings: &Settings<'_>) -> Command {
    let mut command = Command::new("unshare");
    let script =
        "mount -t tmpfs run /run && mount --bind \"$0\" /var/lib/dhcpcd && exec dhcpcd \"$@\"";
    command.args(["--mount", "sh", "-c", script]).arg(folder);
    command.args(["-4", "-B", "-d", "-o", "host_name", "-c"]).arg(folder.join("hook"));
    if let Some(text) = settings.identifier {
        command.args(["-I", text]);
    }
    if let Some(seconds) = settings.lease_s {
        command.arg("-l").arg(seconds.to_string());
    }
    if let Some(address) = settings.address {
        command.arg("-r").arg(address.to_string());
    }
    command.arg(INTERFACE);
    command
}
