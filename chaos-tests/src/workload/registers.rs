//! Clients of single keys: read, write, and change what was read.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::client::Client;
use crate::history::{Compare, Found, Write};

/// How many registers there are: few, so that clients meet.
const REGISTERS: u64 = 8;
/// How long a client thinks between two operations, at most.
const THINK_MAX_MS: u64 = 30;

/// Works on random registers until it is stopped.
pub(super) async fn run(mut client: Client, seed: u64) {
    let mut chance = StdRng::seed_from_u64(seed);
    while client.goes_on() {
        let key = format!("r/{}", chance.random_range(0..REGISTERS));
        match chance.random_range(0..10) {
            0..4 => drop(client.read(&key).await),
            4..7 => {
                let write = next(&client, &key);
                client.transact(Vec::new(), vec![write]).await;
            }
            _ => {
                if let Some(seen) = client.read(&key).await {
                    let write = next(&client, &key);
                    client.transact(vec![unchanged(&key, seen)], vec![write]).await;
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(chance.random_range(1..=THINK_MAX_MS))).await;
    }
}

fn next(client: &Client, key: &str) -> Write {
    Write { key: key.to_owned(), value: Some(format!("v{}", client.unique())) }
}

/// The condition that a key is still as it was seen.
pub(super) fn unchanged(key: &str, seen: Option<Found>) -> Compare {
    let (revision, value) = seen.map_or((0, None), |found| (found.revision, Some(found.value)));
    Compare { key: key.to_owned(), revision, value }
}
