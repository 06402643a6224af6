//! Bars of two systems side by side, as SVG.

use std::fmt::Write;

const WIDTH: f64 = 720.0;
const LABEL: f64 = 140.0;
const ROW: f64 = 44.0;
const THICK: f64 = 15.0;
const TOP: f64 = 50.0;
const OURS: &str = "#1f77b4";
const ETCD: &str = "#ff7f0e";

/// One value of both systems.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) ours: f64,
    pub(super) etcd: f64,
}

/// A picture of horizontal bars.
pub(super) fn bars(title: &str, bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.ours.max(bar.etcd)).fold(f64::MIN_POSITIVE, f64::max);
    let height = bars.iter().fold(TOP, |height, _| height + ROW);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n\
         <text x=\"8\" y=\"18\" font-size=\"14\">{title}</text>\n\
         <text x=\"8\" y=\"38\" fill=\"{OURS}\">ironraft</text>\n\
         <text x=\"70\" y=\"38\" fill=\"{ETCD}\">etcd</text>\n"
    );
    let mut y = TOP;
    for Bar { name, ours, etcd } in bars {
        let middle = y + THICK + 4.0;
        // Writing to a string does not fail.
        let _ = writeln!(svg, "<text x=\"8\" y=\"{middle}\">{name}</text>");
        for (value, color, y) in [(ours, OURS, y), (etcd, ETCD, y + THICK + 2.0)] {
            let width = value / most * (WIDTH - LABEL - 90.0);
            let (end, base) = (LABEL + width + 6.0, y + THICK - 3.0);
            let _ = writeln!(
                svg,
                "<rect x=\"{LABEL}\" y=\"{y}\" width=\"{width:.1}\" height=\"{THICK}\" \
                 fill=\"{color}\"/><text x=\"{end:.1}\" y=\"{base}\">{value:.0}</text>"
            );
        }
        y += ROW;
    }
    svg.push_str("</svg>\n");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_value_has_the_longest_bar() {
        let picture = bars("t", &[Bar { name: "put".to_owned(), ours: 200.0, etcd: 100.0 }]);
        assert!(picture.contains("width=\"490.0\"") && picture.contains("width=\"245.0\""));
        assert_eq!(1, picture.matches("</svg>").count());
    }
}
