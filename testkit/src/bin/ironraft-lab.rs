//! A shell in a lab: a host with addresses for three regions and a rack, and simulated servers to be managed. When the shell
//! ends, or this program is told to, so does all that runs there.

#![expect(clippy::print_stdout, reason = "it greets whoever gets the shell")]

use std::ffi::OsString;
use std::process::{Child, ExitCode, ExitStatus};
use std::sync::mpsc;
use std::thread;

use anyhow::Context;
use clap::Parser;
use nix::sys::signal::{SigSet, Signal};
use testkit::lab::Lab;
use testkit::lab::bmc::{FACTORY_PASSWORD, FACTORY_USER};

/// Have a shell on a host of its own, with two networks and simulated servers, which leaves nothing behind
#[derive(Debug, Parser)]
struct Arguments {
    /// How many servers there are; they are switched off
    #[arg(long, default_value_t = 1)]
    servers: u8,
    /// What is run in place of a shell
    #[arg(trailing_var_arg = true)]
    command: Vec<OsString>,
}

/// What ends a lab.
enum Ended {
    Shell(std::io::Result<ExitStatus>),
    By(Signal),
}

fn main() -> anyhow::Result<ExitCode> {
    let signals = signals()?;
    let Arguments { servers, mut command } = Arguments::parse();
    let program = std::env::current_exe().context("the folder of the programs")?;
    let programs = program.parent().context("the folder of the programs")?;
    let mut lab = Lab::create_apart()?;
    lab.add_host()?;
    for _ in 0..servers {
        lab.add_simulated_machine(&programs.join("ironraft-sim-machine"))?;
    }
    if command.is_empty() {
        println!("{}", greeting(&lab));
        command.push("bash".into());
    }
    let shell = lab.start_on_host(&[programs], &command)?;
    match end(shell, signals)? {
        Ended::Shell(status) => {
            let code = status.context("the shell")?.code().and_then(|code| u8::try_from(code).ok());
            Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
        }
        // The lab ends with this function, and with it all that runs there.
        Ended::By(signal) => {
            let code = u8::try_from(128 + signal as i32).unwrap_or(u8::MAX);
            Ok(ExitCode::from(code))
        }
    }
}

/// The signals that end a lab, which no thread of this process dies of. What it starts gets them as usual.
fn signals() -> anyhow::Result<SigSet> {
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        signals.add(signal);
    }
    signals.thread_block().context("cannot wait for signals")?;
    Ok(signals)
}

/// Waits until the shell ends, or a signal comes.
fn end(mut shell: Child, signals: SigSet) -> anyhow::Result<Ended> {
    let (ended, ends) = mpsc::channel();
    let of_shell = ended.clone();
    thread::spawn(move || of_shell.send(Ended::Shell(shell.wait())));
    thread::spawn(move || match signals.wait() {
        Ok(signal) => ended.send(Ended::By(signal)),
        Err(_) => Ok(()),
    });
    ends.recv().context("nobody waits for the shell")
}

fn greeting(lab: &Lab) -> String {
    let mut lines = vec![
        "This host has 10.0.0.1, 10.0.0.2 and 10.0.0.3 for regions, 10.0.0.11 for a rack, and 10.1.0.2 where servers boot."
            .to_owned(),
    ];
    for machine in lab.machines() {
        let (mac, address) = (&machine.mac, machine.bmc.address());
        lines.push(format!("The server {mac} has its BMC at {address}; switch it on:"));
        lines.push(format!(
            "  ipmitool -I lanplus -C 3 -H {address} -U {FACTORY_USER} -P {FACTORY_PASSWORD} power on"
        ));
    }
    lines.push("All of it ends with this shell.".to_owned());
    lines.join("\n")
}
