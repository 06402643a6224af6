//! What a deployed machine finds inside itself: disks, file systems, arrays, volumes and networks, as its own tools tell
//! them. The machine says it on its serial console, because what is to be found out may be why nobody reaches it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::LabMachine;
use super::signs::MachineSigns;
use crate::wait::{MACHINE_STALL, wait_for};

/// How lines begin that carry a report, in hexadecimal behind it: the kernel may print between them.
const MARK: &str = "inside:";

/// What is asked: a name, and the command that answers it.
const QUESTIONS: &[(&str, &str)] = &[
    (
        "disks",
        "lsblk --json --bytes --paths --output NAME,TYPE,SIZE,FSTYPE,LABEL,UUID,MOUNTPOINTS,SERIAL,PTTYPE",
    ),
    ("mounts", "findmnt --json --real --output TARGET,SOURCE,FSTYPE,OPTIONS"),
    ("root", "findmnt --noheadings --output SOURCE,FSTYPE /"),
    ("kernel", "cat /proc/cmdline"),
    (
        "secure boot",
        "od -An -tu1 -j4 /sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c; \
         cat /sys/kernel/security/lockdown",
    ),
    ("swaps", "cat /proc/swaps"),
    ("arrays", "cat /proc/mdstat"),
    ("volumes", "lvs --reportformat json --units b --nosuffix"),
    ("groups", "vgs --reportformat json"),
    ("physical volumes", "pvs --reportformat json"),
    (
        "signatures",
        "lsblk --noheadings --list --paths --output NAME | sort -u | xargs -n 1 wipefs --noheadings --output DEVICE,TYPE",
    ),
    ("links", "ip -json -details link"),
    ("addresses", "ip -json address"),
    ("routes", "ip -json route"),
    ("routes6", "ip -6 -json route"),
    ("resolver", "resolvectl dns"),
    (
        "site",
        "cat /etc/rsyslog.d/*.conf /etc/apt/apt.conf.d/*proxy* /etc/apt/sources.list.d/*.list \
         /etc/systemd/timesyncd.conf.d/*.conf /home/*/.ssh/authorized_keys",
    ),
    ("log sender", "systemctl is-active rsyslog"),
    ("failed units", "systemctl --failed --plain --no-legend"),
];

/// Answers by the names of the questions; what a tool that is not there says is nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside(BTreeMap<String, String>);

/// A script for cloud-init that has a deployed machine tell what it finds, at every boot. It says it three times: what
/// others print on the console at the same time may damage one.
#[must_use]
pub fn user_data() -> String {
    let mut script = String::from(
        "Content-Type: multipart/mixed; boundary=\"part\"\nMIME-Version: 1.0\n\n--part\n\
         Content-Type: text/x-shellscript-per-boot; charset=\"utf-8\"\n\n#!/bin/sh\n\
         exec 2>/dev/null\ndmesg --console-off\nreport=$(mktemp)\n{\n",
    );
    for (name, command) in QUESTIONS {
        script.push_str(&format!("printf '\\n@%s\\n' '{name}'; {command}\n"));
    }
    script.push_str(&format!(
        "}} >\"$report\"\n\
         digest=$(sha256sum <\"$report\" | cut -c1-16)\n\
         for time in 1 2 3; do\n\
         {{ echo; echo \"{MARK}begin $digest\"; od -A n -t x1 -v -w32 <\"$report\" | tr -d ' ' | sed 's/^/{MARK}/'; \
         echo \"{MARK}end $digest\"; }} >/dev/ttyS0\ndone\ndmesg --console-on\n--part--\n"
    ));
    script
}

/// Waits until a machine has told it, in what its console shows from `from` on (a length of the file).
///
/// # Errors
/// When it shows nothing new for long.
pub async fn told_by(machine: &LabMachine, from: u64) -> anyhow::Result<Inside> {
    let mut shown = MachineSigns::of(machine);
    let console = machine.console();
    wait_for(&format!("{} tells what is inside", machine.name), MACHINE_STALL, async |signs| {
        shown.see(signs);
        told(&console, from)
    })
    .await
}

fn told(console: &Path, from: u64) -> anyhow::Result<Option<Inside>> {
    let bytes = std::fs::read(console).context("the console")?;
    let bytes = usize::try_from(from).ok().and_then(|from| bytes.get(from..)).unwrap_or_default();
    Ok(read(&String::from_utf8_lossy(bytes)))
}

/// The last report on a console that came whole.
fn read(console: &str) -> Option<Inside> {
    let mut reports = console.split(&format!("{MARK}begin ")).skip(1).collect::<Vec<_>>();
    reports.reverse();
    reports.into_iter().find_map(whole)
}

fn whole(report: &str) -> Option<Inside> {
    let (digest, rest) = report.split_once(['\r', '\n'])?;
    let (body, _) = rest.split_once(&format!("{MARK}end {digest}"))?;
    let digits: String = body
        .lines()
        .filter_map(|line| line.trim().strip_prefix(MARK))
        .flat_map(|line| line.chars().filter(char::is_ascii_hexdigit))
        .collect();
    let byte = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect::<Option<_>>()?;
    if digest_of(&bytes) != digest.trim() {
        return None;
    }
    let text = String::from_utf8(bytes).ok()?;
    let answers = text.split("\n@").skip(1).filter_map(|part| part.split_once('\n'));
    Some(Inside(answers.map(|(name, said)| (name.to_owned(), said.to_owned())).collect()))
}

/// The first half of the SHA-256 in hexadecimal.
fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl Inside {
    /// What a tool says; empty where it says nothing.
    #[must_use]
    pub fn text(&self, question: &str) -> &str {
        self.0.get(question).map_or("", |said| said.trim())
    }

    /// What a tool says that answers in JSON.
    ///
    /// # Errors
    /// When it does not.
    pub fn json(&self, question: &str) -> anyhow::Result<Value> {
        let said = self.text(question);
        ensure!(!said.is_empty(), "nothing is said of {question}");
        serde_json::from_str(said).with_context(|| format!("{question}: {said}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{digest_of, read};

    #[test]
    fn the_last_report_that_is_whole_counts() {
        // `\n@arrays\nnone\n` and its digest.
        let body = "inside:0a406172726179730a\r\n[ 1.2] kernel\r\ninside:6e6f6e650a\r\n";
        let digest = digest_of(b"\n@arrays\nnone\n");
        let one = format!("inside:begin {digest}\r\n{body}inside:end {digest}\r\n");
        let damaged = one.replace("0a40", "0a4[    0.1]0");
        let inside = read(&format!("boot\n{one}{damaged}")).expect("a report");
        assert_eq!((inside.text("arrays"), inside.text("volumes")), ("none", ""));
        assert!(inside.json("arrays").is_err());
        assert_eq!(read(&damaged), None);
    }
}
