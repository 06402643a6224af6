//! Operators hear of regions whose clocks are apart.

use model::access::Actor;
use model::controller::RegionController;
use model::event::EventLevel;

use crate::authorize::cause;
use crate::site::events::{NewEvent, record_of_site};
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// Records that the clock of region node `node_id` is `offset_ms` ahead of that of `by`, or, with none, that it
/// agrees again.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn tell_offset(
    tables: &Tables,
    node_id: u64,
    by: u64,
    offset_ms: Option<i64>,
) -> Result<(), TableError> {
    let cause = cause(&Actor::Reconciler("clocks"), "region.clock");
    tables
        .update(&cause, |tx: &mut Tx| -> Result<(), TableError> {
            let regions = tx.looking().list::<RegionController>()?;
            let region = regions.iter().find(|region| region.node_id == node_id);
            let name = region.map_or_else(String::new, |region| format!(" ({})", region.hostname));
            record_of_site(tx, event(&format!("region node {node_id}{name}"), by, offset_ms))
        })
        .await
}

fn event(region: &str, by: u64, offset_ms: Option<i64>) -> NewEvent {
    let Some(offset_ms) = offset_ms else {
        return NewEvent {
            kind: "Region clock agrees again",
            level: EventLevel::Info,
            description: format!(
                "the clock of {region} agrees with that of region node {by} again"
            ),
        };
    };
    let way = if offset_ms > 0 { "ahead of" } else { "behind" };
    let (whole, tenths) = (offset_ms.abs() / 1_000, offset_ms.abs() % 1_000 / 100);
    NewEvent {
        kind: "Region clock differs",
        level: EventLevel::Warning,
        description: format!(
            "the clock of {region} is {whole}.{tenths} s {way} that of region node {by}: look at \
             its time synchronization"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_says_which_clock_is_where() {
        let says = |offset_ms| event("region node 3 (r3)", 1, offset_ms).description;
        let behind = says(Some(-3_600_000));
        assert!(
            behind.starts_with("the clock of region node 3 (r3) is 3600.0 s behind"),
            "{behind}"
        );
        assert!(says(Some(1_100)).contains("1.1 s ahead of that of region node 1"));
        assert_eq!(event("r", 1, None).level, EventLevel::Info);
    }
}
