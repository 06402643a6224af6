//! The table of the lifecycle, and the claims that a table does not make obvious.

use std::fmt::Write as _;

use super::{
    Action, AgentWork, Boot, Event, Failure, Kept, Lifecycle, Moment, Phase, Refusal, Rescue, Stage,
};
use super::{agent_work, step};
use crate::id::UserId;
use crate::machine::erasure::Erasure;
use crate::machine::status::Status;
use crate::time::Timestamp;

const NOW: Moment = Moment { now: Timestamp::from_unix_ms(1_000), node_timeout_ms: 100 };
const JOB: u64 = 7;

fn state(phase: Phase, stage: Stage, failed: bool) -> Lifecycle {
    let failure = failed.then(|| Failure { message: "x".to_owned(), at: Timestamp::default() });
    let netboot =
        !(phase == Phase::Deployed || (phase == Phase::Deploying && stage == Stage::Done));
    let timed = matches!(
        phase,
        Phase::Commissioning
            | Phase::Testing
            | Phase::Deploying
            | Phase::Releasing
            | Phase::DiskErasing
            | Phase::Rescue
    );
    let deadline = (timed && !failed).then(|| Timestamp::from_unix_ms(500));
    Lifecycle {
        phase,
        stage,
        failure,
        previous: None,
        deadline,
        job: JOB,
        netboot,
        in_memory: false,
        keeps: Kept::default(),
        reached: None,
        erasure: None,
        progress: String::new(),
        rescue: (phase == Phase::Rescue).then(|| Box::new(rescue_of_ready())),
        since: None,
    }
}

fn rescue_of_ready() -> Rescue {
    Rescue {
        phase: Phase::Ready,
        stage: Stage::Done,
        failure: None,
        previous: None,
        netboot: true,
        was_on: false,
        user: UserId(1),
    }
}

fn states() -> Vec<Lifecycle> {
    use Phase::{
        Allocated, Broken, Commissioning, Deployed, Deploying, DiskErasing, Missing, New, Ready,
        Releasing, Rescue, Reserved, Retired, Testing,
    };
    use Stage::{Done, Waiting, Working};
    [
        (New, Waiting, false),
        (New, Done, false),
        (Commissioning, Waiting, false),
        (Commissioning, Working, false),
        (Commissioning, Working, true),
        (Testing, Working, false),
        (Testing, Working, true),
        (Ready, Done, false),
        (Allocated, Done, false),
        (Deploying, Waiting, false),
        (Deploying, Working, false),
        (Deploying, Done, false),
        (Deploying, Working, true),
        (Deployed, Done, false),
        (Releasing, Done, false),
        (Releasing, Done, true),
        (DiskErasing, Waiting, false),
        (DiskErasing, Working, false),
        (DiskErasing, Working, true),
        (Broken, Done, true),
        (Rescue, Waiting, false),
        (Rescue, Working, false),
        (Rescue, Done, false),
        (Rescue, Waiting, true),
        (Rescue, Done, true),
        (Reserved, Done, false),
        (Retired, Done, false),
        (Missing, Done, false),
    ]
    .into_iter()
    .map(|(phase, stage, failed)| state(phase, stage, failed))
    .collect()
}

fn events() -> Vec<Event> {
    let message = || "why".to_owned();
    vec![
        Event::Commission { keeps: Kept::default() },
        Event::Allocate,
        Event::Deploy { in_memory: false },
        Event::Release { erase: None },
        Event::Release { erase: Some(Erasure::QUICK) },
        Event::Abort,
        Event::MarkBroken { message: message() },
        Event::MarkFixed,
        Event::OverrideFailedTesting,
        Event::EnterRescue { was_on: true, user: UserId(1) },
        Event::ExitRescue,
        Event::AgentStarted,
        Event::Progress { job: JOB, message: message() },
        Event::Inventoried { job: JOB },
        Event::Installed { job: JOB },
        Event::Erased { job: JOB },
        Event::AgentFailed { job: JOB, message: message() },
        Event::Booting { reached: Boot::Script },
        Event::SystemProgress { message: message() },
        Event::BootedDeployed,
        Event::BootFailed { message: message() },
        Event::PoweredOff,
        Event::PoweredOn,
        Event::PowerFailed { message: message() },
        Event::Timeout,
    ]
}

fn name(state: &Lifecycle) -> String {
    format!("{} [{:?}]", Status::of(state).name(), state.stage)
}

#[test]
fn table_of_status_and_event() {
    let mut table = String::new();
    for state in states() {
        let _ = writeln!(table, "{} (agent: {:?})", name(&state), agent_work(&state));
        for event in events() {
            let label = format!("{event:?}");
            let label = label.split(" { ").next().unwrap_or_default();
            let erase = if event == (Event::Release { erase: Some(Erasure::QUICK) }) {
                "+erase"
            } else {
                ""
            };
            match step(&state, &event, NOW) {
                Err(Refusal::WrongStatus { .. } | Refusal::NotDue | Refusal::StaleJob { .. }) => {}
                Ok(step) if step.next == state && step.actions.is_empty() => {
                    let _ = writeln!(table, "    {label}{erase}: no effect");
                }
                Ok(step) => {
                    let next = &step.next;
                    let boot = if next.netboot { "ephemeral" } else { "disk" };
                    let timer = if next.deadline.is_some() { " timer" } else { "" };
                    let _ = writeln!(
                        table,
                        "    {label}{erase}: {} job+{} boots {boot}{timer} {:?}",
                        name(next),
                        next.job - state.job,
                        step.actions,
                    );
                }
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn report_of_another_job_is_stale_in_every_state() {
    for state in states() {
        for event in [
            Event::Inventoried { job: 6 },
            Event::Installed { job: 6 },
            Event::Erased { job: 6 },
            Event::AgentFailed { job: 6, message: String::new() },
            Event::Progress { job: 6, message: String::new() },
        ] {
            let stale = Refusal::StaleJob { reported: 6, present: JOB };
            assert_eq!(step(&state, &event, NOW), Err(stale), "{}", name(&state));
        }
    }
}

#[test]
fn repeated_report_has_no_further_effect() {
    for state in states() {
        for event in events() {
            let repeatable = matches!(
                event,
                Event::Inventoried { .. }
                    | Event::Installed { .. }
                    | Event::Erased { .. }
                    | Event::AgentFailed { .. }
                    | Event::Progress { .. }
                    | Event::BootedDeployed
                    | Event::PoweredOff
                    | Event::PoweredOn
            );
            let Ok(first) = step(&state, &event, NOW) else { continue };
            if repeatable {
                let second = step(&first.next, &event, NOW).expect("a repeat is accepted");
                assert_eq!(second.next, first.next, "{} {event:?}", name(&state));
                assert!(second.actions.is_empty(), "{} {event:?}", name(&state));
            }
        }
    }
}

#[test]
fn whole_life_leads_back_to_ready() {
    let mut now = state(Phase::New, Stage::Done, false);
    now.job = 0;
    for (event, status) in [
        (Event::Commission { keeps: Kept::default() }, Status::Commissioning),
        (Event::AgentStarted, Status::Commissioning),
        (Event::Inventoried { job: 1 }, Status::Ready),
        (Event::Allocate, Status::Allocated),
        (Event::Deploy { in_memory: false }, Status::Deploying),
        (Event::AgentStarted, Status::Deploying),
        (Event::Installed { job: 2 }, Status::Deploying),
        (Event::BootedDeployed, Status::Deployed),
        (Event::Release { erase: None }, Status::Releasing),
        (Event::PoweredOff, Status::Ready),
    ] {
        now = step(&now, &event, NOW).expect("the straight road is open").next;
        assert_eq!(Status::of(&now), status, "after {event:?}");
    }
}

#[test]
fn only_the_installed_system_itself_ends_a_deployment() {
    let installing = state(Phase::Deploying, Stage::Working, false);
    assert!(step(&installing, &Event::BootedDeployed, NOW).is_err());
    let installed = state(Phase::Deploying, Stage::Done, false);
    assert_eq!(agent_work(&installed), AgentWork::Reboot);
    assert!(step(&installed, &Event::BootedDeployed, NOW).is_ok());
}

#[test]
fn deadline_that_has_not_passed_does_not_fail_the_machine() {
    let mut waiting = state(Phase::Commissioning, Stage::Waiting, false);
    waiting.deadline = Some(Timestamp::from_unix_ms(1_001));
    assert_eq!(step(&waiting, &Event::Timeout, NOW), Err(Refusal::NotDue));
    waiting.deadline = Some(Timestamp::from_unix_ms(1_000));
    let failed = step(&waiting, &Event::Timeout, NOW).expect("due").next;
    assert_eq!(Status::of(&failed), Status::FailedCommissioning);
}

/// When the phase times out after an event at a time; nothing else may have changed the deadline.
fn deadline_after(state: &mut Lifecycle, event: &Event, now: u64) -> u64 {
    let at = Moment { now: Timestamp::from_unix_ms(now), ..NOW };
    *state = step(state, event, at).expect("the road is open").next;
    state.deadline.expect("the phase has one").unix_ms
}

#[test]
fn what_was_not_seen_before_is_progress_and_moves_the_deadline() {
    let progress = |message: &str| Event::Progress { job: JOB + 1, message: message.to_owned() };
    let booting = |reached| Event::Booting { reached };
    let before_the_agent = [
        (Event::PoweredOn, true),
        (Event::PoweredOn, false),
        (booting(Boot::Address), true),
        (booting(Boot::Script), true),
        // The machine boots again and again.
        (booting(Boot::Program), false),
        (booting(Boot::Script), false),
        (Event::AgentStarted, true),
        (Event::AgentStarted, false),
        (booting(Boot::Script), false),
        (progress("unpacking image (1 of 9 MiB)"), true),
        (progress("unpacking image (1 of 9 MiB)"), false),
        (progress("unpacking image (2 of 9 MiB)"), true),
    ];
    let after_the_agent = [
        (Event::Installed { job: JOB + 1 }, true),
        (Event::Installed { job: JOB + 1 }, false),
        (booting(Boot::Script), true),
        (booting(Boot::Script), false),
        (Event::SystemProgress { message: "searching".to_owned() }, true),
        (Event::SystemProgress { message: "searching".to_owned() }, false),
    ];
    let mut deploying = step(
        &state(Phase::Allocated, Stage::Done, false),
        &Event::Deploy { in_memory: false },
        NOW,
    )
    .expect("it can be deployed")
    .next;
    let mut before = deploying.deadline.expect("the phase has one").unix_ms;
    assert_eq!(before, 1_100);
    for (number, (event, is_progress)) in (0..).zip(before_the_agent.iter().chain(&after_the_agent))
    {
        let now = 1_001 + number;
        let after = deadline_after(&mut deploying, event, now);
        assert_eq!(after, if *is_progress { now + 100 } else { before }, "{number}: {event:?}");
        before = after;
    }
    let (deployed, _) = through(&deploying, &[Event::BootedDeployed]);
    assert_eq!((deployed.deadline, deployed.reached), (None, None));
}

#[test]
fn a_machine_that_makes_no_progress_fails_with_what_it_did_last() {
    let erase = Event::Release { erase: Some(Erasure::QUICK) };
    let message = "erasing sda in full (40 %, 4 of 10 bytes)".to_owned();
    let deployed = state(Phase::Deployed, Stage::Done, false);
    let progress = Event::Progress { job: JOB + 1, message };
    let (erasing, _) = through(&deployed, &[erase, Event::AgentStarted, progress]);
    let late = Moment { now: Timestamp::from_unix_ms(1_100), ..NOW };
    let failed = step(&erasing, &Event::Timeout, late).expect("due").next;
    assert_eq!(Status::of(&failed), Status::FailedDiskErasing);
    assert_eq!(
        failed.failure.expect("it failed").message,
        "Disk erasing: no progress before the deadline; last was: erasing sda in full (40 %, 4 of 10 bytes)"
    );
}

#[test]
fn how_disks_are_erased_is_kept_through_restarts_until_the_machine_is_given_back() {
    let in_full = Erasure { secure: true, quick: false };
    let erase = Event::Release { erase: Some(in_full) };
    let deployed = state(Phase::Deployed, Stage::Done, false);
    // It loses power, and boots again: the agent gets the same job.
    let restart = [Event::Booting { reached: Boot::Script }, Event::AgentStarted];
    let (erasing, _) = through(&deployed, &[&[erase, Event::AgentStarted][..], &restart].concat());
    assert_eq!((erasing.erasure, agent_work(&erasing)), (Some(in_full), AgentWork::Erase));
    assert_eq!(erasing.job, JOB + 1);
    let job = erasing.job;
    let (free, _) = through(&erasing, &[Event::Erased { job }]);
    assert_eq!((Status::of(&free), free.erasure), (Status::Ready, None));
    let message = "disk sdb: cannot be written".to_owned();
    let (failed, _) = through(&erasing, &[Event::AgentFailed { job, message }]);
    assert_eq!(Status::of(&failed), Status::FailedDiskErasing);
    let (again, _) = through(&failed, &[Event::Release { erase: Some(Erasure::QUICK) }]);
    assert_eq!((again.erasure, again.job), (Some(Erasure::QUICK), job + 1));
    let (without, _) = through(&failed, &[Event::Release { erase: None }]);
    assert_eq!((Status::of(&without), without.erasure), (Status::Releasing, None));
}

#[test]
fn what_commissioning_keeps_is_known_until_it_is_over() {
    let keeps = Kept { storage: true, networking: false };
    let ready = state(Phase::Ready, Stage::Done, false);
    let (examined, _) = through(&ready, &[Event::Commission { keeps }, Event::AgentStarted]);
    assert_eq!(examined.keeps, keeps);
    let (over, _) = through(&examined, &[Event::Inventoried { job: examined.job }]);
    assert_eq!((Status::of(&over), over.keeps), (Status::Ready, Kept::default()));
}

#[test]
fn a_machine_that_ran_when_it_was_made_known_is_new_after_its_release() {
    let running = Lifecycle::of_running();
    assert_eq!(Status::of(&running), Status::Deployed);
    assert_eq!(agent_work(&running), AgentWork::Reboot, "its disk is left alone");
    assert!(!running.netboot, "it boots from its own disk");
    let released = step(&running, &Event::Release { erase: None }, NOW).unwrap().next;
    let failed =
        step(&released, &Event::Timeout, Moment { now: Timestamp::from_unix_ms(u64::MAX), ..NOW });
    let again = step(&failed.unwrap().next, &Event::Release { erase: None }, NOW).unwrap().next;
    for released in [released, again] {
        let free = step(&released, &Event::PoweredOff, NOW).unwrap();
        assert_eq!((Status::of(&free.next), free.next.previous), (Status::New, None));
        assert_eq!(free.actions, [Action::ClearOwner]);
    }
    let erasing =
        step(&running, &Event::Release { erase: Some(Erasure::QUICK) }, NOW).unwrap().next;
    let erased = step(&erasing, &Event::Erased { job: erasing.job }, NOW).unwrap().next;
    assert_eq!(Status::of(&erased), Status::New);
}

#[test]
fn tests_that_failed_are_overridden_back_to_where_the_machine_was() {
    for (previous, back) in [(Phase::Deployed, Status::Deployed), (Phase::Ready, Status::Ready)] {
        let failed =
            Lifecycle { previous: Some(previous), ..state(Phase::Testing, Stage::Working, true) };
        let step = step(&failed, &Event::OverrideFailedTesting, NOW).unwrap();
        assert_eq!((Status::of(&step.next), step.actions.as_slice()), (back, [].as_slice()));
        assert_eq!(step.next.netboot, back == Status::Ready);
    }
}

/// Goes through events from a state; returns where they lead and the last actions.
fn through(from: &Lifecycle, events: &[Event]) -> (Lifecycle, Vec<Action>) {
    let mut now = (from.clone(), Vec::new());
    for event in events {
        let step = step(&now.0, event, NOW).expect("the road is open");
        now = (step.next, step.actions);
    }
    now
}

#[test]
fn rescue_mode_leads_back_to_what_the_machine_was_and_to_its_power() {
    let (job, message) = (JOB + 1, "ready".to_owned());
    let into = |was_on| {
        let enter = Event::EnterRescue { was_on, user: UserId(5) };
        let there = Event::Progress { job, message: message.clone() };
        [enter, Event::AgentStarted, there]
    };
    let broken = Lifecycle {
        previous: Some(Phase::Deployed),
        netboot: false,
        ..state(Phase::Broken, Stage::Done, true)
    };
    for (before, was_on, action) in [
        (state(Phase::Deployed, Stage::Done, false), true, Action::DiskBoot),
        (state(Phase::Deployed, Stage::Done, false), false, Action::PowerOff),
        (state(Phase::Ready, Stage::Done, false), true, Action::PowerOff),
        (broken, true, Action::DiskBoot),
        (state(Phase::Testing, Stage::Working, true), false, Action::PowerOff),
    ] {
        let (there, _) = through(&before, &into(was_on));
        assert_eq!(
            (Status::of(&there), there.deadline),
            (Status::RescueMode, None),
            "no end of it"
        );
        assert!(there.netboot && agent_work(&there) == AgentWork::Rescue);
        let (leaving, actions) = through(&there, &[Event::ExitRescue]);
        assert_eq!((Status::of(&leaving), actions), (Status::ExitingRescueMode, vec![action]));
        assert!(leaving.deadline.is_some());
        let (mut other, mut last) = (Event::PoweredOn, Event::PoweredOff);
        if action == Action::DiskBoot {
            std::mem::swap(&mut other, &mut last);
        }
        assert_eq!(through(&leaving, &[other]).0, leaving);
        let (back, actions) = through(&leaving, &[last]);
        assert_eq!(actions, []);
        let expected =
            Lifecycle { job: back.job, since: back.since, deadline: None, ..before.clone() };
        assert_eq!(back, expected, "from {}", name(&before));
        assert!(back.job > before.job, "late reports are recognised");
    }
}

#[test]
fn rescue_mode_that_is_not_reached_or_not_left_is_a_failure_from_which_there_is_a_way() {
    let deployed = state(Phase::Deployed, Stage::Done, false);
    let enter = Event::EnterRescue { was_on: true, user: UserId(5) };
    let late = Moment { now: Timestamp::from_unix_ms(10_000_000), ..NOW };
    let failed = |from: &Lifecycle, event: Event| step(from, &event, late).unwrap().next;
    let (entering, _) = through(&deployed, std::slice::from_ref(&enter));
    let broken = "no bmc".to_owned();
    for event in [
        Event::Timeout,
        Event::PowerFailed { message: broken.clone() },
        Event::AgentFailed { job: JOB + 1, message: "no ssh".to_owned() },
    ] {
        let outside = failed(&entering, event);
        assert_eq!(Status::of(&outside), Status::FailedEnteringRescueMode);
        assert!(!outside.netboot, "what is deployed is still there");
        let (again, _) = through(&outside, std::slice::from_ref(&enter));
        assert_eq!(Status::of(&again), Status::EnteringRescueMode);
        let (back, _) = through(&again, &[Event::ExitRescue, Event::PoweredOn]);
        assert_eq!(Status::of(&back), Status::Deployed);
        let marked = through(&outside, &[Event::MarkBroken { message: String::new() }]).0;
        assert_eq!(Status::of(&through(&marked, &[Event::MarkFixed]).0), Status::Deployed);
    }
    let (leaving, _) = through(&entering, &[Event::ExitRescue]);
    for event in [Event::Timeout, Event::PowerFailed { message: broken }] {
        let inside = failed(&leaving, event);
        assert_eq!(Status::of(&inside), Status::FailedExitingRescueMode);
        let (back, _) = through(&inside, &[Event::ExitRescue, Event::PoweredOn]);
        assert_eq!(Status::of(&back), Status::Deployed);
    }
}

/// A machine whose deployed system runs in memory.
fn in_memory() -> Lifecycle {
    let allocated = state(Phase::Allocated, Stage::Done, false);
    let job = JOB + 1;
    let road = [
        Event::Deploy { in_memory: true },
        Event::AgentStarted,
        Event::Installed { job },
        Event::BootedDeployed,
    ];
    through(&allocated, &road).0
}

#[test]
fn a_system_in_memory_is_started_by_every_boot_until_the_machine_is_given_back() {
    let job = JOB + 1;
    let allocated = state(Phase::Allocated, Stage::Done, false);
    let (deploying, _) =
        through(&allocated, &[Event::Deploy { in_memory: true }, Event::AgentStarted]);
    assert_eq!(agent_work(&deploying), AgentWork::RunInMemory);
    assert!(step(&deploying, &Event::BootedDeployed, NOW).is_err(), "nothing was started yet");
    let (started, _) = through(&deploying, &[Event::Installed { job }]);
    assert_eq!(
        (Status::of(&started), started.stage, started.netboot),
        (Status::Deploying, Stage::Done, true)
    );
    // What was on its way, and a restart before the system reached anybody.
    let late = Event::Progress { job, message: "unpacking".to_owned() };
    let (started, _) = through(&started, &[late, Event::AgentStarted]);
    assert_eq!((started.stage, agent_work(&started)), (Stage::Done, AgentWork::RunInMemory));
    let (deployed, _) = through(&started, &[Event::BootedDeployed]);
    assert_eq!(deployed, in_memory());
    assert!(deployed.netboot && deployed.in_memory);

    for event in [
        Event::AgentStarted,
        Event::Progress { job, message: "unpacking".to_owned() },
        Event::Installed { job },
        Event::AgentFailed { job, message: "no image".to_owned() },
        Event::BootedDeployed,
    ] {
        let next = step(&deployed, &event, NOW).expect("any time").next;
        assert_eq!(next, deployed, "a later boot changes nothing: {event:?}");
    }
    let (released, _) = through(&deployed, &[Event::Release { erase: None }]);
    assert_eq!((released.in_memory, agent_work(&released)), (false, AgentWork::PowerOff));
    let again = through(&released, &[Event::PoweredOff, Event::Deploy { in_memory: false }]).0;
    assert_eq!(agent_work(&again), AgentWork::Install);
    let failed =
        through(&deploying, &[Event::AgentFailed { job, message: "too big".to_owned() }]).0;
    assert_eq!(
        (Status::of(&failed), agent_work(&failed)),
        (Status::FailedDeployment, AgentWork::PowerOff)
    );
}

#[test]
fn a_system_in_memory_is_started_after_rescue_mode_and_while_the_machine_is_marked_broken() {
    let deployed = in_memory();
    let (broken, actions) = through(&deployed, &[Event::MarkBroken { message: String::new() }]);
    assert_eq!((Status::of(&broken), actions, broken.netboot), (Status::Broken, vec![], true));
    assert_eq!(agent_work(&broken), AgentWork::RunInMemory);
    let (fixed, _) = through(&broken, &[Event::MarkFixed]);
    assert_eq!(
        (Status::of(&fixed), agent_work(&fixed)),
        (Status::Deployed, AgentWork::RunInMemory)
    );
    for before in [deployed, broken] {
        for was_on in [true, false] {
            let enter = Event::EnterRescue { was_on, user: UserId(1) };
            let (there, _) = through(&before, &[enter, Event::AgentStarted]);
            assert_eq!(agent_work(&there), AgentWork::Rescue);
            let (leaving, actions) = through(&there, &[Event::ExitRescue]);
            let (action, last) = if was_on {
                (Action::DiskBoot, Event::PoweredOn)
            } else {
                (Action::PowerOff, Event::PoweredOff)
            };
            assert_eq!(actions, [action]);
            let (back, _) = through(&leaving, &[last]);
            let expected = Lifecycle { job: back.job, since: back.since, ..before.clone() };
            assert_eq!(back, expected);
        }
    }
}
