//! `NVMe` drives, which erase themselves when they are formatted or sanitized.

use std::time::Duration;

use serde::Deserialize;

use crate::command::Invocation;

/// Some drives overwrite themselves.
const TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// What a controller can do, of `nvme id-ctrl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Controller {
    oacs: u32,
    fna: u32,
    #[serde(default)]
    sanicap: u32,
}

/// How a namespace is formatted, of `nvme id-ns`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Namespace {
    flbas: u32,
}

/// How a drive erases itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Its namespace is formatted as it is.
    Format {
        /// The Secure Erase Settings: 1 for user data, 2 for its key.
        ses: u32,
        /// The format of its blocks.
        lbaf: u32,
        /// Whether metadata is part of them.
        ms: u32,
    },
    /// The whole drive is sanitized.
    Sanitize {
        /// The action: 2 erases blocks, 3 overwrites them, 4 forgets their key.
        action: u32,
    },
}

/// How a drive can erase itself, the key alone before all data, as that is done at once.
pub(super) fn way(controller: Controller, namespace: Namespace) -> Option<Way> {
    let Controller { oacs, fna, sanicap } = controller;
    if oacs & 0b10 != 0 {
        let Namespace { flbas } = namespace;
        let ses = if fna & 0b100 != 0 { 2 } else { 1 };
        let lbaf = (flbas & 0xF) | ((flbas >> 5) & 0b11) << 4;
        return Some(Way::Format { ses, lbaf, ms: (flbas >> 4) & 1 });
    }
    let actions = [(0b001, 4), (0b010, 2), (0b100, 3)];
    let able = actions.iter().find(|(bit, _)| sanicap & bit != 0);
    able.map(|(_, action)| Way::Sanitize { action: *action })
}

/// Asks for a controller or a namespace, by `id-ctrl` or `id-ns`.
pub(super) fn identify(command: &str, path: &str) -> Invocation {
    Invocation::new("nvme", [command, "--output-format=json", path])
}

/// Has a drive erase itself; sanitizing goes on afterwards.
pub(super) fn erase(way: Way, path: &str) -> Invocation {
    match way {
        Way::Format { ses, lbaf, ms } => Invocation::new(
            "nvme",
            [
                "format".to_owned(),
                "--force".to_owned(),
                format!("--ses={ses}"),
                format!("--lbaf={lbaf}"),
                format!("--ms={ms}"),
                format!("--timeout={}", TIMEOUT.as_millis()),
                path.to_owned(),
            ],
        )
        .within(TIMEOUT),
        Way::Sanitize { action } => {
            Invocation::new("nvme", ["sanitize", &format!("--sanact={action}"), path])
        }
    }
}

/// Asks how far sanitizing is.
pub(super) fn sanitize_log(path: &str) -> Invocation {
    Invocation::new("nvme", ["sanitize-log", path])
}

/// How sanitizing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sanitized {
    Done,
    /// So many percent.
    Running(u32),
    Failed,
}

/// Reads the output of `nvme sanitize-log`.
pub(super) fn sanitized(output: &str) -> Sanitized {
    let value = |name: &str| {
        let line = output.lines().find(|line| line.contains(name))?;
        let text = line.rsplit(':').next()?.trim();
        match text.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        }
    };
    match value("(SSTAT)").map(|status| status & 0b111) {
        Some(1 | 4) => Sanitized::Done,
        Some(2) => Sanitized::Running(value("(SPROG)").unwrap_or(0) * 100 / 0x1_0000),
        _never_or_failed => Sanitized::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::{Controller, Namespace, Sanitized, Way, erase, identify, sanitized, way};

    #[test]
    fn a_drive_is_formatted_as_it_is_if_it_can_be() {
        let controller: Controller =
            serde_json::from_str(r#"{"vid":5197,"sn":"S1","oacs":23,"fna":4,"sanicap":3}"#)
                .expect("json");
        let namespace: Namespace = serde_json::from_str(r#"{"nsze":10,"flbas":17}"#).expect("json");
        let chosen = way(controller, namespace).expect("it can");
        assert_eq!(chosen, Way::Format { ses: 2, lbaf: 1, ms: 1 });
        assert_eq!(
            erase(chosen, "/dev/nvme0n1").to_string(),
            "nvme format --force --ses=2 --lbaf=1 --ms=1 --timeout=86400000 /dev/nvme0n1"
        );
        let without_key = Controller { fna: 0, ..controller };
        assert_eq!(
            way(without_key, Namespace { flbas: 0 }),
            Some(Way::Format { ses: 1, lbaf: 0, ms: 0 })
        );
        assert_eq!(
            identify("id-ns", "/dev/nvme0n1").to_string(),
            "nvme id-ns --output-format=json /dev/nvme0n1"
        );
    }

    #[test]
    fn a_drive_that_cannot_be_formatted_is_sanitized() {
        let chosen = |sanicap| way(Controller { oacs: 0, fna: 0, sanicap }, Namespace { flbas: 0 });
        assert_eq!(chosen(0b111), Some(Way::Sanitize { action: 4 }));
        assert_eq!(chosen(0b110), Some(Way::Sanitize { action: 2 }));
        assert_eq!(chosen(0b100), Some(Way::Sanitize { action: 3 }));
        assert_eq!(chosen(0), None);
        let way = chosen(0b10).expect("it can");
        assert_eq!(erase(way, "/dev/nvme0n1").to_string(), "nvme sanitize --sanact=2 /dev/nvme0n1");
    }

    #[test]
    fn how_far_sanitizing_is_is_read() {
        let told = |sprog: u32, sstat: &str| {
            format!(
                "Sanitize Progress                      (SPROG) :  {sprog}\nSanitize Status                        (SSTAT) :  {sstat}\n"
            )
        };
        assert_eq!(sanitized(&told(65535, "0x101")), Sanitized::Done);
        assert_eq!(sanitized(&told(32768, "0x2")), Sanitized::Running(50));
        assert_eq!(sanitized(&told(65535, "0x3")), Sanitized::Failed);
        assert_eq!(sanitized(""), Sanitized::Failed);
    }
}
