//! Whose a hardware address is, and what it has.

use serde_json::json;

use crate::cli::failure::Failure;
use crate::cli::native::exchange::NativeApi;
use crate::cli::native::explained::source::{Source, discovered, known, lease, reserved};
use crate::cli::native::explained::told::{Asking, print};
use crate::cli::output::field;

/// Who may know one.
pub(super) const SOURCES: &[Source] = &[
    Source {
        resource: "machines",
        field: "mac",
        said: |it| {
            format!("an interface of machine {} ({})", field(it, "fqdn"), field(it, "status_name"))
        },
    },
    Source {
        resource: "devices",
        field: "mac",
        said: |it| format!("an interface of device {}", field(it, "fqdn")),
    },
    Source { resource: "leases", field: "mac", said: lease },
    Source { resource: "reserved-ips", field: "mac_address", said: reserved },
    Source { resource: "discoveries", field: "mac_address", said: discovered },
    Source {
        resource: "events",
        field: "description",
        said: |it| {
            format!("{}  {}: {}", field(it, "created"), field(it, "type"), field(it, "description"))
        },
    },
];

/// Says what is known of one.
///
/// # Errors
/// It was refused, or nobody answers.
pub(super) async fn explain(address: &str, asking: &Asking) -> Result<(), Failure> {
    let api = NativeApi::connect(&asking.connection).await?;
    let known = known(&api, SOURCES, address, &asking.reading).await?;
    print(&asking.output, &json!({ "mac": address }), Vec::new(), SOURCES, &known);
    Ok(())
}
