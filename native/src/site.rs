//! Objects that MAAS's API does not list as such: VLANs of all fabrics, settings.

use model::access::{Actor, Object, Permission, permits};
use model::setting::table::{Definition, SETTINGS, Usage};
use ops::error::Refusal;
use ops::network::vlans as vlan_ops;
use ops::site::settings as setting_ops;
use rest::call::Call;
use rest::operation::Operation;
use rest::param::Param;
use rest::params::Params;
use rest::reply::Reply;
use serde::Serialize;
use serde_json::Value;
use tables::update::Tables;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::request::Request;

/// A setting.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Setting {
    /// MAAS's name of it.
    pub name: String,
    /// What it is set to.
    pub value: Value,
    /// What it is unless it is set.
    pub default: Value,
    /// What it means.
    pub doc: String,
    /// `ironraft` when it is read here, `clients` when only clients read it, `nobody` when it cannot be set.
    pub read_by: String,
    /// Why it cannot be set.
    pub refused: Option<String>,
}

/// All settings, in the order of their names.
///
/// # Errors
/// [`Problem`].
pub async fn settings(request: &Request) -> Result<Vec<Value>, Problem> {
    let mut settings = Vec::with_capacity(SETTINGS.len());
    for known in SETTINGS {
        settings.push(json(&setting(&request.parts.tables, &request.actor, known).await?));
    }
    Ok(settings)
}

async fn setting(tables: &Tables, actor: &Actor, known: &Definition) -> Result<Setting, Refusal> {
    let value = setting_ops::show(tables, actor, known).await?;
    let (read_by, refused) = match known.usage {
        Usage::Read(_) => ("ironraft", None),
        Usage::Clients => ("clients", None),
        Usage::Refused(reason) => ("nobody", Some(reason.to_owned())),
    };
    Ok(Setting {
        name: known.name.to_owned(),
        value,
        default: known.default.value(),
        doc: known.doc.to_owned(),
        read_by: read_by.to_owned(),
        refused,
    })
}

const VALUE: Param<String> =
    Param::text("value", "What it is set to; null or empty as the setting takes it.");

/// What is done with settings besides reading them.
pub const OPERATIONS: &[Operation] =
    &[Operation::put("SettingsHandler", "settings/{name}/", |call| Box::pin(set(call)))
        .reserved(Permission::ManageSettings)
        .doc("Set a setting.")
        .params(&[VALUE.needed()])];

async fn set(call: Call) -> Result<Reply, rest::problem::Problem> {
    let known = setting_ops::known(call.segment("name"))?;
    let missing = || Refusal::field("value", "This field is required.");
    let value = VALUE.given(&call.params).ok_or_else(missing)?;
    setting_ops::set(&call.parts.tables, &call.actor, known, &value).await?;
    Ok(Reply::json(&setting(&call.parts.tables, &call.actor, known).await?))
}

/// All VLANs, in the order of their ids.
///
/// # Errors
/// [`Problem`].
pub async fn vlans(request: &Request) -> Result<Vec<Value>, Problem> {
    let vlans = vlan_ops::all(&request.parts.tables, &request.actor).await?;
    Ok(vlans.iter().map(|vlan| json(&rest::shapes::vlan(vlan))).collect())
}

/// The addresses that whoever asks may see: an administrator those of all users.
///
/// # Errors
/// [`Problem`].
pub async fn ip_addresses(request: &Request) -> Result<Vec<Value>, Problem> {
    let may_see_all = permits(&request.actor, Permission::ListAllAddresses, &Object::Site).is_ok();
    let mut params = Params::default();
    if may_see_all {
        params.add("all", "true");
    }
    request.list_with("ipaddresses/", params).await
}

fn json(shape: &impl Serialize) -> Value {
    serde_json::to_value(shape).unwrap_or_default()
}
