//! IPMI over LAN through `ipmitool`. The password goes through the environment, never the command
//! line, where every user of the host could read it.

use std::process::Stdio;
use std::time::Duration;

use model::machine::hardware::Firmware;
use model::machine::power::parameters::PowerParameters;
use model::machine::power::{PowerAction, PowerState};
use model::secret::Secret;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};
use tracing::debug;

use crate::power::{Driver, Order, PowerError};

/// How long one call of the tool may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// How long the machine may take to follow an order.
const FOLLOW_TIMEOUT: Duration = Duration::from_secs(25);

/// The pause between two looks at the state.
const LOOK_PAUSE: Duration = Duration::from_millis(500);

/// Drives BMCs by IPMI 2.0.
#[derive(Debug, Clone)]
pub struct Ipmi {
    /// The tool's name or path.
    pub program: String,
}

impl Default for Ipmi {
    fn default() -> Self {
        Self { program: "ipmitool".to_owned() }
    }
}

/// How a BMC is reached, from MAAS's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Session {
    address: String,
    port: Option<u16>,
    interface: &'static str,
    user: String,
    password: Secret,
    key: Secret,
    /// The cipher suites to try, in order.
    ciphers: Vec<String>,
    privilege: String,
}

#[async_trait::async_trait]
impl Driver for Ipmi {
    async fn carry_out(&self, order: &Order) -> Result<PowerState, PowerError> {
        let session = Session::from_parameters(&order.parameters)?;
        let bmc = Bmc { tool: self, session, cipher: std::sync::OnceLock::new() };
        match order.action {
            PowerAction::Query => bmc.state().await,
            PowerAction::On => bmc.switch(PowerState::On).await,
            PowerAction::Off => bmc.switch(PowerState::Off).await,
            PowerAction::NetworkBoot => bmc.network_boot(efi(order)).await,
        }
    }
}

/// Whether the boot device is set for UEFI: as the operator says, or as commissioning found.
fn efi(order: &Order) -> bool {
    match order.parameters.public("power_boot_type") {
        Some("efi") => true,
        Some("legacy") => false,
        Some(_) | None => order.firmware == Firmware::Uefi,
    }
}

/// The tool's name of a privilege level, from MAAS's (`ADMIN`, which the tool does not know).
fn privilege_name(level: &str) -> String {
    match level.to_ascii_uppercase().as_str() {
        "ADMIN" => "ADMINISTRATOR".to_owned(),
        other => other.to_owned(),
    }
}

impl Session {
    fn from_parameters(parameters: &PowerParameters) -> Result<Self, PowerError> {
        let text = |name: &str| parameters.public(name).unwrap_or_default().trim();
        let secret = |name: &str| {
            parameters.get(name).map(|value| value.expose().trim().into()).unwrap_or_default()
        };
        let (address, port) = split_port(text("power_address"))?;
        let ciphers = match text("cipher_suite_id") {
            "" => vec!["17".to_owned(), "3".to_owned()],
            id if id.len() <= 2 && id.bytes().all(|byte| byte.is_ascii_digit()) => {
                vec![id.to_owned()]
            }
            _ => return Err(PowerError::Parameter { name: "cipher_suite_id" }),
        };
        Ok(Self {
            address,
            port,
            interface: if text("power_driver") == "LAN" { "lan" } else { "lanplus" },
            user: text("power_user").to_owned(),
            password: secret("power_pass"),
            key: secret("k_g"),
            ciphers,
            privilege: privilege_name(text("privilege_level")),
        })
    }

    fn arguments(&self, cipher: &str) -> Vec<String> {
        let mut arguments: Vec<String> = ["-I", self.interface, "-H", &self.address, "-E"]
            .iter()
            .map(ToString::to_string)
            .collect();
        let mut option = |name: &str, value: &str| {
            if !value.is_empty() {
                arguments.extend([name.to_owned(), value.to_owned()]);
            }
        };
        option("-p", &self.port.map(|port| port.to_string()).unwrap_or_default());
        option("-U", &self.user);
        option("-L", &self.privilege);
        option("-N", "2");
        option("-R", "3");
        if self.interface == "lanplus" {
            option("-C", cipher);
        }
        if !self.key.is_empty() {
            arguments.push("-K".to_owned());
        }
        arguments
    }
}

/// `address`, `address:port`, `[v6]`, `[v6]:port` or a bare IPv6 address.
fn split_port(text: &str) -> Result<(String, Option<u16>), PowerError> {
    let wrong = PowerError::Parameter { name: "power_address" };
    if let Ok(address) = text.parse::<std::net::SocketAddr>() {
        return Ok((address.ip().to_string(), Some(address.port())));
    }
    let bare = text.trim_matches(['[', ']']);
    if bare.parse::<std::net::IpAddr>().is_ok() {
        return Ok((bare.to_owned(), None));
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port.parse().map_err(|_| wrong.clone())?)),
        None => (text, None),
    };
    // A name that begins with a dash would be an option of the tool.
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if host.is_empty() || host.starts_with('-') || !host.bytes().all(valid) {
        return Err(wrong);
    }
    Ok((host.to_owned(), port))
}

/// One BMC during one order.
struct Bmc<'a> {
    tool: &'a Ipmi,
    session: Session,
    /// The cipher suite that worked.
    cipher: std::sync::OnceLock<String>,
}

impl Bmc<'_> {
    async fn state(&self) -> Result<PowerState, PowerError> {
        let answer = self.call(&["chassis", "power", "status"]).await?;
        parse_state(&answer).ok_or_else(|| self.refused(&answer))
    }

    /// A machine that runs is switched off first: the boot device counts at power-on.
    async fn network_boot(&self, efi: bool) -> Result<PowerState, PowerError> {
        if self.state().await? == PowerState::On {
            self.switch(PowerState::Off).await?;
        }
        let mut bootdev = vec!["chassis", "bootdev", "pxe"];
        if efi {
            bootdev.push("options=efiboot");
        }
        self.call(&bootdev).await?;
        self.switch(PowerState::On).await
    }

    async fn switch(&self, wanted: PowerState) -> Result<PowerState, PowerError> {
        let verb = if wanted == PowerState::On { "on" } else { "off" };
        self.call(&["chassis", "power", verb]).await?;
        let deadline = Instant::now() + FOLLOW_TIMEOUT;
        loop {
            let actual = self.state().await?;
            if actual == wanted {
                return Ok(actual);
            }
            if Instant::now() >= deadline {
                let address = self.session.address.clone();
                return Err(PowerError::NotReached { address, actual });
            }
            sleep(LOOK_PAUSE).await;
        }
    }

    /// Calls the tool; the first call finds the cipher suite that the BMC speaks.
    async fn call(&self, command: &[&str]) -> Result<String, PowerError> {
        if let Some(cipher) = self.cipher.get() {
            return self.call_with(cipher, command).await;
        }
        let mut failure = PowerError::Parameter { name: "cipher_suite_id" };
        for cipher in &self.session.ciphers {
            match self.call_with(cipher, command).await {
                Ok(answer) => {
                    self.cipher.get_or_init(|| cipher.clone());
                    return Ok(answer);
                }
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    async fn call_with(&self, cipher: &str, command: &[&str]) -> Result<String, PowerError> {
        let address = &self.session.address;
        let running = Command::new(&self.tool.program)
            .args(self.session.arguments(cipher))
            .args(command)
            .env("IPMI_PASSWORD", self.session.password.expose())
            .env("IPMI_KGKEY", self.session.key.expose())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = match timeout(CALL_TIMEOUT, running).await {
            Ok(Ok(output)) => output,
            Ok(Err(error)) => {
                return Err(self.refused(&format!("{} cannot be run: {error}", self.tool.program)));
            }
            Err(_) => {
                let (address, seconds) = (address.clone(), CALL_TIMEOUT.as_secs());
                return Err(PowerError::Timeout { address, seconds });
            }
        };
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        debug!(bmc = %address, ?command, status = %output.status, "ipmitool: {}", answer.trim());
        if output.status.success() {
            Ok(answer)
        } else {
            Err(self.refused(&String::from_utf8_lossy(&output.stderr)))
        }
    }

    fn refused(&self, words: &str) -> PowerError {
        let lines: Vec<&str> = words.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        let mut reason = lines.join("; ");
        if !self.session.password.is_empty() {
            reason = reason.replace(self.session.password.expose(), "***");
        }
        if reason.is_empty() {
            reason = "the tool failed without a word".to_owned();
        }
        PowerError::Refused { address: self.session.address.clone(), reason }
    }
}

fn parse_state(answer: &str) -> Option<PowerState> {
    let answer = answer.trim().to_ascii_lowercase();
    if answer.ends_with("power is on") {
        Some(PowerState::On)
    } else if answer.ends_with("power is off") {
        Some(PowerState::Off)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn parameters(pairs: &[(&str, &str)]) -> PowerParameters {
        pairs.iter().copied().collect()
    }

    #[test]
    fn addresses_are_read_with_and_without_ports() {
        let cases = [
            ("10.0.0.1", "10.0.0.1", None),
            ("10.0.0.1:9001", "10.0.0.1", Some(9001)),
            ("fd00::1", "fd00::1", None),
            ("[fd00::1]", "fd00::1", None),
            ("[fd00::1]:624", "fd00::1", Some(624)),
            ("bmc-1.example", "bmc-1.example", None),
        ];
        for (text, host, port) in cases {
            assert_eq!(split_port(text), Ok((host.to_owned(), port)), "{text}");
        }
        for text in ["", "-H", "a b", "host:port", "$(x)"] {
            assert!(split_port(text).is_err(), "{text}");
        }
    }

    #[test]
    fn password_is_not_among_the_arguments() {
        let parameters = parameters(&[
            ("power_address", "10.0.0.1"),
            ("power_user", "maas"),
            ("power_pass", "s3cret"),
            ("cipher_suite_id", "3"),
        ]);
        let session = Session::from_parameters(&parameters).unwrap();
        assert_eq!(
            session.arguments("3").join(" "),
            "-I lanplus -H 10.0.0.1 -E -U maas -N 2 -R 3 -C 3"
        );
        assert!(!format!("{session:?} {parameters:?}").contains("s3cret"));
    }

    /// A tool that plays a BMC: it speaks cipher suite 3 only and keeps its state in a file.
    fn playing_tool(folder: &std::path::Path) -> Ipmi {
        let program = folder.join("tool");
        let script = format!(
            "#!/bin/sh\n\
             cd {}\n\
             case \"$*\" in *'-C 3 '*) ;; *) echo 'no such cipher' >&2; exit 1;; esac\n\
             [ \"$IPMI_PASSWORD\" = s3cret ] || exit 1\n\
             case \"$*\" in\n\
             *'power status') echo \"Chassis Power is $(cat state)\";;\n\
             *'power on') echo on >state; echo on >>log;;\n\
             *'power off') echo off >state; echo off >>log;;\n\
             *bootdev*) echo \"${{*##*bootdev }}\" >>log;;\n\
             esac\n",
            folder.display()
        );
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Ipmi { program: program.display().to_string() }
    }

    #[tokio::test]
    async fn network_boot_sets_the_boot_device_between_off_and_on() {
        let folder = tempfile::tempdir().unwrap();
        let tool = playing_tool(folder.path());
        let log = || std::fs::read_to_string(folder.path().join("log")).unwrap();
        let order = |firmware| Order {
            action: PowerAction::NetworkBoot,
            firmware,
            parameters: parameters(&[("power_address", "10.0.0.1"), ("power_pass", "s3cret")]),
        };
        std::fs::write(folder.path().join("state"), "off\n").unwrap();
        assert_eq!(tool.carry_out(&order(Firmware::Bios)).await, Ok(PowerState::On));
        assert_eq!(log(), "pxe\non\n");
        assert_eq!(tool.carry_out(&order(Firmware::Uefi)).await, Ok(PowerState::On));
        assert_eq!(log(), "pxe\non\noff\npxe options=efiboot\non\n");
    }

    #[tokio::test]
    async fn refusal_is_told_in_the_words_of_the_tool() {
        let folder = tempfile::tempdir().unwrap();
        let tool = playing_tool(folder.path());
        let order = Order {
            action: PowerAction::Query,
            firmware: Firmware::Bios,
            parameters: parameters(&[("power_address", "10.0.0.1"), ("cipher_suite_id", "17")]),
        };
        let error = tool.carry_out(&order).await.unwrap_err();
        assert_eq!(error.to_string(), "BMC 10.0.0.1: no such cipher");
    }
}
