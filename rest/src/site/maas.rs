//! `maas/`: site settings.

use crate::problem::Problem;

use crate::call::Call;
use crate::operation::Operation;
use crate::reply::Reply;
use ops::site::settings;

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("MaasHandler", "maas/", |call| Box::pin(get_config(call)))
        .op("get_config")
        .doc("Read a setting.\n\n:param name: The setting's name."),
    Operation::post("MaasHandler", "maas/", |call| Box::pin(set_config(call)))
        .op("set_config")
        .admin()
        .doc("Set a setting.\n\n:param name: The setting's name.\n:param value: Its value."),
];

async fn get_config(call: Call) -> Result<Reply, Problem> {
    let known = settings::known(present_name(call.params.required("name")?))?;
    Ok(Reply::json(&settings::value(&call.view().await?, known)?))
}

async fn set_config(call: Call) -> Result<Reply, Problem> {
    let known = settings::known(present_name(call.params.required("name")?))?;
    let value = call
        .params
        .get("value")
        .ok_or_else(|| Problem::text(model::error::Kind::Invalid, "No provided value!"))?;
    settings::set(&call.parts.tables, &call.cause("setting.set"), known, value).await?;
    Ok(Reply::text("OK"))
}

/// The present name of a setting that older clients call otherwise.
fn present_name(name: &str) -> &str {
    if name == "ntp_server" { "ntp_servers" } else { name }
}
