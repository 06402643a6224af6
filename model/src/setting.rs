//! Replicated site settings (MAAS `config`), by their MAAS names.

use serde::{Deserialize, Serialize};

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// MAAS's name for it.
    pub name: String,
    /// Its value as MAAS's API shows it.
    pub value: serde_json::Value,
}
