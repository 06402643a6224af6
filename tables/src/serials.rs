//! The serials of zones.

use model::dns::serial::ZoneSerial;

use crate::row::Row;

impl Row for ZoneSerial {
    type Id = String;
    const TABLE: &'static str = "zone-serial";

    fn id(&self) -> String {
        self.origin.clone()
    }
}
