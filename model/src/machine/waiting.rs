//! What a machine waits for, since when, and what an operator can do about it: a pure function of what is known of it.
//!
//! The order of a network boot is the order of what is waited for: the rack that switches the machine, its first DHCP
//! packet, the boot program, the boot script, the agent, and what the agent does. What was seen last says how far it came.

use crate::machine::lifecycle::{Boot, Lifecycle, Phase, Stage};
use crate::machine::power::{PowerAction, PowerJob};
use crate::machine::status::Status;
use crate::time::Timestamp;

/// What is known of a machine.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Where it is in its life.
    pub lifecycle: &'a Lifecycle,
    /// When its present status began.
    pub since: Timestamp,
    /// The order to switch it, if one is open.
    pub job: Option<&'a PowerJob>,
    /// How far its boot was seen to come last, and when.
    pub boot: Option<(Boot, Timestamp)>,
    /// When its agent was heard last.
    pub heard: Option<Timestamp>,
}

/// What a machine waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitsFor {
    /// Nothing.
    Nothing,
    /// Somebody who decides what becomes of it: it failed, or is broken.
    Operator,
    /// A rack that reaches its BMC.
    Rack,
    /// The rack that switches it.
    PowerSwitch,
    /// Its first DHCP packet.
    Address,
    /// It has an address, and is to load a boot program.
    BootProgram,
    /// It has the boot program, and is to ask what to boot.
    BootScript,
    /// It loads the ephemeral system, whose agent is to report.
    Agent,
    /// What the agent does.
    AgentWork,
    /// It starts from its disk, and the system there is to report.
    DeployedSystem,
    /// That it is off.
    PowerOff,
    /// That it goes back to what it was before rescue mode.
    EndOfRescue,
}

/// What an operator can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Help {
    /// Have it examined.
    Commission,
    /// Take it although its tests failed.
    OverrideFailedTesting,
    /// Install an operating system.
    Deploy,
    /// Give it back.
    Release,
    /// Say that it works again.
    MarkFixed,
    /// Begin rescue mode again.
    RescueMode,
    /// End rescue mode.
    ExitRescueMode,
    /// End what goes on.
    Abort,
    /// Look at the racks.
    Racks,
    /// Have the power state asked for.
    QueryPower,
    /// Ask what DHCP would answer it.
    ExplainDhcp,
}

/// What a machine waits for, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// What for.
    pub what: WaitsFor,
    /// Since when.
    pub since: Timestamp,
    /// What would help, or comes next; none when there is nothing to do.
    pub help: Option<Help>,
}

/// What a machine waits for.
#[must_use]
pub fn waits_for(known: &Known<'_>) -> Wait {
    let state = known.lifecycle;
    let status = Status::of(state);
    let wait = |what, since| Wait { what, since, help: help(what, status) };
    if let Some(failure) = &state.failure {
        return wait(WaitsFor::Operator, failure.at);
    }
    // What only asks changes nothing.
    if let Some(job) = known.job.filter(|job| job.action != PowerAction::Query) {
        let what = if job.rack.is_some() { WaitsFor::PowerSwitch } else { WaitsFor::Rack };
        return wait(what, known.since.max(job.assigned));
    }
    match (state.phase, state.stage) {
        (
            Phase::Commissioning
            | Phase::Testing
            | Phase::Deploying
            | Phase::DiskErasing
            | Phase::Rescue,
            Stage::Waiting,
        ) => of_boot(known, status),
        (
            Phase::New
            | Phase::Commissioning
            | Phase::Testing
            | Phase::Deploying
            | Phase::DiskErasing,
            Stage::Working,
        ) => wait(WaitsFor::AgentWork, known.heard.map_or(known.since, |at| at.max(known.since))),
        (Phase::Deploying, Stage::Done) => wait(
            WaitsFor::DeployedSystem,
            known.heard.map_or(known.since, |at| at.max(known.since)),
        ),
        (Phase::Rescue, Stage::Done) => wait(WaitsFor::EndOfRescue, known.since),
        (Phase::Releasing, _)
        | (Phase::Commissioning | Phase::Testing | Phase::DiskErasing, Stage::Done) => {
            wait(WaitsFor::PowerOff, known.since)
        }
        (Phase::Broken, _) => wait(WaitsFor::Operator, known.since),
        (Phase::New, Stage::Waiting | Stage::Done)
        | (Phase::Rescue, Stage::Working)
        | (
            Phase::Ready
            | Phase::Allocated
            | Phase::Deployed
            | Phase::Reserved
            | Phase::Retired
            | Phase::Missing,
            _,
        ) => wait(WaitsFor::Nothing, known.since),
    }
}

/// Of a machine that boots from the network: what was seen before its present status began was another boot.
fn of_boot(known: &Known<'_>, status: Status) -> Wait {
    let seen = known.boot.filter(|(_, at)| *at >= known.since);
    let (what, since) = match seen {
        None => (WaitsFor::Address, known.since),
        Some((Boot::Power, at)) => (WaitsFor::Address, at),
        Some((Boot::Address, at)) => (WaitsFor::BootProgram, at),
        Some((Boot::Program, at)) => (WaitsFor::BootScript, at),
        Some((Boot::Script, at)) => (WaitsFor::Agent, at),
        Some((Boot::Agent, at)) => (WaitsFor::AgentWork, at),
    };
    Wait { what, since, help: help(what, status) }
}

fn help(what: WaitsFor, status: Status) -> Option<Help> {
    match what {
        WaitsFor::Operator | WaitsFor::Nothing => of_status(status),
        WaitsFor::Rack => Some(Help::Racks),
        WaitsFor::PowerSwitch | WaitsFor::PowerOff | WaitsFor::EndOfRescue => {
            Some(Help::QueryPower)
        }
        WaitsFor::Address | WaitsFor::BootProgram => Some(Help::ExplainDhcp),
        WaitsFor::BootScript | WaitsFor::Agent | WaitsFor::AgentWork | WaitsFor::DeployedSystem => {
            let can_abort = status != Status::EnteringRescueMode;
            let help = if can_abort { Help::Abort } else { Help::ExitRescueMode };
            Some(help).filter(|_| status != Status::New)
        }
    }
}

/// What comes next of a machine that waits for nothing by itself.
fn of_status(status: Status) -> Option<Help> {
    match status {
        Status::New | Status::FailedCommissioning => Some(Help::Commission),
        Status::FailedTesting => Some(Help::OverrideFailedTesting),
        Status::Ready | Status::Allocated => Some(Help::Deploy),
        Status::FailedDeployment | Status::FailedReleasing | Status::FailedDiskErasing => {
            Some(Help::Release)
        }
        Status::Broken => Some(Help::MarkFixed),
        Status::FailedEnteringRescueMode => Some(Help::RescueMode),
        Status::RescueMode | Status::FailedExitingRescueMode => Some(Help::ExitRescueMode),
        Status::Commissioning
        | Status::Missing
        | Status::Reserved
        | Status::Deployed
        | Status::Retired
        | Status::Deploying
        | Status::Releasing
        | Status::DiskErasing
        | Status::EnteringRescueMode
        | Status::ExitingRescueMode
        | Status::Testing => None,
    }
}

impl WaitsFor {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Operator => "operator",
            Self::Rack => "rack",
            Self::PowerSwitch => "power-switch",
            Self::Address => "address",
            Self::BootProgram => "boot-program",
            Self::BootScript => "boot-script",
            Self::Agent => "agent",
            Self::AgentWork => "agent-work",
            Self::DeployedSystem => "deployed-system",
            Self::PowerOff => "power-off",
            Self::EndOfRescue => "end-of-rescue",
        }
    }

    /// The same in a sentence.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Nothing => "It waits for nothing.",
            Self::Operator => "It waits for somebody to decide what becomes of it.",
            Self::Rack => "It waits for a rack that reaches its BMC.",
            Self::PowerSwitch => "A rack is switching it.",
            Self::Address => "It was switched, and has not asked for an address by DHCP since.",
            Self::BootProgram => "It has an address, and has not loaded a boot program since.",
            Self::BootScript => "It loaded a boot program, which has not asked what to boot since.",
            Self::Agent => "It was told what to boot, and the agent has not reported since.",
            Self::AgentWork => "The agent is at work.",
            Self::DeployedSystem => {
                "It starts from its disk, and the system there has not reported."
            }
            Self::PowerOff => "It is to be switched off, and nobody saw that it is.",
            Self::EndOfRescue => "It goes back to what it was before rescue mode.",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::machine::lifecycle::Failure;
    use crate::machine::power::parameters::PowerParameters;

    const PHASES: [Phase; 14] = [
        Phase::New,
        Phase::Commissioning,
        Phase::Testing,
        Phase::Ready,
        Phase::Allocated,
        Phase::Deploying,
        Phase::Deployed,
        Phase::Releasing,
        Phase::DiskErasing,
        Phase::Broken,
        Phase::Rescue,
        Phase::Reserved,
        Phase::Retired,
        Phase::Missing,
    ];

    fn at(unix_ms: u64) -> Timestamp {
        Timestamp::from_unix_ms(unix_ms)
    }

    fn job(rack: Option<&str>) -> PowerJob {
        PowerJob {
            machine: "abcdef".parse().unwrap(),
            id: 1,
            action: PowerAction::NetworkBoot,
            driver: "redfish".to_owned(),
            parameters: PowerParameters::default(),
            rack: rack.map(|rack| rack.parse().unwrap()),
            attempt: 1,
            assigned: at(20),
        }
    }

    /// Everything that makes a difference, of every phase and stage, without a row that is as the one before.
    #[test]
    fn table_of_phase_and_what_is_known() {
        let (none, given) = (job(None), job(Some("bcdefg")));
        let asked = PowerJob { action: PowerAction::Query, ..given.clone() };
        let situations = [
            ("", None, None, false),
            ("no rack", Some(&none), None, false),
            ("a rack", Some(&given), None, false),
            ("a question", Some(&asked), None, false),
            ("earlier boot", None, Some((Boot::Script, at(9))), false),
            ("address", None, Some((Boot::Address, at(30))), false),
            ("program", None, Some((Boot::Program, at(31))), false),
            ("script", None, Some((Boot::Script, at(32))), false),
            ("failed", Some(&given), Some((Boot::Script, at(32))), true),
        ];
        let mut table = String::new();
        for phase in PHASES {
            for stage in [Stage::Waiting, Stage::Working, Stage::Done] {
                for (name, job, boot, failed) in situations {
                    let failure = Failure { message: "no".to_owned(), at: at(50) };
                    let lifecycle = Lifecycle {
                        phase,
                        stage,
                        failure: failed.then_some(failure),
                        ..Lifecycle::default()
                    };
                    let (since, heard) = (at(10), Some(at(40)));
                    let known = Known { lifecycle: &lifecycle, since, job, boot, heard };
                    let Wait { what, since, help } = waits_for(&known);
                    let help = help.map_or_else(String::new, |help| format!("{help:?}"));
                    let _ = writeln!(
                        table,
                        "{phase:?} {stage:?} {name:12} {} since {} {help}",
                        what.name(),
                        since.unix_ms
                    );
                }
            }
        }
        insta::assert_snapshot!(table);
    }
}
