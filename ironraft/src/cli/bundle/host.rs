//! What this host has to say: the configuration of its node and of the commands, and the end of its log.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

/// The units of nodes.
const UNITS: &[&str] = &["ironraft-region", "ironraft-rack"];

/// How many lines of the log are read.
const LINES: &str = "5000";

/// How long the journal has.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where nodes have their configurations.
const FILES: &[&str] = &["/var/lib/ironraft/region.toml", "/var/lib/ironraft-rack/rack.toml"];

/// Files by the names that they get, with what is in them.
pub(crate) async fn files(profile: Option<&Path>) -> Vec<(String, Result<String, String>)> {
    let mut files = vec![("os-release".to_owned(), read(Path::new("/etc/os-release")))];
    if let Some(path) = profile {
        files.push(("profile.toml".to_owned(), read(path)));
    }
    for path in FILES.iter().map(PathBuf::from).filter(|path| path.exists()) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        files.push((name.unwrap_or_default(), read(&path)));
    }
    for unit in UNITS {
        files.push((format!("{unit}.log"), journal(unit).await));
    }
    files
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

async fn journal(unit: &str) -> Result<String, String> {
    let mut command = Command::new("journalctl");
    command.args(["--unit", unit, "--lines", LINES, "--no-pager", "--output", "short-iso-precise"]);
    command.kill_on_drop(true);
    let output = timeout(PATIENCE, command.output()).await;
    let output = output.map_err(|_| "journalctl did not end".to_owned())?;
    let output = output.map_err(|error| format!("journalctl: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if !output.status.success() {
        return Err(format!("journalctl: {}", text(&output.stderr).trim()));
    }
    let log = text(&output.stdout);
    if log.lines().all(|line| line.starts_with("-- ")) {
        return Err(format!("the journal has nothing of {unit}"));
    }
    Ok(log)
}
