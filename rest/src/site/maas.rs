//! `maas/`: site settings.

use model::access::Permission;
use ops::site::settings;

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;

const NAME: Param<String> = Param::text("name", "The setting's name.");
const VALUE: Param<String> = Param::text("value", "Its value.");

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("MaasHandler", "maas/", |call| Box::pin(get_config(call)))
        .op("get_config")
        .doc("Read a setting.")
        .params(&[NAME.needed()]),
    Operation::post("MaasHandler", "maas/", |call| Box::pin(set_config(call)))
        .op("set_config")
        .reserved(Permission::ManageSettings)
        .doc("Set a setting.")
        .params(&[NAME.needed(), VALUE.needed()]),
];

async fn get_config(call: Call) -> Result<Reply, Problem> {
    let known = settings::known(present_name(&NAME.required(&call.params)?))?;
    Ok(Reply::json(&settings::show(&call.parts.tables, &call.actor, known).await?))
}

async fn set_config(call: Call) -> Result<Reply, Problem> {
    let known = settings::known(present_name(&NAME.required(&call.params)?))?;
    let value = VALUE
        .given(&call.params)
        .ok_or_else(|| Problem::text(model::error::Kind::Invalid, "No provided value!"))?;
    settings::set(&call.parts.tables, &call.actor, known, &value).await?;
    Ok(Reply::text("OK"))
}

/// The present name of a setting that older clients call otherwise.
fn present_name(name: &str) -> &str {
    if name == "ntp_server" { "ntp_servers" } else { name }
}
