//! A shell in a lab: a host with addresses for three regions and a rack, and simulated servers to be managed. When the shell
//! ends, so does all that runs there.

#![expect(clippy::print_stdout, reason = "it greets whoever gets the shell")]

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
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

fn main() -> anyhow::Result<ExitCode> {
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
    let ended = lab.start_on_host(&[programs], &command)?.wait().context("the shell")?;
    let code = ended.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
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
