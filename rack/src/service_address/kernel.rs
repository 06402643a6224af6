//! Gives addresses to the kernel for some seconds, by `ip` of iproute2, and takes them back.

use std::net::IpAddr;
use std::process::Stdio;
use std::time::Duration;

use model::net::service_address::KERNEL_S;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// How long it may take.
const TAKES_MAX: Duration = Duration::from_secs(2);

/// What became of it when it is not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum KernelError {
    /// There is no such program, or it cannot be run.
    #[error("ip (of iproute2) cannot be run: {0}")]
    NotRun(#[from] std::io::Error),
    /// It did not end.
    #[error("ip did not end within {} s", TAKES_MAX.as_secs())]
    Slow,
    /// The kernel does not take it.
    #[error("{0}")]
    Refused(String),
}

/// Sets and removes addresses at interfaces. One that cannot be set keeps no other from it.
pub(super) async fn change(
    set: &[(IpAddr, String)],
    removed: &[(IpAddr, String)],
) -> Result<(), KernelError> {
    if set.is_empty() && removed.is_empty() {
        return Ok(());
    }
    let mut ip = Command::new("ip")
        .args(["-force", "-batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let lines = batch(set, removed);
    let run = async {
        if let Some(mut stdin) = ip.stdin.take() {
            stdin.write_all(lines.as_bytes()).await?;
        }
        ip.wait_with_output().await
    };
    let output = timeout(TAKES_MAX, run).await.map_err(|_| KernelError::Slow)??;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let first = said.lines().find(|line| !line.is_empty()).unwrap_or("ip failed");
    Err(KernelError::Refused(first.to_owned()))
}

/// The commands. An address is preferred for nothing, so that the host sends nothing from it by itself, and is not tested for
/// duplicates first: regions see to it that there is no other holder.
fn batch(set: &[(IpAddr, String)], removed: &[(IpAddr, String)]) -> String {
    let removals = removed.iter().map(|(ip, interface)| {
        format!("address del {ip}/{} dev {interface}\n", prefix_length(*ip))
    });
    let settings = set.iter().map(|(ip, interface)| {
        let untested = if ip.is_ipv6() { " nodad" } else { "" };
        format!(
            "address replace {ip}/{} dev {interface} valid_lft {KERNEL_S} preferred_lft 0{untested}\n",
            prefix_length(*ip)
        )
    });
    removals.chain(settings).collect()
}

/// That of a single host: the interface's own address says what is on the link.
const fn prefix_length(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_set_for_some_seconds_after_others_are_removed() {
        let place = |ip: &str, name: &str| (ip.parse().unwrap(), name.to_owned());
        let set = [place("10.0.0.5", "eth1"), place("fd00::5", "eth1")];
        assert_eq!(
            batch(&set, &[place("10.0.1.5", "eth2")]),
            "address del 10.0.1.5/32 dev eth2\n\
             address replace 10.0.0.5/32 dev eth1 valid_lft 4 preferred_lft 0\n\
             address replace fd00::5/128 dev eth1 valid_lft 4 preferred_lft 0 nodad\n"
        );
    }
}
