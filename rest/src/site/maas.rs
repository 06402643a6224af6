//! `maas/`: site settings.

use api::field_errors::FieldErrors;
use model::access::Permission;
use ops::error::Refusal;
use ops::site::packagerepositories::{self, PackageRepositoryChange};
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
        .of_now()
        .doc("Read a setting.")
        .params(&[NAME.needed()]),
    Operation::post("MaasHandler", "maas/", |call| Box::pin(set_config(call)))
        .op("set_config")
        .reserved(Permission::ManageSettings)
        .doc("Set a setting.")
        .params(&[NAME.needed(), VALUE.needed()]),
];

/// The archives of Ubuntu, which were settings before they were package repositories, and their ids.
const ARCHIVES: [(&str, &str); 2] = [("main_archive", "1"), ("ports_archive", "2")];

async fn get_config(call: Call) -> Result<Reply, Problem> {
    let name = NAME.required(&call.params)?;
    if let Some(id) = archive(&name) {
        let found = packagerepositories::get(&call.parts.tables, &call.actor, id).await?;
        return Ok(Reply::json(&found.url));
    }
    let known = settings::known(present_name(&name))?;
    Ok(Reply::json(&settings::show(&call.parts.tables, &call.actor, known).await?))
}

async fn set_config(call: Call) -> Result<Reply, Problem> {
    let name = NAME.required(&call.params)?;
    let value = VALUE
        .given(&call.params)
        .ok_or_else(|| Problem::text(model::error::Kind::Invalid, "No provided value!"))?;
    if let Some(id) = archive(&name) {
        move_archive(&call, &name, id, value).await?;
        return Ok(Reply::text("OK"));
    }
    let known = settings::known(present_name(&name))?;
    settings::set(&call.parts.tables, &call.actor, known, &value).await?;
    Ok(Reply::text("OK"))
}

/// The present name of a setting that older clients call otherwise.
fn present_name(name: &str) -> &str {
    if name == "ntp_server" { "ntp_servers" } else { name }
}

fn archive(name: &str) -> Option<&'static str> {
    ARCHIVES.iter().find(|(known, _)| *known == name).map(|(_, id)| *id)
}

/// Gives an archive of Ubuntu another URL. What is wrong with it is told of the setting.
async fn move_archive(call: &Call, name: &str, id: &str, url: String) -> Result<(), Problem> {
    let change = PackageRepositoryChange { url: Some(url), ..PackageRepositoryChange::default() };
    match packagerepositories::update(&call.parts.tables, &call.actor, id, &change).await {
        Ok(_) => Ok(()),
        Err(Refusal::Fields(errors)) => {
            let mut renamed = FieldErrors::default();
            for message in errors.by_field().values().flatten() {
                renamed.add(name, message);
            }
            Err(Problem::fields(renamed))
        }
        Err(other) => Err(other.into()),
    }
}
