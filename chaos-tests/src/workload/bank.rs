//! Clients that move money between accounts: transactions of several keys whose sum never changes.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::client::Client;
use super::registers::unchanged;
use crate::history::{Action, Compare, Found, History, Outcome, Write};

/// How many accounts there are.
const ACCOUNTS: u64 = 6;
/// What each has at the beginning.
const BALANCE: i64 = 100;
/// How long a client thinks between two operations, at most.
const THINK_MAX_MS: u64 = 60;

/// Opens the accounts unless they are there, then moves money until it is stopped.
pub(super) async fn run(mut client: Client, seed: u64) {
    let mut chance = StdRng::seed_from_u64(seed);
    while client.goes_on() {
        if let Some(found) = client.read_all(accounts()).await {
            if found.is_empty() {
                open(&mut client).await;
            } else {
                transfer(&mut client, found, &mut chance).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(chance.random_range(1..=THINK_MAX_MS))).await;
    }
}

async fn open(client: &mut Client) {
    let absent = |key: &String| unchanged(key, None);
    let compares: Vec<Compare> = accounts().iter().map(absent).collect();
    let writes = accounts().into_iter().map(|key| entry(client, key, BALANCE)).collect();
    client.transact(compares, writes).await;
}

async fn transfer(client: &mut Client, mut found: BTreeMap<String, Found>, chance: &mut StdRng) {
    let from = chance.random_range(0..ACCOUNTS);
    let to = (from + chance.random_range(1..ACCOUNTS)) % ACCOUNTS;
    let amount = chance.random_range(1..=10);
    let (mut compares, mut writes) = (Vec::new(), Vec::new());
    for (number, change) in [(from, -amount), (to, amount)] {
        let key = account(number);
        let Some(seen) = found.remove(&key) else { return };
        let Some(balance) = balance(&seen.value) else { return };
        compares.push(unchanged(&key, Some(seen)));
        writes.push(entry(client, key, balance + change));
    }
    client.transact(compares, writes).await;
}

/// The views in which the money is not all there, in words.
#[must_use]
pub fn broken_views(history: &History) -> Vec<String> {
    let all = accounts();
    let total = BALANCE * i64::try_from(all.len()).unwrap_or(i64::MAX);
    let mut broken = Vec::new();
    for operation in history.operations() {
        let (Action::Read { keys, .. }, Outcome::Read { revision, found }) =
            (&operation.action, &operation.outcome)
        else {
            continue;
        };
        if *keys != all || found.is_empty() {
            continue;
        }
        let sum: Option<i64> = all.iter().map(|key| balance(&found.get(key)?.value)).sum();
        if sum != Some(total) {
            let id = operation.id;
            broken.push(format!("read {id} at revision {revision} sees {sum:?} of {total}"));
        }
    }
    broken
}

fn accounts() -> Vec<String> {
    (0..ACCOUNTS).map(account).collect()
}

fn account(number: u64) -> String {
    format!("b/{number}")
}

/// An account's new balance, made unique.
fn entry(client: &Client, key: String, balance: i64) -> Write {
    Write { key, value: Some(format!("{balance}:{}", client.unique())) }
}

fn balance(value: &str) -> Option<i64> {
    value.split_once(':')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Action, Found, History, Outcome, accounts, broken_views};
    use crate::history::{Operation, Record};

    fn read(balances: &[i64]) -> History {
        let pairs = accounts().into_iter().zip(balances);
        let found: BTreeMap<_, _> = pairs
            .map(|(key, balance)| (key, Found { value: format!("{balance}:1"), revision: 3 }))
            .collect();
        let operation = Operation {
            id: 1,
            client: 1,
            node: 1,
            action: Action::Read { keys: accounts(), stale: false },
            invoked_ns: 0,
            completed_ns: 1,
            outcome: Outcome::Read { revision: 5, found },
        };
        History { records: vec![Record::Operation(operation)] }
    }

    #[test]
    fn money_that_is_lost_made_or_half_there_is_seen() {
        let whole = read(&[90, 110, 100, 100, 100, 100]);
        assert_eq!(broken_views(&whole), Vec::<String>::new());
        assert_eq!(broken_views(&read(&[])), Vec::<String>::new());
        assert_eq!(broken_views(&read(&[90, 100, 100, 100, 100, 100])).len(), 1);
        assert_eq!(broken_views(&read(&[110, 100, 100, 100, 100, 100])).len(), 1);
        assert_eq!(broken_views(&read(&[100, 100])).len(), 1);
    }
}
