//! A picture of the run: how many clients of each kind were answered, and which fault was when.

use super::{Report, Timeline};
use crate::continuity::kind::Kind;
use crate::report::chart::escape;

/// Sizes in the picture's own units.
const WIDTH: f64 = 960.0;
const LABEL: f64 = 130.0;
const ROW: f64 = 70.0;
const HEAD: f64 = 150.0;
/// Points of a curve at most: several seconds share one in a long run.
const POINTS_MAX: usize = 480;
const COLORS: [&str; 5] = ["#2f6fdb", "#7a3fb5", "#1a7f37", "#0b8a8a", "#b5651d"];

/// The picture as SVG.
pub(super) fn timeline(report: &Report) -> String {
    let span = report.seconds.max(1.0);
    let x = |at: f64| LABEL + (at / span).min(1.0) * (WIDTH - LABEL);
    let height = HEAD + ROW * Kind::ALL.len() as f64;
    let mut parts = Vec::new();
    for phase in &report.phases {
        let (left, undone, right) = (x(phase.from_s), x(phase.undone_s), x(phase.well_s));
        parts.push(band((left, undone), height, "#f3b4ae", &phase.name));
        parts.push(band((undone, right), height, "#fbe3c0", &format!("{}: recovery", phase.name)));
        parts.push(format!(
            "<text transform=\"translate({:.1},{:.1}) rotate(-40)\" font-size=\"9\">{}</text>\n",
            left + 4.0,
            HEAD - 8.0,
            escape(&phase.name)
        ));
    }
    for (row, (kind, color)) in Kind::ALL.into_iter().zip(COLORS).enumerate() {
        let bottom = HEAD + ROW * (row + 1) as f64 - 6.0;
        let Some(Timeline(counts)) = report.timeline.get(kind.name()) else { continue };
        parts.push(curve(counts, bottom, color, &x));
        parts.push(format!("<text x=\"0\" y=\"{bottom:.1}\">{}</text>\n", kind.name()));
    }
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" font-size=\"11\" font-family=\"system-ui,sans-serif\">\n{}</svg>\n",
        parts.concat()
    )
}

fn band((left, right): (f64, f64), height: f64, color: &str, title: &str) -> String {
    format!(
        "<rect x=\"{left:.1}\" y=\"{HEAD}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{color}\">\
         <title>{}</title></rect>\n",
        (right - left).max(1.0),
        height - HEAD,
        escape(title)
    )
}

/// Answers per second as an area, with the most of them at its height.
fn curve(counts: &[u32], bottom: f64, color: &str, x: &impl Fn(f64) -> f64) -> String {
    let together = counts.len().div_ceil(POINTS_MAX).max(1);
    let means: Vec<f64> = counts
        .chunks(together)
        .map(|chunk| f64::from(chunk.iter().sum::<u32>()) / chunk.len() as f64)
        .collect();
    let most = means.iter().copied().fold(1.0, f64::max);
    let point = |(number, mean): (usize, &f64)| {
        let y = bottom - mean / most * (ROW - 16.0);
        format!("{:.1},{y:.1} ", x((number * together) as f64))
    };
    let line: String = means.iter().enumerate().map(point).collect();
    let end = x((means.len().saturating_sub(1) * together) as f64);
    format!(
        "<polygon points=\"{LABEL:.1},{bottom:.1} {line}{end:.1},{bottom:.1}\" fill=\"{color}\" fill-opacity=\"0.35\" \
         stroke=\"{color}\" stroke-width=\"0.7\"/>\n\
         <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"9\" text-anchor=\"end\">{most:.0}/s</text>\n",
        LABEL - 4.0,
        bottom - ROW + 24.0
    )
}
