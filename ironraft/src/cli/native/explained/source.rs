//! Who may know an address, and how what it knows is told.

use serde_json::{Map, Value};

use crate::cli::failure::Failure;
use crate::cli::native::exchange::{NativeApi, Reading, Wanted};
use crate::cli::output::field;

/// How many objects of a kind are told of.
const OF_A_KIND: usize = 20;

/// A kind of objects that may know the address: what is asked, and how one is told.
pub(super) struct Source {
    pub(super) resource: &'static str,
    /// The field that has it.
    pub(super) field: &'static str,
    /// What is said of one, `{field}` being what it has there.
    pub(super) said: fn(&Value) -> String,
}

pub(super) fn lease(it: &Value) -> String {
    let until = field(it, "promised_until");
    format!(
        "lease of {} to {} ({}), {}, until {until}",
        field(it, "ip"),
        field(it, "client"),
        field(it, "name"),
        field(it, "state")
    )
}

pub(super) fn reserved(it: &Value) -> String {
    format!(
        "DHCP keeps {} for {} ({})",
        field(it, "ip"),
        field(it, "mac_address"),
        field(it, "comment")
    )
}

pub(super) fn discovered(it: &Value) -> String {
    format!(
        "{} was seen with {} at {}",
        field(it, "ip"),
        field(it, "mac_address"),
        field(it, "last_seen")
    )
}

/// What each kind knows of an address.
pub(super) async fn known(
    api: &NativeApi,
    sources: &[Source],
    address: &str,
    reading: &Reading,
) -> Result<Map<String, Value>, Failure> {
    let mut known = Map::new();
    for source in sources {
        let value =
            if source.field == "description" { format!("*{address}*") } else { address.to_owned() };
        let filter = format!("{}:{value}", source.field);
        let wanted = Wanted {
            filter,
            limit: Some(OF_A_KIND),
            reading: reading.clone(),
            ..Wanted::default()
        };
        let items = match api.list(source.resource, &wanted).await {
            Ok(found) => found.items,
            // Of what one may not see nothing is known.
            Err(Failure::Denied(_)) => Vec::new(),
            Err(other) => return Err(other),
        };
        known.insert(source.resource.to_owned(), Value::Array(items));
    }
    Ok(known)
}
