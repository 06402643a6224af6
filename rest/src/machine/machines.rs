//! `machines/`: the list with MAAS's filters, machines made by hand, allocation and bulk actions.

use std::collections::BTreeMap;

use api::field_errors::FieldErrors;
use model::access::Permission;
use model::error::Kind;
use model::id::SystemId;
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::architecture::ARCHITECTURES;
use model::machine::interface::bridge::Bridge;
use model::machine::power::Power;
use model::machine::power::parameters::PowerParameters;
use model::machine::storage::config::Place;
use ops::machine::actions::MachineCommands;
use ops::machine::allocate::{self, AllocateRequest, Allocation};
use ops::machine::bulk;
use ops::machine::create::{self, CreateRequest};
use ops::machine::enlist::NewMachine;
use ops::machine::filter::Filter;
use ops::machine::interfaces::update::bridge_of;
use ops::machine::list::{self, MachineDetail};
use ops::machine::machines;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::machine::constraints::{BY_SYSTEM_ID, CONSTRAINTS, LIST};
use crate::machine::erasing::{self, ERASING};
use crate::machine::interface_params::{self, BRIDGE_FD, BRIDGE_STP, BRIDGE_TYPE};
use crate::machine::{by_mac, refused, shape};
use crate::operation::Operation;
use crate::param::{Param, Spec, joined};
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;

const HANDLER: &str = "MachinesHandler";
const PATH: &str = "machines/";

/// Prefix of OAuth parameters, which may come in the query.
pub(crate) const OAUTH: &str = "oauth_";

/// The parameters of an allocation besides constraints.
const OPTIONS: [Spec; 8] = joined::<4, 4, 8>(
    [AGENT_NAME.optional(), COMMENT.optional(), DRY_RUN.optional(), VERBOSE.optional()],
    BRIDGES,
);

/// The parameters of an allocation.
const ALLOCATE: &[Spec] = &joined::<47, 8, 55>(CONSTRAINTS, OPTIONS);

/// What asks for bridges over the interfaces of a machine.
pub(crate) const BRIDGES: [Spec; 4] =
    [BRIDGE_ALL.optional(), BRIDGE_TYPE.optional(), BRIDGE_STP.optional(), BRIDGE_FD.optional()];

const BRIDGE_ALL: Param<bool> = Param::boolean(
    "bridge_all",
    "Whether to make a bridge over each interface that is configured, until the machine is released.",
);

const ARCHITECTURE: Param<String> =
    Param::text("architecture", "Its architecture, `amd64/generic`; needed without a BMC.");
const SUBARCHITECTURE: Param<String> =
    Param::text("subarchitecture", "The second part of its architecture.");
const MAC_ADDRESSES: Param<String> = Param::text("mac_addresses", "Its hardware addresses.");
const HOSTNAME: Param<String> = Param::text("hostname", "Its name; generated if it is absent.");
const DESCRIPTION: Param<String> = Param::text("description", "Free text.");
const DOMAIN: Param<String> = Param::text("domain", "Its domain, by name or id.");
const COMMISSION: Param<bool> = Param::boolean(
    "commission",
    "Whether to commission it at once; true by default, and for administrators only.",
);
const DEPLOYED: Param<bool> = Param::boolean(
    "deployed",
    "Whether it runs already and is the caller's: nothing is done to it, whatever `commission` says.",
);
const AGENT_NAME: Param<String> =
    Param::text("agent_name", "What the caller's software calls itself.");
const VERBOSE: Param<bool> =
    Param::boolean("verbose", "Whether `constraints_by_type` names the machine, too.");
const DRY_RUN: Param<bool> =
    Param::boolean("dry_run", "Whether to tell only which machine it would be.");
const MACHINES: Param<String> = Param::text("machines", "Their ids.");
const ID: Param<String> = Param::text("id", "Their ids.");
const ZONE: Param<String> = Param::text("zone", "Its name or id.");
const POOL: Param<String> = Param::text("pool", "Its pool, by name or id.");
const NODES: Param<String> = Param::text("nodes", "Their ids.");

/// Why something is done: an event of the machine says it.
pub(crate) const COMMENT: Param<String> = Param::text("comment", "Why, for the event log.");

/// Its power driver.
pub(crate) const POWER_TYPE: Param<String> =
    Param::text("power_type", "Its power driver, `ipmi` or `manual`.");

/// A parameter of its power driver.
pub(crate) const POWER_PARAMETER: Param<String> =
    Param::text("power_parameters_{param}", "A parameter of the driver.");

/// All parameters of its power driver.
pub(crate) const POWER_PARAMETERS: Param<String> =
    Param::text("power_parameters", "All parameters of the driver, as a JSON object.");

const RELEASE: &[Spec] = &joined::<3, 2, 5>(ERASING, [MACHINES.repeated(), COMMENT.optional()]);

/// The operations on all machines.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(HANDLER, PATH, |call| Box::pin(list(call)))
        .any_name()
        .doc("List machines.")
        .params(LIST),
    Operation::post(HANDLER, PATH, |call| Box::pin(create(call)))
        .requires(Permission::EnlistMachine)
        .doc("Create a machine; of others than administrators it waits as New to be accepted.")
        .params(&[
            ARCHITECTURE.optional(),
            SUBARCHITECTURE.optional(),
            MAC_ADDRESSES.repeated(),
            HOSTNAME.optional(),
            DESCRIPTION.optional(),
            DOMAIN.optional(),
            ZONE.optional(),
            POOL.optional(),
            POWER_TYPE.optional(),
            POWER_PARAMETERS.optional(),
            POWER_PARAMETER.optional(),
            COMMISSION.optional(),
            DEPLOYED.optional(),
        ])
        .refuses(refused::CREATION),
    Operation::post(HANDLER, PATH, |call| Box::pin(present(call)))
        .anonymous()
        .doc("Present a machine: it waits as New to be accepted by an administrator.")
        .params(&[
            ARCHITECTURE.needed(),
            SUBARCHITECTURE.optional(),
            MAC_ADDRESSES.repeated(),
            HOSTNAME.optional(),
            DESCRIPTION.optional(),
            DOMAIN.optional(),
            POWER_TYPE.optional(),
            POWER_PARAMETERS.optional(),
            POWER_PARAMETER.optional(),
            COMMISSION.optional(),
        ])
        .refuses(refused::PRESENTATION),
    Operation::post(HANDLER, PATH, |call| Box::pin(allocate(call)))
        .op("allocate")
        .requires(Permission::AllocateMachine)
        .any_name()
        .doc("Allocate a Ready machine that meets the constraints.")
        .params(ALLOCATE),
    Operation::post(HANDLER, PATH, |call| Box::pin(release(call)))
        .op("release")
        .doc("Release machines; all or none.")
        .params(RELEASE),
    Operation::get(HANDLER, PATH, |call| Box::pin(list_allocated(call)))
        .op("list_allocated")
        .of_now()
        .any_name()
        .doc("List the caller's machines.")
        .params(LIST),
    Operation::get(HANDLER, PATH, |call| Box::pin(power_parameters(call)))
        .op("power_parameters")
        .of_now()
        .reserved(Permission::ReadMachineSecrets)
        .doc("Power parameters by machine.")
        .params(&[ID.repeated()]),
    by_mac::registered(HANDLER, PATH),
    by_mac::action_in_progress(HANDLER, PATH),
    Operation::post(HANDLER, PATH, |call| Box::pin(accept_all(call)))
        .op("accept_all")
        .doc("Commission every New machine; none where the caller may not."),
    Operation::post(HANDLER, PATH, |call| Box::pin(accept(call)))
        .op("accept")
        .doc("Commission New machines; all or none.")
        .params(&[MACHINES.repeated()]),
    Operation::post(HANDLER, PATH, |_| {
        let message = "You must be logged in to accept machines.";
        Box::pin(async move { Err(Problem::text(Kind::Unauthenticated, message)) })
    })
    .op("accept")
    .anonymous()
    .doc("Refused: only who is known accepts machines."),
    Operation::post(HANDLER, PATH, |call| Box::pin(set_zone(call)))
        .op("set_zone")
        .reserved(Permission::EditMachine)
        .doc("Set the zone of machines.")
        .params(&[ZONE.needed(), NODES.repeated()]),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let filter = filter_of(&call.params, &[])?;
    Ok(shape::list(list::list(&call.parts.tables, &call.actor, &filter, false).await?))
}

async fn list_allocated(call: Call) -> Result<Reply, Problem> {
    let filter = filter_of(&call.params, &[])?;
    Ok(shape::list(list::list(&call.parts.tables, &call.actor, &filter, true).await?))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let request = create_request(&call.params)?;
    let machine = create::create(&call.parts.tables, &call.actor, &request).await?;
    one(&call, machine).await
}

async fn present(call: Call) -> Result<Reply, Problem> {
    let request = create_request(&call.params)?;
    let machine = create::create(&call.parts.tables, &call.actor, &request).await?;
    let detail = list::detail(&call.parts.tables, machine).await?;
    Ok(Reply::json(&shape::presented(&detail)))
}

async fn allocate(call: Call) -> Result<Reply, Problem> {
    let options: Vec<&str> = OPTIONS.iter().map(|option| option.name).collect();
    let is_verbose = VERBOSE.is_set(&call.params)?;
    let sent = call.params.iter().filter(|(name, _)| !name.starts_with(OAUTH));
    let asked = sent.map(|(name, values)| (name.to_owned(), values.to_vec())).collect();
    let request = AllocateRequest {
        filter: filter_of(&call.params, &options)?,
        asked,
        system_id: BY_SYSTEM_ID.named(&call.params),
        comment: COMMENT.named(&call.params),
        agent_name: AGENT_NAME.given(&call.params).unwrap_or_default(),
        dry_run: DRY_RUN.is_set(&call.params)?,
        bridges: bridges_of(&call.params)?,
    };
    let allocation = allocate::allocate(&call.parts.tables, &call.actor, &request).await?;
    let by_type = constraints_by_type(&allocation, is_verbose);
    let detail = list::detail(&call.parts.tables, allocation.machine).await?;
    let mut shape = shape::machine(&detail);
    shape.constraints_by_type = Some(by_type);
    Ok(Reply::json(&shape))
}

/// What bridges are made of over the interfaces of a machine, if they are wanted.
///
/// # Errors
/// 400 that names the field.
pub(crate) fn bridges_of(params: &Params) -> Result<Option<Bridge>, Problem> {
    let bridge = bridge_of(Bridge::default(), &interface_params::bridge_of(params)?)?;
    Ok(BRIDGE_ALL.is_set(params)?.then_some(bridge))
}

/// Which disks and interfaces met which label. Of a verbose answer MAAS makes a list of all machines that met them;
/// here it names the one that was chosen.
fn constraints_by_type(
    Allocation { machine, matches }: &Allocation,
    is_verbose: bool,
) -> BTreeMap<String, Value> {
    let (id, mut by_type) = (machine.system_id.to_string(), BTreeMap::new());
    let keys = |places: &[Place]| places.iter().map(|place| key(*place)).collect::<Vec<_>>();
    if !matches.storage.is_empty() {
        let labels = matches.storage.iter().map(|(label, on)| (label.clone(), json!(keys(on))));
        by_type.insert("storage".to_owned(), Value::Object(labels.collect()));
    }
    let interfaces = matches.interfaces.iter().flatten();
    let interfaces: Vec<(&String, Vec<u32>)> =
        interfaces.map(|(label, ids)| (label, ids.iter().map(|id| id.0).collect())).collect();
    if !interfaces.is_empty() {
        let labels = interfaces.iter().map(|(label, ids)| ((*label).clone(), json!(ids)));
        by_type.insert("interfaces".to_owned(), Value::Object(labels.collect()));
    }
    if is_verbose {
        let named = |place: &Place| match key(*place) {
            Value::String(text) => text,
            number => number.to_string(),
        };
        let disks = matches
            .storage
            .iter()
            .flat_map(|(label, on)| on.iter().map(move |place| (named(place), json!(label))));
        let disks: Map<String, Value> = disks.collect();
        by_type.insert("verbose_storage".to_owned(), json!({ id.clone(): disks }));
        let labels =
            interfaces.iter().map(|(label, ids)| ((*label).clone(), json!({ id.clone(): ids })));
        by_type.insert("verbose_interfaces".to_owned(), Value::Object(labels.collect()));
    }
    by_type
}

/// How MAAS calls a device or partition there: by its number, or `partition:7`.
fn key(place: Place) -> Value {
    match place {
        Place::Device(id) => json!(id.0),
        Place::Partition(id) => json!(format!("partition:{id}")),
    }
}

async fn release(call: Call) -> Result<Reply, Problem> {
    let ids = MACHINES.items(&call.params).unwrap_or_default();
    let comment = COMMENT.named(&call.params);
    let (tables, actor) = (&call.parts.tables, &call.actor);
    let wanted = erasing::of(&call.params)?;
    let released = bulk::release(tables, actor, &ids, wanted, comment.as_deref());
    Ok(Reply::json(&released.await?))
}

async fn accept(call: Call) -> Result<Reply, Problem> {
    let ids = MACHINES.items(&call.params).unwrap_or_default();
    let accepted = bulk::accept(&call.parts.tables, &call.actor, &ids).await?;
    Ok(shape::list(list::of_ids(&call.parts.tables, accepted).await?))
}

async fn accept_all(call: Call) -> Result<Reply, Problem> {
    let accepted = bulk::accept_all(&call.parts.tables, &call.actor).await?;
    Ok(shape::list(list::of_ids(&call.parts.tables, accepted).await?))
}

async fn power_parameters(call: Call) -> Result<Reply, Problem> {
    let ids = ID.all(&call.params);
    let found = machines::all_power_parameters(&call.parts.tables, &call.actor, ids).await?;
    Ok(Reply::json(&found))
}

async fn set_zone(call: Call) -> Result<Reply, Problem> {
    let zone = ZONE.required(&call.params)?;
    let ids = system_ids(&call.params, NODES)?;
    machines::set_zone(&call.parts.tables, &call.actor, &ids, &zone).await?;
    Ok(Reply::json(&Value::Null))
}

/// The answer with a machine that was changed.
///
/// # Errors
/// 503 without a quorum.
pub(crate) async fn one(call: &Call, machine: Machine) -> Result<Reply, Problem> {
    Ok(answer(&list::detail(&call.parts.tables, machine).await?))
}

/// The answer with a machine.
pub(crate) fn answer(detail: &MachineDetail) -> Reply {
    Reply::json(&shape::machine(detail))
}

/// What the caller can have done to a machine.
pub(crate) fn commands<'a>(
    call: &'a Call,
    machine: &'a SystemId,
    comment: Option<&'a str>,
) -> MachineCommands<'a> {
    MachineCommands { tables: &call.parts.tables, actor: &call.actor, machine, comment }
}

/// `power_parameters_<name>=…` for each, or all of them as JSON in `power_parameters`.
///
/// # Errors
/// 400 on `power_parameters`.
pub(crate) fn power_parameters_of(params: &Params) -> Result<PowerParameters, Problem> {
    let mut found = PowerParameters::default();
    if let Some(text) = POWER_PARAMETERS.named(params) {
        let wrong = |_| Problem::field("power_parameters", "Invalid JSON object.");
        let object: Map<String, Value> = serde_json::from_str(&text).map_err(wrong)?;
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

fn create_request(params: &Params) -> Result<CreateRequest, Problem> {
    let mut errors = FieldErrors::default();
    let mut macs = Vec::new();
    for value in MAC_ADDRESSES.items(params).unwrap_or_default() {
        match value.parse::<MacAddress>() {
            Ok(mac) => macs.push(mac),
            Err(_) => errors.add("mac_addresses", format!("'{value}' is not a valid MAC address.")),
        }
    }
    errors.finish()?;
    let architecture = ARCHITECTURE.named(params).unwrap_or_default();
    let architecture = match SUBARCHITECTURE.named(params) {
        Some(sub) if !architecture.contains('/') => format!("{architecture}/{sub}"),
        None if ARCHITECTURES.contains(&architecture.as_str()) => format!("{architecture}/generic"),
        _ => architecture,
    };
    let machine = NewMachine {
        hostname: HOSTNAME.named(params),
        description: DESCRIPTION.named(params).unwrap_or_default(),
        domain: None,
        architecture,
        macs,
        power: Power {
            driver: POWER_TYPE.named(params).unwrap_or_default(),
            parameters: power_parameters_of(params)?,
            ..Power::default()
        },
    };
    let commission = COMMISSION.of(params)?.unwrap_or(true);
    Ok(CreateRequest {
        machine,
        domain: DOMAIN.named(params),
        zone: ZONE.named(params),
        pool: POOL.named(params),
        commission,
        deployed: DEPLOYED.is_set(params)?,
    })
}

/// What a list is filtered by, but for parameters that are none of its constraints.
///
/// # Errors
/// 400 that names what is wrong.
pub(crate) fn filter_of(params: &Params, ignored: &[&str]) -> Result<Filter, Problem> {
    let constraints = params.iter().filter(|(name, _)| !name.starts_with(OAUTH));
    Ok(Filter::parse(constraints, ignored)?)
}

fn system_ids(params: &Params, param: Param<String>) -> Result<Vec<SystemId>, Problem> {
    let texts = param.items(params).unwrap_or_default();
    let unknown =
        |text: &String| Problem::text(Kind::Invalid, format!("Unknown machine(s): {text}."));
    texts.iter().map(|text| text.parse().map_err(|_| unknown(text))).collect()
}
