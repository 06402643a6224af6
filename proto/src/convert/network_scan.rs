//! `NetworkScan` on the wire. When it was asked for, and when it ended, is the region's business.

use model::net::scan::NetworkScan;
use model::time::Timestamp;

use super::error::{ConvertError, parse_text};
use crate::rack;

const MESSAGE: &str = "NetworkScan";

impl From<&NetworkScan> for rack::NetworkScan {
    fn from(scan: &NetworkScan) -> Self {
        let NetworkScan { rack, id, networks, slow, asked: _, finished } = scan;
        Self {
            rack: rack.to_string(),
            id: *id,
            networks: networks.iter().map(ToString::to_string).collect(),
            slow: *slow,
            finished: finished.is_some(),
        }
    }
}

impl TryFrom<rack::NetworkScan> for NetworkScan {
    type Error = ConvertError;

    fn try_from(scan: rack::NetworkScan) -> Result<Self, Self::Error> {
        let networks = scan.networks.iter().map(|text| parse_text(MESSAGE, "networks", text));
        Ok(Self {
            rack: parse_text(MESSAGE, "rack", &scan.rack)?,
            id: scan.id,
            networks: networks.collect::<Result<_, _>>()?,
            slow: scan.slow,
            asked: Timestamp::default(),
            finished: scan.finished.then(Timestamp::default),
        })
    }
}
