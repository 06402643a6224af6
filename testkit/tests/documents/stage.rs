//! What is there before a document is tried: scripts that make it on a host of the lab, each on top of others.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::lab::slot::home;
use testkit::site::binaries;

/// What every script begins with.
const HEAD: &str = include_str!("stages/head.sh");
const REGION: &str = include_str!("stages/region.sh");
const REGIONS: &str = include_str!("stages/regions.sh");
const RACK: &str = include_str!("stages/rack.sh");
const MACHINE: &str = include_str!("stages/machine.sh");
const PROVIDER: &str = include_str!("stages/provider.sh");

/// Something to begin with.
#[derive(Debug)]
pub(crate) struct Stage {
    /// What a document's mark calls it.
    pub(crate) name: &'static str,
    /// How many servers the lab has, switched off unless a script switches them on.
    servers: u8,
    scripts: &'static [&'static str],
}

/// Every stage, the smallest first.
pub(crate) const STAGES: &[Stage] = &[
    Stage { name: "a host", servers: 0, scripts: &[] },
    Stage { name: "a host and a server", servers: 1, scripts: &[] },
    Stage { name: "a region", servers: 0, scripts: &[REGION] },
    Stage { name: "three regions", servers: 0, scripts: &[REGION, REGIONS] },
    Stage { name: "three regions and a server", servers: 1, scripts: &[REGION, REGIONS] },
    Stage { name: "a region and a provider", servers: 0, scripts: &[PROVIDER, REGION] },
    Stage { name: "a rack", servers: 0, scripts: &[REGION, RACK] },
    Stage { name: "a machine", servers: 1, scripts: &[REGION, RACK, MACHINE] },
];

impl Stage {
    /// Runs a script behind what makes this stage; what it printed, with the logs of its nodes, when it failed.
    pub(crate) fn failure(&self, script: &str) -> Option<String> {
        let whole = format!("{HEAD}\n{}\nset -x\n{script}", self.scripts.join("\n"));
        let programs = binaries().expect("the programs are built");
        let mut lab = Command::new(programs.join("ironraft-lab"));
        lab.args(["--servers", &self.servers.to_string(), "--", "bash", "-c", &whole]);
        lab.env("PATH", path(&programs)).stdin(std::process::Stdio::null());
        let output = lab.output().expect("the lab starts");
        let printed = [output.stdout, output.stderr].concat();
        (!output.status.success()).then(|| String::from_utf8_lossy(&printed).into_owned())
    }
}

/// Where the tools that documents use are: this project's, and clients that others made.
fn path(programs: &Path) -> OsString {
    let clients = home().expect("a home").join(".cache/ironraft/maas-clients/bin");
    let usual = std::env::var_os("PATH").unwrap_or_default();
    let folders = [programs.to_owned()].into_iter().chain(std::env::split_paths(&usual));
    std::env::join_paths(folders.chain([clients]).collect::<Vec<PathBuf>>()).expect("a path")
}
