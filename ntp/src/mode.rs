//! What a controller does with time.

use serde::{Deserialize, Serialize};

/// What a controller does with time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It serves time and leaves the host's clock to whatever sets it.
    #[default]
    Serve,
    /// It also sets the host's clock. Nothing else may do so then.
    Steer,
    /// It serves no time.
    Off,
}
