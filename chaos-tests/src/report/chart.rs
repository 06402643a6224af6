//! A picture of a scenario: when what was done, and when nobody could write.

use crate::fault::timeline::Event;
use crate::report::gaps::Gap;
use crate::scenario::Outcome;

/// Sizes in the picture's own units.
const WIDTH: f64 = 960.0;
const LABEL: f64 = 250.0;
const ROW: f64 = 16.0;
/// The narrowest bar, so that what takes no time is seen.
const BAR_MIN: f64 = 2.0;
/// More events than that are drawn, but without a row of their own.
const ROWS_MAX: usize = 24;

/// The timeline of a scenario as SVG.
#[must_use]
pub fn timeline(outcome: &Outcome) -> String {
    let (from, to) = outcome.worked_ns;
    let scale = Scale { from, span: to.saturating_sub(from).max(1) };
    let rows = rows(&outcome.events);
    let below = (rows.len() + 1) as f64 * ROW;
    let mut parts = vec![row_of_gaps(&outcome.gaps, &scale)];
    for (number, (label, events)) in rows.iter().enumerate() {
        let y = (number + 1) as f64 * ROW;
        parts.push(text(0.0, y + 12.0, label));
        parts.extend(events.iter().map(|event| {
            let title = escape(&event.what);
            bar(&scale, (event.from_ns, event.to_ns), y, "#5b7fd1", &title)
        }));
    }
    parts.push(axis(&scale, below));
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {}\" font-size=\"11\" font-family=\"system-ui,sans-serif\">\n{}</svg>\n",
        below + 2.0 * ROW,
        parts.concat()
    )
}

/// Text as HTML shows it.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// How time becomes a place.
struct Scale {
    from: u64,
    span: u64,
}

impl Scale {
    fn x(&self, at_ns: u64) -> f64 {
        let part = at_ns.saturating_sub(self.from) as f64 / self.span as f64;
        LABEL + part.min(1.0) * (WIDTH - LABEL)
    }
}

/// Events of the same name share a row; what does not fit shares the last.
fn rows(events: &[Event]) -> Vec<(String, Vec<&Event>)> {
    let mut rows: Vec<(String, Vec<&Event>)> = Vec::new();
    for event in events {
        let full = rows.len() >= ROWS_MAX;
        let label = if full { "others" } else { event.what.as_str() };
        match rows.iter_mut().find(|(name, _)| name == &event.what || name == label) {
            Some((_, of_row)) => of_row.push(event),
            None => rows.push((label.to_owned(), vec![event])),
        }
    }
    rows
}

fn row_of_gaps(gaps: &[Gap], scale: &Scale) -> String {
    let bars = gaps.iter().map(|gap| {
        let title = format!("nobody could write for {} ms", gap.milliseconds());
        bar(scale, (gap.from_ns, gap.to_ns), 0.0, "#c62828", &title)
    });
    text(0.0, 12.0, "no write acknowledged") + &bars.collect::<String>()
}

fn bar(scale: &Scale, (from, to): (u64, u64), y: f64, color: &str, title: &str) -> String {
    let (left, right) = (scale.x(from), scale.x(to));
    let width = (right - left).max(BAR_MIN);
    let height = ROW - 4.0;
    format!(
        "<rect x=\"{left:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
         fill=\"{color}\"><title>{title}</title></rect>\n",
        y + 2.0
    )
}

fn text(x: f64, y: f64, text: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\">{}</text>\n", escape(text))
}

/// A mark for every so many seconds.
fn axis(scale: &Scale, y: f64) -> String {
    let seconds = scale.span / 1_000_000_000;
    let step = (seconds / 12).max(1);
    let marks = (0..=seconds).filter(|second| second % step == 0).map(|second| {
        let x = scale.x(scale.from + second * 1_000_000_000);
        let line = format!(
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{y:.1}\" stroke=\"#e3e7ee\"/>\n"
        );
        line + &text(x, y + 12.0, &format!("{second} s"))
    });
    marks.collect()
}
