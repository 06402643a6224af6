//! The table of the lifecycle, and the claims that a table does not make obvious.

use std::fmt::Write as _;

use super::{Action, AgentWork, Event, Failure, Lifecycle, Moment, Phase, Refusal, Rescue, Stage};
use super::{agent_work, step};
use crate::id::UserId;
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
        Phase::Commissioning | Phase::Testing | Phase::Deploying | Phase::Releasing | Phase::Rescue
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
        Event::Commission,
        Event::Allocate,
        Event::Deploy,
        Event::Release { erase: false },
        Event::Release { erase: true },
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
            let erase = if event == (Event::Release { erase: true }) { "+erase" } else { "" };
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
        (Event::Commission, Status::Commissioning),
        (Event::AgentStarted, Status::Commissioning),
        (Event::Inventoried { job: 1 }, Status::Ready),
        (Event::Allocate, Status::Allocated),
        (Event::Deploy, Status::Deploying),
        (Event::AgentStarted, Status::Deploying),
        (Event::Installed { job: 2 }, Status::Deploying),
        (Event::BootedDeployed, Status::Deployed),
        (Event::Release { erase: false }, Status::Releasing),
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

#[test]
fn a_machine_that_ran_when_it_was_made_known_is_new_after_its_release() {
    let running = Lifecycle::of_running();
    assert_eq!(Status::of(&running), Status::Deployed);
    assert_eq!(agent_work(&running), AgentWork::Reboot, "its disk is left alone");
    assert!(!running.netboot, "it boots from its own disk");
    let released = step(&running, &Event::Release { erase: false }, NOW).unwrap().next;
    let failed =
        step(&released, &Event::Timeout, Moment { now: Timestamp::from_unix_ms(u64::MAX), ..NOW });
    let again = step(&failed.unwrap().next, &Event::Release { erase: false }, NOW).unwrap().next;
    for released in [released, again] {
        let free = step(&released, &Event::PoweredOff, NOW).unwrap();
        assert_eq!((Status::of(&free.next), free.next.previous), (Status::New, None));
        assert_eq!(free.actions, [Action::ClearOwner]);
    }
    let erasing = step(&running, &Event::Release { erase: true }, NOW).unwrap().next;
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
