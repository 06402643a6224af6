//! Site settings (MAAS `config`), by their MAAS names.
//!
//! Only what was set is stored; everything else has the default of the [`table`], so a new setting
//! needs no migration. Readers use the typed settings of [`typed`], never a name.

pub mod document;
pub mod form;
pub mod table;
pub mod typed;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::setting::form::Form;

/// One setting.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// MAAS's name for it.
    pub name: String,
    /// Its value as MAAS's API shows it.
    pub value: serde_json::Value,
}

impl Setting {
    /// Whether its value is not for everybody: an address of a proxy may hold a password, and so may what is not known here.
    #[must_use]
    pub fn may_hold_secret(&self) -> bool {
        table::find(&self.name).is_none_or(|known| known.form == Form::Url)
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut setting = f.debug_struct("Setting");
        setting.field("name", &self.name);
        if !self.may_hold_secret() {
            setting.field("value", &self.value);
        }
        setting.finish_non_exhaustive()
    }
}
