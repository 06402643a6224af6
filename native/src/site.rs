//! Objects that MAAS's API does not list as such: VLANs of all fabrics, settings.

use std::collections::BTreeMap;

use model::access::{Actor, Object, Permission, permits};
use model::id::SubnetId;
use model::net::range::AddressRange;
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
use tables::read::Reads;
use tables::site::USER_BY_NAME;
use tables::update::{Tables, now};
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
    /// What values it takes: `boolean`, `number`, `choice`, `text`, `name`, `addresses`, `hosts`, `networks`, `host-and-port`, `url` or
    /// `kernel-options`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The values of which it is one; null for all but choices.
    pub choices: Option<Vec<String>>,
    /// The least number that it may be; null for all but numbers.
    pub min: Option<u64>,
    /// The greatest number that it may be; null for all but numbers.
    pub max: Option<u64>,
    /// `ironraft` when it is read here, `clients` when only clients read it, `nobody` when it cannot be set.
    pub read_by: String,
    /// Why it cannot be set.
    pub refused: Option<String>,
}

/// A subnet, and how many of its addresses are used.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = CountedSubnet)]
pub struct Subnet {
    /// As MAAS's API shows it.
    #[serde(flatten)]
    pub subnet: api::subnets::Subnet,
    /// How many addresses hosts can have; null where that is more than a program can count exactly.
    pub addresses_total: Option<u64>,
    /// How many of them machines, devices, controllers, users and names have, or clients of DHCP use.
    pub addresses_used: Option<u64>,
}

/// A user, with the number that stands for it in the watch.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = NumberedUser)]
pub struct User {
    /// As MAAS's API shows it.
    #[serde(flatten)]
    pub user: api::users::User,
    /// Its id: a name may be another user's later, the id never is.
    pub id: u32,
}

/// All users, by name.
///
/// # Errors
/// [`Problem`].
pub async fn users(request: &Request) -> Result<Vec<Value>, Problem> {
    let mut users = request.list_with("users/", Params::default()).await?;
    for user in users.iter_mut().filter_map(Value::as_object_mut) {
        let name = user.get("username").and_then(Value::as_str).unwrap_or_default().to_owned();
        let row = request.view.find(&USER_BY_NAME, &name);
        let row = row.map_err(|error| Problem::of(error.kind(), error.to_string()))?;
        if let Some(row) = row {
            user.insert("id".to_owned(), row.id.0.into());
        }
    }
    Ok(users)
}

/// The greatest number that every program reads exactly from JSON.
const EXACT_MAX: u128 = 1 << 53;

/// All subnets. What is used is counted from what is in memory.
///
/// # Errors
/// [`Problem`].
pub async fn subnets(request: &Request) -> Result<Vec<Value>, Problem> {
    let mut subnets = request.list_with("subnets/", Params::default()).await?;
    let state = request.view.state();
    let now = now();
    let mut leased: BTreeMap<SubnetId, u128> = BTreeMap::new();
    for range in state.dynamic_ranges() {
        *leased.entry(range.subnet).or_default() +=
            u128::from(state.promised_of(range, now).active);
    }
    for subnet in subnets.iter_mut().filter_map(Value::as_object_mut) {
        let cidr = subnet.get("cidr").and_then(Value::as_str).and_then(|text| text.parse().ok());
        let id = subnet.get("id").and_then(|id| serde_json::from_value(id.clone()).ok());
        let (Some(cidr), Some(id)) = (cidr, id) else { continue };
        let hosts = AddressRange::hosts_of(cidr);
        let held: u128 = state.used(hosts).iter().map(AddressRange::size).sum();
        let used = held + leased.get(&id).copied().unwrap_or_default();
        let told = |count: u128| u64::try_from(count).ok().filter(|_| count <= EXACT_MAX);
        subnet.insert("addresses_total".to_owned(), told(hosts.size()).into());
        subnet.insert("addresses_used".to_owned(), told(used).into());
    }
    Ok(subnets)
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
    let choices = known.form.choices();
    let (min, max) = known.form.bounds().unzip();
    Ok(Setting {
        name: known.name.to_owned(),
        value,
        default: known.default.value(),
        doc: known.doc.to_owned(),
        kind: known.form.name().to_owned(),
        choices: choices.map(|all| all.iter().map(|one| (*one).to_owned()).collect()),
        min,
        max,
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
