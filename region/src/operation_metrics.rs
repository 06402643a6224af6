//! What `/metrics` says of operations on many objects that are under way, on any region: read when it is asked.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use model::operation::Counts;
use ops::site::operations;
use tables::error::TableError;
use tables::update::Tables;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

/// What was read last; clones share it.
#[derive(Debug, Clone, Default)]
pub struct OperationMetrics {
    read: Arc<Mutex<Vec<Counts>>>,
}

/// How many targets of an operation had an outcome.
type Count = fn(&Counts) -> usize;

impl OperationMetrics {
    /// Makes it part of what `/metrics` shows.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(self.clone()));
    }

    /// Reads how far the operations that are under way are.
    ///
    /// # Errors
    /// [`TableError`].
    pub async fn read(&self, tables: &Tables) -> Result<(), TableError> {
        let open = operations::open(&tables.stale_view().await?)?;
        let counts = open.iter().map(model::operation::BulkOperation::counts).collect();
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = counts;
        Ok(())
    }
}

impl Collector for OperationMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let open = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let help = "Operations on many objects that are under way";
        let metric = encoder.encode_descriptor("operations_open", help, None, MetricType::Gauge)?;
        ConstGauge::new(number(open.len())).encode(metric)?;
        let help = "Targets of operations that are under way, by what became of them";
        let kind = MetricType::Gauge;
        let mut metric = encoder.encode_descriptor("operation_targets", help, None, kind)?;
        let outcomes: [(&'static str, Count); 3] = [
            ("waiting", |counts| counts.waiting),
            ("done", |counts| counts.done),
            ("failed", |counts| counts.failed),
        ];
        for (outcome, count) in outcomes {
            let labels = OutcomeLabel { outcome };
            let sum = open.iter().map(count).sum::<usize>();
            ConstGauge::new(number(sum)).encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;

    #[test]
    fn targets_of_all_operations_are_summed_and_explained() {
        let counts = |waiting, done| Counts { waiting, done, ..Counts::default() };
        let read = Arc::new(Mutex::new(vec![counts(2, 1), counts(3, 0)]));
        let mut registry = Registry::with_prefix("ironraft");
        OperationMetrics { read }.register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).expect("text");
        let series: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            series,
            [
                "ironraft_operations_open 2",
                r#"ironraft_operation_targets{outcome="waiting"} 5"#,
                r#"ironraft_operation_targets{outcome="done"} 1"#,
                r#"ironraft_operation_targets{outcome="failed"} 0"#,
            ]
        );
        let page = include_str!("../../docs/metrics.md");
        for line in series {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            assert!(page.contains(&format!("| `{name}` |")), "{name} is not explained");
        }
    }
}
