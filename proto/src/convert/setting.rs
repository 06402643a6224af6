//! `Setting` on the wire: its value is JSON text.

use model::setting::Setting;

use super::error::ConvertError;
use crate::rack;

impl From<&Setting> for rack::Setting {
    fn from(setting: &Setting) -> Self {
        let Setting { name, value } = setting;
        Self { name: name.clone(), value_json: value.to_string() }
    }
}

impl TryFrom<rack::Setting> for Setting {
    type Error = ConvertError;

    fn try_from(setting: rack::Setting) -> Result<Self, Self::Error> {
        let value = serde_json::from_str(&setting.value_json)
            .map_err(|error| ConvertError::invalid("Setting", "value_json")(&error))?;
        Ok(Self { name: setting.name, value })
    }
}
