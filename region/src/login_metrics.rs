//! What `/metrics` says of logins by name and password at this node.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::registry::Registry;
use rest::auth::logins::LoginCounts;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Debug)]
struct LoginCollector(Arc<LoginCounts>);

/// Makes the counts part of what `/metrics` shows.
pub(crate) fn register(registry: &mut Registry, counts: Arc<LoginCounts>) {
    registry.register_collector(Box::new(LoginCollector(counts)));
}

impl Collector for LoginCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "Logins by name and password, by how they went";
        let kind = MetricType::Counter;
        let mut metric = encoder.encode_descriptor("logins", help, None, kind)?;
        for (outcome, count) in self.0.by_outcome() {
            let labels = OutcomeLabel { outcome };
            ConstCounter::new(count).encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
