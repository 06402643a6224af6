//! `PrefixPool` on the wire. What it is for stays in the region.

use model::id::{PrefixPoolId, SubnetId};
use model::net::prefixpool::PrefixPool;

use super::error::{ConvertError, parse_text};
use crate::rack;

const MESSAGE: &str = "PrefixPool";

impl From<&PrefixPool> for rack::PrefixPool {
    fn from(pool: &PrefixPool) -> Self {
        let PrefixPool { id, prefix, delegated_length, subnet, comment: _ } = pool;
        Self {
            id: id.0,
            prefix: prefix.to_string(),
            delegated_length: (*delegated_length).into(),
            subnet: subnet.0,
        }
    }
}

impl TryFrom<rack::PrefixPool> for PrefixPool {
    type Error = ConvertError;

    fn try_from(pool: rack::PrefixPool) -> Result<Self, Self::Error> {
        let length = u8::try_from(pool.delegated_length).ok().filter(|length| *length <= 128);
        let invalid = ConvertError::invalid(MESSAGE, "delegated_length");
        Ok(Self {
            id: PrefixPoolId(pool.id),
            prefix: parse_text(MESSAGE, "prefix", &pool.prefix)?,
            delegated_length: length.ok_or_else(|| invalid(&pool.delegated_length))?,
            subnet: SubnetId(pool.subnet),
            comment: String::new(),
        })
    }
}
