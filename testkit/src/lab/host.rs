//! A host in a lab for somebody to work on by hand, with everything that a small site needs: addresses for three regions and
//! a rack, a network that servers boot in, and the servers.
//!
//! It has a network, processes and a `/var/lib` of its own, so that nothing of what is done there is left when it ends, and
//! nothing of it meets what runs beside it. Documents are written for it, and their tests run in it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use anyhow::Context;

use super::Lab;

/// The name of the host and of its namespace.
const NAME: &str = "host";
/// Where its shell starts, below the lab's folder, and its home.
const HOME: &str = "home";
/// Last bytes of the management addresses: three regions and a rack.
const MANAGEMENT: [u8; 4] = [1, 2, 3, 11];
/// Last byte of the rack's address in the network that servers boot in.
const ON_VLAN: u8 = 2;
/// Of the variables of whoever starts it, these mean something there.
const KEPT: &[&str] = &["TERM", "LANG", "LC_ALL", "COLORTERM"];

/// Makes the namespaces that no descriptor stands for, then runs what it is told.
const INSIDE: &str = "mount -t proc proc /proc && mount -t tmpfs tmpfs /var/lib && exec \"$@\"";

impl Lab {
    /// Adds the host and its addresses, and makes its home.
    ///
    /// # Errors
    /// When a link, an address or the folder cannot be made.
    pub fn add_host(&mut self) -> anyhow::Result<()> {
        let [first, others @ ..] = MANAGEMENT;
        self.network.add_node(NAME, Some(first), Some(ON_VLAN))?;
        let node = self.network.node(NAME)?;
        for host in others {
            let address = self.network.addresses().management(host).to_string();
            node.ip(&["address", "add", &address, "dev", "mgmt0"])?;
        }
        let home = self.home();
        std::fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))
    }

    /// The home of whoever works on the host.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.folder().join(HOME)
    }

    /// Starts a command on the host, at this terminal; programs are looked for in `programs` first.
    ///
    /// # Errors
    /// When there is no host or the command cannot be started.
    pub fn start_on_host(&self, programs: &[&Path], command: &[OsString]) -> anyhow::Result<Child> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let usual = std::env::split_paths(&path);
        let path =
            std::env::join_paths(programs.iter().map(|folder| folder.to_path_buf()).chain(usual))
                .context("a folder of programs")?;
        let mut inside = Command::new("unshare");
        inside.args(["--mount", "sh", "-c", INSIDE, "sh"]).args(command).current_dir(self.home());
        let kept = KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        inside.env_clear().envs(kept).env("PATH", path).env("HOME", self.home());
        let started = self.processes.spawn(self.network.node(NAME)?, &mut inside);
        started.context("cannot start the command")
    }
}
