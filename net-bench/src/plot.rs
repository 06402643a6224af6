//! Bars and curves as SVG.

use std::fmt::Write;

const WIDTH: f64 = 720.0;
const LABEL: f64 = 110.0;
const THICK: f64 = 15.0;
const GAP: f64 = 12.0;
const TOP: f64 = 50.0;
const HEIGHT: f64 = 360.0;
const MARGIN: f64 = 40.0;
const COLORS: [&str; 5] = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd"];

/// The values of one thing, one for each series.
#[derive(Debug, Clone)]
pub struct Bar {
    /// What it is.
    pub name: String,
    /// Its values.
    pub values: Vec<f64>,
}

/// Points of one thing, by their first value.
#[derive(Debug, Clone)]
pub struct Curve {
    /// What it is.
    pub name: String,
    /// Its points.
    pub points: Vec<(f64, f64)>,
}

/// A picture of horizontal bars.
#[must_use]
pub fn bars(title: &str, series: &[&str], bars: &[Bar]) -> String {
    let most = bars.iter().flat_map(|bar| &bar.values).copied().fold(f64::MIN_POSITIVE, f64::max);
    let row = |bar: &Bar| bar.values.iter().map(|_| THICK + 2.0).sum::<f64>() + GAP;
    let height = bars.iter().fold(TOP, |height, bar| height + row(bar));
    let mut svg = head(title, series, height);
    let mut y = TOP;
    for bar in bars {
        let base = y + THICK - 3.0;
        // Writing to a string does not fail.
        let _ = writeln!(svg, "<text x=\"8\" y=\"{base}\">{}</text>", bar.name);
        let mut top = y;
        for (value, color) in bar.values.iter().zip(COLORS) {
            let width = value / most * (WIDTH - LABEL - 90.0);
            let (end, base) = (LABEL + width + 6.0, top + THICK - 3.0);
            let _ = writeln!(
                svg,
                "<rect x=\"{LABEL}\" y=\"{top}\" width=\"{width:.1}\" height=\"{THICK}\" fill=\"{color}\"/>\
                 <text x=\"{end:.1}\" y=\"{base}\">{value:.0}</text>"
            );
            top += THICK + 2.0;
        }
        y += row(bar);
    }
    svg.push_str("</svg>\n");
    svg
}

/// A picture of curves over logarithmic axes; points at or below zero are left out.
#[must_use]
pub fn curves(title: &str, curves: &[Curve]) -> String {
    let names: Vec<&str> = curves.iter().map(|curve| curve.name.as_str()).collect();
    let mut svg = head(title, &names, HEIGHT);
    let points = || {
        let all = curves.iter().flat_map(|curve| &curve.points);
        all.filter(|(x, y)| *x > 0.0 && *y > 0.0)
    };
    let across = Axis::over(points().map(|point| point.0), MARGIN, WIDTH - MARGIN);
    let up = Axis::over(points().map(|point| point.1), HEIGHT - MARGIN, TOP + 10.0);
    for value in across.marks() {
        let (x, y) = (across.place(value), HEIGHT - 14.0);
        let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y}\">{value}</text>");
    }
    for value in up.marks() {
        let y = up.place(value);
        let _ = writeln!(svg, "<text x=\"4\" y=\"{y:.1}\">{value}</text>");
    }
    for (curve, color) in curves.iter().zip(COLORS) {
        let shown = curve.points.iter().filter(|(x, y)| *x > 0.0 && *y > 0.0);
        let places: Vec<String> =
            shown.map(|(x, y)| format!("{:.1},{:.1}", across.place(*x), up.place(*y))).collect();
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" points=\"{}\"/>",
            places.join(" ")
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn head(title: &str, series: &[&str], height: f64) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n\
         <text x=\"8\" y=\"18\" font-size=\"14\">{title}</text>\n"
    );
    let mut x = 8.0;
    for (name, color) in series.iter().zip(COLORS) {
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"38\" fill=\"{color}\">{name}</text>");
        x += name.chars().fold(20.0, |width, _| width + 7.0);
    }
    svg
}

/// A logarithmic axis between two places.
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// From the power of ten below all values to that above them.
    fn over(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let logs: Vec<f64> = values.map(f64::log10).collect();
        let low = logs.iter().copied().fold(f64::MAX, f64::min).floor();
        let high = logs.iter().copied().fold(f64::MIN, f64::max).ceil();
        if low < high {
            Self { low, high, from, to }
        } else {
            Self { low: 0.0, high: 1.0, from, to }
        }
    }

    fn place(&self, value: f64) -> f64 {
        let share = (value.log10() - self.low) / (self.high - self.low);
        self.from + share * (self.to - self.from)
    }

    /// The powers of ten on it.
    fn marks(&self) -> Vec<f64> {
        let mut marks = Vec::new();
        let mut log = self.low;
        while log <= self.high {
            marks.push(10_f64.powf(log));
            log += 1.0;
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_value_has_the_longest_bar() {
        let bar = |name: &str, value| Bar { name: name.to_owned(), values: vec![value, 50.0] };
        let picture = bars("t", &["a", "b"], &[bar("x", 200.0), bar("y", 100.0)]);
        assert!(picture.contains("width=\"520.0\"") && picture.contains("width=\"260.0\""));
        assert_eq!(picture.matches("<rect").count(), 5, "the background and four bars");
    }

    #[test]
    fn a_tenfold_value_is_one_mark_further() {
        let axis = Axis::over([20.0, 900.0].into_iter(), 0.0, 100.0);
        assert_eq!(axis.marks(), [10.0, 100.0, 1000.0]);
        assert!((axis.place(100.0) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn a_curve_leaves_out_what_has_no_logarithm() {
        let points = vec![(0.0, 1.0), (10.0, 1.0), (100.0, 10.0)];
        let picture = curves("t", &[Curve { name: "c".to_owned(), points }]);
        assert!(picture.contains("points=\"40.0,320.0 680.0,60.0\""), "{picture}");
        assert!(!curves("t", &[]).contains("NaN"));
    }
}
