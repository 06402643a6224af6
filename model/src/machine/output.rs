//! What tools on a machine printed: commissioning outputs and logs of installation and erasing.

use serde::{Deserialize, Serialize};

use crate::id::SystemId;
use crate::time::Timestamp;

/// The largest text that is kept of one tool, in bytes; the end is kept, where errors stand.
pub const OUTPUT_BYTES_MAX: usize = 512 * 1024;

/// What one tool printed when it last ran. Stored apart from the machine, because it is large.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolOutput {
    /// The machine.
    pub machine: SystemId,
    /// The tool, `lshw`, or `install` and `erase` for the agent's own logs.
    pub tool: String,
    /// What it printed.
    pub text: String,
    /// When that was reported.
    pub created: Timestamp,
}

/// The last part of a text that may be kept, cut between characters.
#[must_use]
pub fn kept_tail(text: &str) -> &str {
    let start = text.len().saturating_sub(OUTPUT_BYTES_MAX);
    let start = (start..text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_of_a_long_text_is_kept_whole_characters_only() {
        assert_eq!(kept_tail("short"), "short");
        let long = "ä".repeat(OUTPUT_BYTES_MAX);
        let kept = kept_tail(&long);
        assert!(kept.len() <= OUTPUT_BYTES_MAX && kept.chars().all(|c| c == 'ä'));
    }
}
