//! Impatient writers, one at each node, that show for how long nobody could write.

use std::time::Duration;

use super::client::{Client, Timeouts};
use crate::history::Write;

/// How long a probe waits for an answer, and pauses after it.
pub(super) const TIMEOUTS: Timeouts =
    Timeouts { attempt: Duration::from_millis(250), operation: Duration::ZERO };
const PAUSE: Duration = Duration::from_millis(20);

/// Writes a key of its own until it is stopped.
pub(super) async fn run(mut client: Client, node: u64) {
    let key = format!("p/{node}");
    while client.goes_on() {
        let value = Some(format!("v{}", client.unique()));
        client.transact(Vec::new(), vec![Write { key: key.clone(), value }]).await;
        tokio::time::sleep(PAUSE).await;
    }
}
