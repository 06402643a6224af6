//! One client in a namespace of its own, and what it says about itself by its hook.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail, ensure};
use nix::sys::signal::Signal;
use testkit::lab::Lab;
use testkit::lab::process::Process;
use testkit::lab::signs::Tail;
use testkit::wait::{PROCESS_STALL, wait_for};

use super::program::{INTERFACE, Program, Settings, dhclient_release};

/// What a client calls it when it has an address that it did not have.
const HAS: &[&str] = &["BOUND", "REBOOT", "bound"];
/// What it calls it when it goes on with its address.
const GOES_ON: &[&str] = &["RENEW", "REBIND", "renew"];
/// What it calls it when it ended its lease.
const ENDS: &[&str] = &["RELEASE", "STOPPED", "deconfig"];
/// What it calls it when its lease ended before it could go on.
const LOSES: &[&str] = &["EXPIRE", "deconfig"];

/// Something that happened to a client.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    line: String,
}

impl Event {
    /// A field of the hook's line; empty when the client was not told it.
    pub(crate) fn field(&self, name: &str) -> &str {
        let fields = self.line.split('\t').filter_map(|field| field.split_once('='));
        fields
            .filter(|(found, _)| *found == name)
            .map(|(_, value)| value)
            .next()
            .unwrap_or_default()
    }

    /// The client's address.
    pub(crate) fn address(&self) -> anyhow::Result<Ipv4Addr> {
        self.field("address").parse().with_context(|| format!("no address in `{}`", self.line))
    }

    /// The server that it has the address from.
    pub(crate) fn server(&self) -> anyhow::Result<Ipv4Addr> {
        self.field("server").parse().with_context(|| format!("no server in `{}`", self.line))
    }
}

/// A client.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) name: String,
    pub(crate) mac: String,
    pub(crate) program: Program,
    folder: PathBuf,
    process: Option<Process>,
    /// How many lines of the hook are known.
    seen: usize,
}

impl Client {
    /// Adds a client to a link of the lab; it does not run yet.
    pub(crate) fn add(
        lab: &mut Lab,
        program: Program,
        number: u8,
        link: &str,
    ) -> anyhow::Result<Self> {
        let name = format!("c{number}");
        let mac = format!("52:54:00:98:00:{number:02x}");
        lab.network_mut().add_node(&name, None, None)?;
        lab.network().connect(&name, link, INTERFACE)?;
        let node = lab.network().node(&name)?;
        node.ip(&["link", "set", INTERFACE, "address", &mac])?;
        let folder = lab.folder().join(&name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { name, mac, program, folder, process: None, seen: 0 })
    }

    /// Starts it.
    pub(crate) fn start(&mut self, lab: &Lab, settings: &Settings<'_>) -> anyhow::Result<()> {
        ensure!(self.process.is_none(), "{} runs already", self.name);
        let command = self.program.command(&self.folder, settings)?;
        self.process = Some(self.run(lab, command)?);
        Ok(())
    }

    fn run(&self, lab: &Lab, command: Command) -> anyhow::Result<Process> {
        let log = format!("{}-{}", self.name, self.program.name());
        lab.start_process(&self.name, &log, command)
    }

    /// Ends it without a word to anybody, as a power cut does, and takes its address from the interface.
    pub(crate) fn cut(&mut self, lab: &Lab) -> anyhow::Result<()> {
        let mut process =
            self.process.take().with_context(|| format!("{} does not run", self.name))?;
        process.kill()?;
        lab.network().node(&self.name)?.ip(&["address", "flush", "dev", INTERFACE])?;
        self.seen = self.lines()?.len();
        Ok(())
    }

    /// Removes what it remembers: its file of leases.
    pub(crate) fn forget(&self) -> anyhow::Result<()> {
        for file in ["leases", "eth0.lease"] {
            let path = self.folder.join(file);
            if path.exists() {
                fs::remove_file(&path)
                    .with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
        Ok(())
    }

    /// From now on it finds that somebody else uses an address.
    pub(crate) fn refuse(&self, address: Ipv4Addr) -> anyhow::Result<()> {
        fs::write(self.folder.join("refused"), format!("{address}\n"))
            .context("cannot write `refused`")
    }

    /// Makes it renew now.
    pub(crate) fn renew(&self) -> anyhow::Result<()> {
        let signal = self.program.renews_at();
        self.signal(signal.with_context(|| format!("{} renews in its own time", self.name))?)
    }

    /// The address that it was told last.
    pub(crate) fn address(&self) -> anyhow::Result<Ipv4Addr> {
        let mut lines = self.lines()?.into_iter().rev().map(|line| Event { line });
        let told = lines.find(|event| !event.field("address").is_empty());
        told.with_context(|| format!("{} was told no address", self.name))?.address()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let process =
            self.process.as_ref().with_context(|| format!("{} does not run", self.name))?;
        process.signal(signal)
    }

    /// Lets it give its address back, and ends it.
    pub(crate) async fn release(&mut self, lab: &Lab) -> anyhow::Result<()> {
        match self.program.releases_at() {
            Some(signal) => self.signal(signal)?,
            None => {
                if let Some(mut process) = self.process.take() {
                    process.kill()?;
                }
                self.process = Some(self.run(lab, dhclient_release(&self.folder))?);
            }
        }
        self.next(ENDS).await?;
        if let Some(mut process) = self.process.take() {
            process.kill()?;
        }
        Ok(())
    }

    /// Waits until it has an address that it did not have.
    pub(crate) async fn has_address(&mut self) -> anyhow::Result<Event> {
        self.next(HAS).await
    }

    /// Waits until it goes on with its address.
    pub(crate) async fn goes_on(&mut self) -> anyhow::Result<Event> {
        self.next(GOES_ON).await
    }

    /// Waits until its lease has ended before it could go on with it.
    pub(crate) async fn loses_address(&mut self) -> anyhow::Result<Event> {
        self.next(LOSES).await
    }

    /// Waits until its hook says something of this kind.
    pub(crate) async fn next(&mut self, reasons: &[&str]) -> anyhow::Result<Event> {
        let what = format!("{} ({}) says {}", self.name, self.program.name(), reasons.join(" or "));
        let process =
            self.process.as_mut().with_context(|| format!("{} does not run", self.name))?;
        let mut log = Tail::new("its log", process.log());
        let (mut seen, folder) = (self.seen, self.folder.clone());
        let found = wait_for(&what, PROCESS_STALL, async |signs| {
            log.see(signs);
            let ended = process.ended()?;
            for line in lines_of(&folder)?.split_off(seen) {
                seen += 1;
                signs.see("hook", &line);
                let event = Event { line };
                if reasons.contains(&event.field("reason")) {
                    return Ok(Some(Ok(event)));
                }
            }
            Ok(ended.map(Err))
        })
        .await;
        self.seen = seen;
        match found {
            Ok(Ok(event)) => Ok(event),
            Ok(Err(status)) => bail!("{what}: it ended with {status}: {}", process.log_tail()),
            Err(error) => {
                Err(error.context(format!("log of {}: {}", self.name, process.log_tail())))
            }
        }
    }

    fn lines(&self) -> anyhow::Result<Vec<String>> {
        lines_of(&self.folder)
    }
}

/// The lines that a hook has written whole.
fn lines_of(folder: &std::path::Path) -> anyhow::Result<Vec<String>> {
    let file = folder.join("events");
    if !file.exists() {
        return Ok(Vec::new());
    }
    let text =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    Ok(whole.lines().map(str::to_owned).collect())
}
