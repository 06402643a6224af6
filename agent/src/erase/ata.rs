//! Disks with the security commands of ATA, as `hdparm` shows and uses them.

use std::time::Duration;

use crate::command::Invocation;

/// The password while a disk erases itself. One that was interrupted is unlocked by it.
const PASSWORD: &str = "ironraft";
/// Beyond what a disk says it needs.
const MARGIN: Duration = Duration::from_secs(60 * 60);

/// What a disk says of its security.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Security {
    pub supported: bool,
    pub enabled: bool,
    pub locked: bool,
    pub frozen: bool,
    /// How many minutes it needs to erase itself.
    pub minutes: u64,
}

impl Security {
    /// Reads the output of `hdparm -I`: a section of indented lines.
    pub(super) fn parse(output: &str) -> Self {
        let mut security = Self::default();
        let section = output.lines().skip_while(|line| !line.starts_with("Security:")).skip(1);
        for line in section.take_while(|line| line.starts_with(char::is_whitespace)) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (is_so, words) = match words.split_first() {
                Some((&"not", rest)) => (false, rest),
                _positive => (true, &words[..]),
            };
            match words {
                ["supported"] => security.supported = is_so,
                ["enabled"] => security.enabled = is_so,
                ["locked"] => security.locked = is_so,
                ["frozen"] => security.frozen = is_so,
                words => {
                    let minutes = minutes(words).filter(|_| security.minutes == 0);
                    security.minutes = minutes.unwrap_or(security.minutes);
                }
            }
        }
        security
    }

    /// Why it cannot erase itself as it is.
    pub(super) fn obstacle(self) -> Option<&'static str> {
        match self {
            Self { supported: false, .. } => Some("it has no command for it"),
            Self { frozen: true, .. } => Some("the firmware has frozen its security"),
            Self { locked: true, .. } => Some("it is locked"),
            Self { enabled: true, .. } => Some("it has a password already"),
            Self { .. } => None,
        }
    }
}

/// `508` of `508min for SECURITY ERASE UNIT.`
fn minutes(words: &[&str]) -> Option<u64> {
    let place = words.windows(2).position(|pair| pair == ["for", "SECURITY"])?;
    words.get(place.checked_sub(1)?)?.strip_suffix("min")?.parse().ok()
}

/// Asks a disk what it is.
pub(super) fn identify(path: &str) -> Invocation {
    Invocation::new("hdparm", ["-I", path])
}

/// Takes an earlier password of ours away.
pub(super) fn unlock(path: &str) -> [Invocation; 2] {
    ["--security-unlock", "--security-disable"].map(|command| security(command, path))
}

/// Sets the password, without which no disk erases itself; erasing takes it away.
pub(super) fn set_password(path: &str) -> Invocation {
    security("--security-set-pass", path)
}

/// Has a disk erase itself.
pub(super) fn erase(path: &str, minutes: u64) -> Invocation {
    security("--security-erase", path).within(Duration::from_secs(minutes * 120) + MARGIN)
}

fn security(command: &str, path: &str) -> Invocation {
    Invocation::new("hdparm", ["--user-master", "u", command, PASSWORD, path])
}

#[cfg(test)]
mod tests {
    use super::{Security, erase};

    #[test]
    fn what_hdparm_prints_is_read() {
        let security = Security::parse(include_str!("samples/hdparm"));
        assert_eq!(security, Security { supported: true, minutes: 508, ..Security::default() });
        assert_eq!(security.obstacle(), None);
        assert_eq!(
            erase("/dev/sda", security.minutes).to_string(),
            "hdparm --user-master u --security-erase ironraft /dev/sda"
        );
    }

    #[test]
    fn what_keeps_a_disk_from_erasing_itself_is_named() {
        let able = include_str!("samples/hdparm");
        let cases = [
            (able.replace("not\tfrozen", "\tfrozen"), "the firmware has frozen its security"),
            (able.replace("not\tlocked", "\tlocked"), "it is locked"),
            (able.replace("not\tenabled", "\tenabled"), "it has a password already"),
            (able.replace("\t\tsupported\n", "\tnot\tsupported\n"), "it has no command for it"),
            ("/dev/vda:\n HDIO_DRIVE_CMD(identify) failed".to_owned(), "it has no command for it"),
        ];
        for (output, told) in cases {
            assert_eq!(Security::parse(&output).obstacle(), Some(told));
        }
    }
}
