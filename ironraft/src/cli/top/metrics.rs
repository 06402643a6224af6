//! What `/metrics` of a region says of Raft and of address pools: lines of the `OpenMetrics` text format.

use std::collections::BTreeMap;

/// A value with the labels that it has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    /// The name of the metric.
    pub(crate) name: String,
    /// The labels.
    pub(crate) labels: BTreeMap<String, String>,
    /// The value.
    pub(crate) value: f64,
}

/// All values of a page. What is no value is left out.
pub(crate) fn read(page: &str) -> Vec<Sample> {
    page.lines().filter_map(sample).collect()
}

/// The value of a metric without labels, as a whole number.
pub(crate) fn number(samples: &[Sample], name: &str) -> Option<u64> {
    let found = samples.iter().find(|sample| sample.name == name && sample.labels.is_empty())?;
    Some(whole(found.value))
}

/// A value as a whole number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a conversion of floats saturates, and counts are not negative"
)]
pub(crate) fn whole(value: f64) -> u64 {
    value as u64
}

fn sample(line: &str) -> Option<Sample> {
    if line.starts_with('#') {
        return None;
    }
    let (name, rest) = line.split_at(line.find(['{', ' '])?);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (BTreeMap::new(), rest),
    };
    let value = rest.split_whitespace().next()?.parse().ok()?;
    Some(Sample { name: name.to_owned(), labels, value })
}

/// Labels, and what stands behind them.
fn labels(text: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(',');
        if let Some(behind) = rest.strip_prefix('}') {
            return Some((labels, behind));
        }
        let (name, value) = rest.split_once("=\"")?;
        let mut text = String::new();
        let mut letters = value.char_indices();
        let end = loop {
            match letters.next()? {
                (at, '"') => break at,
                (_, '\\') => match letters.next()?.1 {
                    'n' => text.push('\n'),
                    letter => text.push(letter),
                },
                (_, letter) => text.push(letter),
            }
        };
        labels.insert(name.to_owned(), text);
        rest = &value[end + 1..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_with_their_labels() {
        let page =
            "# HELP x y\nironraft_raft_term 7\na{b=\"c,\\\"}\",d=\"\"} 1.5 123\nbroken{ 1\n# EOF\n";
        let samples = read(page);
        assert_eq!(number(&samples, "ironraft_raft_term"), Some(7));
        assert_eq!(samples.len(), 2);
        assert_eq!(samples[1].labels["b"], "c,\"}");
        assert_eq!(samples[1].value, 1.5);
        assert_eq!(number(&samples, "a"), None, "it has labels");
    }
}
