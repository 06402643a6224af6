//! The report as one HTML page without anything outside it.

use super::{Report, chart};
use crate::continuity::check::waits::Waits;
use crate::continuity::goal::Goal;
use crate::continuity::kind::Kind;
use crate::continuity::phase::Fared;
use crate::report::chart::escape;
use crate::report::page::STYLE;

/// The whole page.
pub(super) fn page(report: &Report) -> String {
    let Report { seed, ended, machine, clients, replay, seconds, .. } = report;
    let goals: String = report.goals.iter().map(goal).collect();
    let phases: String = report.phases.iter().map(row).collect();
    let deeds: String = report.phases.iter().map(section).collect();
    let kinds: String = Kind::ALL.iter().map(|kind| format!("<th>{}", kind.name())).collect();
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Ironraft continuity</title>\
         <style>{STYLE}</style>\n<h1>Continuity: {}</h1>\n\
         <p>{}. {}. Seed {seed}, ended {}, {seconds:.0} s. {}</p>\n<p><code>{}</code></p>\n\
         <h2>Goals</h2>\n<table><tr><th><th>goal<th>wanted<th>found\n{goals}</table>\n\
         <h2>Answers</h2>\n<p>How many clients of each kind were answered in a second. Red: a fault. Yellow: until all was well \
         again.</p>\n{}\
         <h2>The longest gaps, by kind of client</h2>\n<p>Seconds: the slowest client from its first question on; and the longest \
         time in which some asked and none was answered. Of DNS: for how long who asks once more had no answer.</p>\n\
         <table><tr><th>fault{kinds}\n{phases}</table>\n<h2>What was done</h2>\n{deeds}</html>\n",
        badge(report.is_met()),
        escape(&report.site()),
        escape(clients),
        escape(ended),
        escape(machine),
        escape(replay),
        chart::timeline(report),
    )
}

fn badge(met: bool) -> String {
    let (class, word) = if met { ("pass", "met") } else { ("fail", "MISSED") };
    format!("<span class=\"{class}\">{word}</span>")
}

fn goal(goal: &Goal) -> String {
    let lines: String =
        goal.contradictions.iter().map(|line| format!("<br>{}", escape(line))).collect();
    format!(
        "<tr><td>{}<td>{}{lines}<td class=\"n\">{}<td class=\"n\">{}\n",
        badge(goal.met),
        escape(&goal.claim),
        escape(&goal.wanted),
        escape(&goal.found)
    )
}

fn row(phase: &Fared) -> String {
    let cell = |kind: &Kind| {
        let Some(Waits { slowest_s, silence_s, .. }) = phase.waits.get(kind.name()) else {
            return "<td>".to_owned();
        };
        let gap = if *kind == Kind::Names { phase.names_gap_s } else { *silence_s };
        format!("<td class=\"n\">{slowest_s:.1} / {gap:.1}")
    };
    let cells: String = Kind::ALL.iter().map(cell).collect();
    format!("<tr><td>{}{cells}\n", escape(&phase.name))
}

fn section(phase: &Fared) -> String {
    let deeds: String = phase
        .deeds
        .iter()
        .map(|(at, what)| format!("<tr><td class=\"n\">{at:.1} s<td>{}\n", escape(what)))
        .collect();
    let failed =
        phase.failed.iter().map(|failed| format!("<p class=\"fail\">{}</p>", escape(failed)));
    format!(
        "<p><b>{}</b>: {:.1} s, and {:.1} s until all was well</p>\n<table>{deeds}</table>\n{}",
        escape(&phase.name),
        phase.undone_s - phase.from_s,
        phase.well_s - phase.undone_s,
        failed.collect::<String>()
    )
}
