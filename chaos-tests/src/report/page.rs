//! The report as one HTML page without anything outside it.

use super::chart::{self, escape};
use super::{Report, longest_gap_ms, replay, word};
use crate::scenario::{Outcome, Verdict};

/// How pages look.
pub(crate) const STYLE: &str = "body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:64rem;\
padding:0 1rem;color:#1c2330}h1{font-size:1.5rem}h2{font-size:1.1rem;margin:2rem 0 .3rem}\
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #dde2ea;padding:.3rem \
.6rem;text-align:left;vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums}\
code{background:#f1f3f7;padding:.1rem .3rem;word-break:break-word}.pass{color:#1a7f37}.fail{color:\
#c62828;font-weight:600}.inconclusive{color:#9a6700}svg{width:100%;height:auto}p{margin:.4rem 0}";

/// The whole page.
#[must_use]
pub fn page(report: &Report) -> String {
    let [pass, open, fail] =
        [Verdict::Pass, Verdict::Inconclusive, Verdict::Fail].map(|verdict| report.count(verdict));
    let Report { seed, began, machine, seconds, budget_seconds, .. } = report;
    let scenarios: String = report.outcomes.iter().enumerate().map(section).collect();
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Ironraft chaos</title>\
         <style>{STYLE}</style>\n<h1>Chaos: {}</h1>\n\
         <p>{pass} pass, {open} inconclusive, {fail} fail. Seed {seed}, began {}, {seconds:.0} s \
         of {budget_seconds} s. {}</p>\n{}{}{}{scenarios}</html>\n",
        badge(report.verdict()),
        escape(began),
        escape(machine),
        parts(report),
        overview(report),
        skipped(report),
    )
}

fn badge(verdict: Verdict) -> String {
    let word = word(verdict);
    format!("<span class=\"{}\">{word}</span>", word.to_lowercase())
}

fn parts(report: &Report) -> String {
    let row = |part: &super::Part| {
        format!(
            "<tr><td>{}<td>{}<td>{}<br><code>{}</code><td class=\"n\">{:.0} s\n",
            badge(part.verdict),
            escape(&part.name),
            escape(&part.detail),
            escape(&part.replay),
            part.seconds
        )
    };
    let rows: String = report.parts.iter().map(row).collect();
    format!("<h2>Without processes</h2>\n<table>{rows}</table>\n")
}

fn overview(report: &Report) -> String {
    let row = |(number, outcome): (usize, &Outcome)| {
        let acknowledged = outcome.acknowledged;
        let gap = longest_gap_ms(outcome).map_or_else(|| "–".to_owned(), |ms| ms.to_string());
        format!(
            "<tr><td>{}<td><a href=\"#s{number}\">{}</a><td class=\"n\">{} / {} / {}\
             <td class=\"n\">{}<td class=\"n\">{gap}<td class=\"n\">{:.0}\n",
            badge(outcome.verdict),
            escape(&outcome.name),
            acknowledged.before,
            acknowledged.during,
            acknowledged.after,
            outcome.unknown,
            outcome.seconds
        )
    };
    let rows: String = report.outcomes.iter().enumerate().map(row).collect();
    format!(
        "<h2>On real processes</h2>\n<table><tr><th><th>faults<th>answers before / during / after\
         <th>unknown<th>longest write gap, ms<th>s\n{rows}</table>\n"
    )
}

fn skipped(report: &Report) -> String {
    let row = |(name, reason): &(String, String)| {
        format!("<tr><td>{}<td>{}\n", escape(name), escape(reason))
    };
    let rows: String = report.skipped.iter().map(row).collect();
    if rows.is_empty() {
        return rows;
    }
    format!("<h2>Not run</h2>\n<table>{rows}</table>\n")
}

fn section((number, outcome): (usize, &Outcome)) -> String {
    let check = |check: &crate::scenario::Check| {
        let (claim, detail) = (escape(&check.claim), escape(&check.detail));
        format!("<tr><td>{}<td>{claim}<td>{detail}\n", badge(check.verdict))
    };
    let checks: String = outcome.checks.iter().map(check).collect();
    format!(
        "<h2 id=\"s{number}\">{} {}</h2>\n{}<p><code>{}</code></p>\n<table>{checks}</table>\n",
        escape(&outcome.name),
        badge(outcome.verdict),
        chart::timeline(outcome),
        escape(&replay(outcome)),
    )
}
