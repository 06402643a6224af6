//! `machines/`: the list with MAAS's filters, machines made by hand, allocation and bulk actions.

use crate::problem::Problem;
use api::field_errors::FieldErrors;
use model::dns::domain::Domain;
use model::id::{AvailabilityZoneId, DomainId, SystemId};
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::power::Power;
use model::machine::power::parameters::PowerParameters;
use model::machine::status::Status;
use model::zone::AvailabilityZone;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::machine::shape;
use crate::operation::Operation;
use crate::params::Params;
use crate::reply::Reply;
use crate::shapes::Shapes;
use ops::error::Refusal;
use ops::machine::actions::Acting;
use ops::machine::allocate::{self, AllocateRequest};
use ops::machine::enlist::NewMachine;
use ops::machine::filter::{Filter, facts};
use ops::machine::machines;
use tables::machines::MACHINE_BY_MAC;
use tables::names::DOMAIN_BY_NAME;
use tables::read::{Reads, View};
use tables::site::ZONE_BY_NAME;

const HANDLER: &str = "MachinesHandler";
const PATH: &str = "machines/";

/// Parameters of an allocation that are no constraints.
const ALLOCATE_OPTIONS: &[&str] = &[
    "agent_name",
    "comment",
    "dry_run",
    "verbose",
    "bridge_all",
    "bridge_type",
    "bridge_stp",
    "bridge_fd",
];

/// Prefix of OAuth parameters, which may come in the query.
const OAUTH: &str = "oauth_";

/// The operations on all machines.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(HANDLER, PATH, |call| Box::pin(list(call))).doc(
        "List machines.\n\nConstraints may be repeated; names with `not_` are their opposites.\n\n\
         :param hostname: Only machines with this name.\n\
         :param system_id: Only machines with this id.\n\
         :param id: Only machines with this id.\n\
         :param mac_address: Only machines with this hardware address.\n\
         :param domain: Only machines in this domain.\n\
         :param zone: Only machines in this zone.\n\
         :param pool: Only machines in this resource pool.\n\
         :param tags: Only machines with all of these tags.\n\
         :param status: Only machines in this status, `ready`.\n\
         :param owner: Only machines of this user.\n\
         :param arch: Only machines of this architecture.\n\
         :param cpu_count: Only machines with at least so many CPUs.\n\
         :param mem: Only machines with at least so much memory in MiB.",
    ),
    Operation::post(HANDLER, PATH, |call| Box::pin(create(call))).admin().doc(
        "Create a machine.\n\n\
         :param architecture: Its architecture, `amd64/generic`.\n\
         :param mac_addresses: Its hardware addresses; may be repeated.\n\
         :param hostname: Its name. One is generated if it is absent.\n\
         :param description: Free text.\n\
         :param domain: Its domain.\n\
         :param power_type: Its power driver, `ipmi` or `manual`.\n\
         :param power_parameters_{param}: A parameter of the driver.\n\
         :param commission: Whether to commission it at once; true by default.",
    ),
    Operation::post(HANDLER, PATH, |call| Box::pin(allocate(call))).op("allocate").doc(
        "Allocate a Ready machine that meets the constraints, those of the list.\n\n\
         :param name: The machine's name.\n\
         :param system_id: The machine's id.\n\
         :param arch: Its architecture.\n\
         :param cpu_count: At least so many CPUs.\n\
         :param mem: At least so much memory in MiB.\n\
         :param tags: All of these tags.\n\
         :param not_tags: None of these tags.\n\
         :param zone: Its zone.\n\
         :param pool: Its resource pool.\n\
         :param subnets: On one of these subnets.\n\
         :param storage: Its disks, `label:size(tag,tag),…` in GB.\n\
         :param interfaces: Its interfaces, `label:key=value,…;…`.\n\
         :param agent_name: What the caller's software calls itself.\n\
         :param dry_run: Whether to tell only which machine it would be.\n\
         :param verbose: Whether to explain.\n\
         :param comment: Why, for the event log.",
    ),
    Operation::post(HANDLER, PATH, |call| Box::pin(release(call))).op("release").doc(
        "Release machines; all or none.\n\n\
         :param machines: Their ids; may be repeated.\n:param comment: Why.",
    ),
    Operation::get(HANDLER, PATH, |call| Box::pin(list_allocated(call)))
        .op("list_allocated")
        .doc("List the caller's machines.\n\n:param id: Only machines with this id."),
    Operation::get(HANDLER, PATH, |call| Box::pin(power_parameters(call)))
        .op("power_parameters")
        .admin()
        .doc("Power parameters by machine.\n\n:param id: Their ids; may be repeated."),
    Operation::get(HANDLER, PATH, |call| Box::pin(is_registered(call)))
        .op("is_registered")
        .anonymous()
        .doc("Whether a hardware address is known.\n\n:param mac_address: The address."),
    Operation::post(HANDLER, PATH, |call| Box::pin(accept_all(call)))
        .op("accept_all")
        .admin()
        .doc("Commission every New machine."),
    Operation::post(HANDLER, PATH, |call| Box::pin(accept(call)))
        .op("accept")
        .admin()
        .doc("Commission New machines.\n\n:param machines: Their ids; may be repeated."),
    Operation::post(HANDLER, PATH, |call| Box::pin(set_zone(call)))
        .op("set_zone")
        .admin()
        .doc("Set the zone of machines.\n\n:param zone: Its name.\n:param nodes: Their ids."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let filter = filter_of(&call.params, &[])?;
    let view = call.view().await?;
    let unknown = filter.unknown_tags(&view)?;
    if !unknown.is_empty() {
        let message = format!("No such tag(s): '{}'.", unknown.join("', '"));
        return Err(Problem::field("tags", message));
    }
    let mut found = Vec::new();
    for machine in in_order(&view)? {
        if filter.matches(&machine, &facts(&view, &machine)?) {
            found.push(machine);
        }
    }
    reply(&view, &found)
}

async fn list_allocated(call: Call) -> Result<Reply, Problem> {
    let user = call.user()?.id;
    let filter = filter_of(&call.params, &[])?;
    let view = call.view().await?;
    let mut found = Vec::new();
    for machine in in_order(&view)? {
        let owned = machine.placement.owner == Some(user);
        if owned && filter.matches(&machine, &facts(&view, &machine)?) {
            found.push(machine);
        }
    }
    reply(&view, &found)
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let user = call.user()?.clone();
    let cause = call.cause("machine.create");
    let wanted = new_machine(&call).await?;
    let commission = call.params.boolean("commission")?.unwrap_or(true);
    let tables = &call.parts.tables;
    let machine = machines::create(tables, &cause, &user, &wanted, commission).await?;
    one(&call, &machine).await
}

async fn allocate(call: Call) -> Result<Reply, Problem> {
    let user = call.user()?.clone();
    let is_option = |name: &str| ALLOCATE_OPTIONS.contains(&name) || name.starts_with(OAUTH);
    let constraints = call.params.iter().filter(|(name, _)| !is_option(name));
    let asked = constraints.map(|(name, values)| (name.to_owned(), values.to_vec())).collect();
    let request = AllocateRequest {
        filter: filter_of(&call.params, ALLOCATE_OPTIONS)?,
        asked,
        agent_name: call.params.get("agent_name").unwrap_or_default().to_owned(),
        dry_run: call.params.boolean("dry_run")?.unwrap_or(false),
    };
    let cause = call.cause("machine.allocate");
    let machine = allocate::allocate(&call.parts.tables, &cause, &user, &request).await?;
    let view = call.view().await?;
    let mut shape = shape::machine(&Shapes::new(&view), &machine)?;
    shape["constraints_by_type"] = json!({});
    Ok(Reply::json(&shape))
}

async fn release(call: Call) -> Result<Reply, Problem> {
    let user = call.user()?.clone();
    let cause = call.cause("machine.release");
    let ids = system_ids(&call.params, "machines")?;
    let view = call.view().await?;
    for id in &ids {
        machines::get(&view, id)?;
    }
    let mut released = Vec::new();
    for id in &ids {
        let before = Status::of(&machines::get(&view, id)?.lifecycle);
        let acting = Acting { tables: &call.parts.tables, cause: &cause, user: &user, machine: id };
        let machine = acting.release(false).await?;
        if before != Status::of(&machine.lifecycle) {
            released.push(id.clone());
        }
    }
    Ok(Reply::json(&released))
}

async fn accept(call: Call) -> Result<Reply, Problem> {
    let ids = system_ids(&call.params, "machines")?;
    commission_all(&call, ids).await
}

async fn accept_all(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let new = in_order(&view)?.into_iter();
    let new = new.filter(|machine| Status::of(&machine.lifecycle) == Status::New);
    commission_all(&call, new.map(|machine| machine.system_id).collect()).await
}

async fn commission_all(call: &Call, ids: Vec<SystemId>) -> Result<Reply, Problem> {
    let user = call.user()?.clone();
    let cause = call.cause("machine.accept");
    let mut accepted = Vec::new();
    for id in &ids {
        let acting = Acting { tables: &call.parts.tables, cause: &cause, user: &user, machine: id };
        accepted.push(acting.commission().await?);
    }
    reply(&call.view().await?, &accepted)
}

async fn power_parameters(call: Call) -> Result<Reply, Problem> {
    let ids = call.params.all("id");
    let view = call.view().await?;
    let mut shapes = Map::new();
    for machine in in_order(&view)? {
        let id = machine.system_id.as_str();
        if ids.is_empty() || ids.iter().any(|wanted| wanted == id) {
            shapes.insert(id.to_owned(), json!(machine.power.parameters));
        }
    }
    Ok(Reply::json(&Value::Object(shapes)))
}

async fn is_registered(call: Call) -> Result<Reply, Problem> {
    let text = call.params.required("mac_address")?;
    let mac: Option<MacAddress> = text.parse().ok();
    let view = call.view().await?;
    let known = mac.map_or(Ok(None), |mac| view.find(&MACHINE_BY_MAC, &mac))?;
    Ok(Reply::json(&known.is_some()))
}

async fn set_zone(call: Call) -> Result<Reply, Problem> {
    let cause = call.cause("machine.set_zone");
    let view = call.view().await?;
    let zone = zone_of(&view, call.params.required("zone")?)?;
    let ids = system_ids(&call.params, "nodes")?;
    machines::set_zone(&call.parts.tables, &cause, &ids, zone).await?;
    Ok(Reply::json(&Value::Null))
}

/// The answer with one machine.
///
/// # Errors
/// 503 without a quorum.
pub(crate) async fn one(call: &Call, machine: &Machine) -> Result<Reply, Problem> {
    let view = call.view().await?;
    Ok(Reply::json(&shape::machine(&Shapes::new(&view), machine)?))
}

/// A zone by name or id.
///
/// # Errors
/// 400 on `zone`.
pub(crate) fn zone_of(view: &View, text: &str) -> Result<AvailabilityZoneId, Problem> {
    if let Some(zone) = view.find(&ZONE_BY_NAME, &text.to_owned())? {
        return Ok(zone.id);
    }
    let by_id = text.parse().ok().map(AvailabilityZoneId);
    let known = by_id.map_or(Ok(None), |id| view.get::<AvailabilityZone>(&id))?;
    known.map(|zone| zone.id).ok_or_else(|| invalid_choice("zone"))
}

/// A domain by name or id.
///
/// # Errors
/// 400 on `domain`.
pub(crate) fn domain_of(view: &View, text: &str) -> Result<DomainId, Problem> {
    if let Some(domain) = view.find(&DOMAIN_BY_NAME, &text.to_lowercase())? {
        return Ok(domain.id);
    }
    let by_id = text.parse().ok().map(DomainId);
    let known = by_id.map_or(Ok(None), |id| view.get::<Domain>(&id))?;
    known.map(|domain| domain.id).ok_or_else(|| invalid_choice("domain"))
}

pub(crate) fn invalid_choice(field: &str) -> Problem {
    let message =
        "Select a valid choice. That choice is not one of the available choices.".to_owned();
    Problem::field(field, message)
}

/// `power_parameters_<name>=…` for each, or all of them as JSON in `power_parameters`.
///
/// # Errors
/// 400 on `power_parameters`.
pub(crate) fn power_parameters_of(params: &Params) -> Result<PowerParameters, Problem> {
    let mut found = PowerParameters::default();
    if let Some(text) = params.get("power_parameters").filter(|text| !text.is_empty()) {
        let wrong = |_| Problem::field("power_parameters", "Invalid JSON object.");
        let object: Map<String, Value> = serde_json::from_str(text).map_err(wrong)?;
        found.extend(object.into_iter().map(|(name, value)| match value {
            Value::String(text) => (name, text),
            other => (name, other.to_string()),
        }));
    }
    for (name, values) in params.iter() {
        let name = name.strip_prefix("power_parameters_").filter(|name| *name != "skip_check");
        if let (Some(name), Some(value)) = (name, values.last()) {
            found.insert(name, value.as_str());
        }
    }
    Ok(found)
}

async fn new_machine(call: &Call) -> Result<NewMachine, Problem> {
    let params = &call.params;
    let text = |name: &str| params.get(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let mut errors = FieldErrors::default();
    let mut macs = Vec::new();
    for value in params.items("mac_addresses").unwrap_or_default() {
        match value.parse::<MacAddress>() {
            Ok(mac) => macs.push(mac),
            Err(_) => errors.add("mac_addresses", format!("'{value}' is not a valid MAC address.")),
        }
    }
    errors.finish()?;
    let domain = match params.get("domain").filter(|text| !text.is_empty()) {
        Some(text) => Some(domain_of(&call.view().await?, text)?),
        None => None,
    };
    let sub = text("subarchitecture");
    let architecture = text("architecture").unwrap_or_default();
    let architecture = match sub {
        Some(sub) if !architecture.contains('/') => format!("{architecture}/{sub}"),
        _ => architecture,
    };
    Ok(NewMachine {
        hostname: text("hostname"),
        description: text("description").unwrap_or_default(),
        domain,
        architecture,
        macs,
        power: Power {
            driver: text("power_type").unwrap_or_default(),
            parameters: power_parameters_of(params)?,
            ..Power::default()
        },
    })
}

fn filter_of(params: &Params, ignored: &[&str]) -> Result<Filter, Problem> {
    let constraints = params.iter().filter(|(name, _)| !name.starts_with(OAUTH));
    Ok(Filter::parse(constraints, ignored)?)
}

fn system_ids(params: &Params, name: &str) -> Result<Vec<SystemId>, Problem> {
    let texts = params.items(name).unwrap_or_default();
    let unknown = |text: &String| {
        let message = format!("Unknown machine(s): {text}.");
        Problem::from(Refusal::said(model::error::Kind::Invalid, message))
    };
    texts.iter().map(|text| text.parse().map_err(|_| unknown(text))).collect()
}

/// All machines, oldest first, as MAAS lists them.
fn in_order(view: &View) -> Result<Vec<Machine>, Problem> {
    let mut machines = view.list::<Machine>()?;
    machines.sort_by(|a, b| (a.created, &a.system_id).cmp(&(b.created, &b.system_id)));
    Ok(machines)
}

fn reply(view: &View, machines: &[Machine]) -> Result<Reply, Problem> {
    let shapes = Shapes::new(view);
    let mut found = Vec::with_capacity(machines.len());
    for machine in machines {
        found.push(shape::machine(&shapes, machine)?);
    }
    Ok(Reply::json(&found))
}
