//! A row of every table as this version writes it, with everything that is optional filled in and
//! left out. A new field fails to compile here until the rows have it.

mod accounts;
mod belongings;
mod devices;
mod layout;
mod machines;
mod network;
mod nodes;
mod site;
mod webhooks;

use bytes::Bytes;
use model::id::{SubnetId, SystemId, VlanId};
use model::time::Timestamp;
use tables::error::TableError;
use tables::row::{Row, row_key};
use tables::tx::Tx;

/// Writes one row.
type Put = dyn Fn(&mut Tx) -> Result<(), TableError>;

/// A row, and what it is an example of.
pub(crate) struct Written {
    pub(crate) what: &'static str,
    pub(crate) key: Bytes,
    pub(crate) put: Box<Put>,
}

/// All rows.
pub(crate) fn rows() -> Vec<Written> {
    let all = [
        accounts::rows(),
        belongings::rows(),
        devices::rows(),
        machines::rows(),
        network::rows(),
        nodes::rows(),
        site::rows(),
        webhooks::rows(),
    ];
    all.into_iter().flatten().collect()
}

fn row<T: Row>(what: &'static str, row: T) -> Written {
    let key = row_key::<T>(&row.id());
    Written { what, key, put: Box::new(move |tx| tx.insert(&row)) }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix_ms(1_700_000_000_123 + seconds * 1000)
}

fn id(text: &str) -> SystemId {
    text.parse().unwrap()
}

fn text(text: &str) -> String {
    text.to_owned()
}

const VLAN: VlanId = VlanId(1);
const SUBNET: SubnetId = SubnetId(1);
