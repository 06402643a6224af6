//! What a machine said of itself in the words of tools: MAAS's `details`.

use model::access::Actor;
use model::id::SystemId;
use model::machine::output::ToolOutput;

use crate::details::Details;
use crate::error::Refusal;
use crate::machine::machines;
use crate::machine::nodes::{self, NodeDetail};
use tables::read::Reads;
use tables::update::Tables;

/// What two tools printed, as far as they were run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Probed {
    /// The neighbours on its links, as `lldpctl` writes them.
    pub lldp: Option<String>,
    /// Its hardware, as `lshw` writes it.
    pub lshw: Option<String>,
}

/// What a machine said of itself.
///
/// # Errors
/// [`Refusal`].
pub async fn probed(tables: &Tables, actor: &Actor, id: &SystemId) -> Result<Probed, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    let view = details.view();
    machines::readable(view, actor, id)?;
    let printed = |tool: &str| {
        let found = view.get::<ToolOutput>(&(id.clone(), tool.to_owned()))?;
        Ok::<_, Refusal>(found.map(|output| output.text))
    };
    Ok(Probed { lldp: printed("lldp")?, lshw: printed("lshw")? })
}

/// What a node said of itself, of whatever kind it is: only machines say anything.
///
/// # Errors
/// [`Refusal`].
pub async fn probed_of_node(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
) -> Result<Probed, Refusal> {
    match nodes::get(tables, actor, id).await? {
        NodeDetail::Machine(_) => probed(tables, actor, id).await,
        NodeDetail::Device(_) | NodeDetail::Rack(_) | NodeDetail::Region(_) => {
            Ok(Probed::default())
        }
    }
}
