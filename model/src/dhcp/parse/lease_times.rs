//! Lease times of one block that contradict each other.

use crate::dhcp::error::{Reason, SnippetError};
use crate::dhcp::program::LeaseBound;
use crate::dhcp::token::Token;

/// The lease times that hold at the end of a block: its own, else those that stand around it before.
#[derive(Debug, Clone, Default)]
pub(super) struct LeaseTimes {
    min_s: Option<u32>,
    max_s: Option<u32>,
    /// The last word of the block that set one of them.
    last: Option<Token>,
}

impl LeaseTimes {
    /// Begins a block within this one; returns what holds outside.
    pub(super) fn enter(&mut self) -> Self {
        let outside = self.clone();
        self.last = None;
        outside
    }

    /// Notes a lease time.
    pub(super) fn set(&mut self, bound: LeaseBound, seconds: u32, token: Token) {
        match bound {
            LeaseBound::Min => self.min_s = Some(seconds),
            LeaseBound::Max => self.max_s = Some(seconds),
            // One outside of the others is moved between them.
            LeaseBound::Default => return,
        }
        self.last = Some(token);
    }

    /// # Errors
    /// The shortest lease is longer than the longest, which no client can be told.
    pub(super) fn agree(&self) -> Result<(), SnippetError> {
        match (self.min_s, self.max_s, &self.last) {
            (Some(min), Some(max), Some(token)) if min > max => {
                let form =
                    format!("such that min-lease-time ({min}) is at most max-lease-time ({max})");
                Err(token.refused(Reason::Value(form)))
            }
            _ => Ok(()),
        }
    }
}
