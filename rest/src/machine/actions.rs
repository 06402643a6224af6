//! `machines/{system_id}/`: one machine, and what can be done with it; and the parts of a node.

use std::time::Duration;

use crate::problem::Problem;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::error::Kind;
use model::id::{ResourcePoolId, SystemId};
use model::machine::Machine;
use model::machine::power::{PowerAction, PowerJob};
use model::pool::ResourcePool;
use serde_json::{Value, json};

use crate::call::Call;
use crate::machine::machines::{domain_of, invalid_choice, one, power_parameters_of, zone_of};
use crate::machine::shape;
use crate::operation::Operation;
use crate::reply::Reply;
use crate::shapes::Shapes;
use ops::image::boot_resources::WantedImage;
use ops::machine::actions::{Acting, DeployRequest};
use ops::machine::credentials;
use ops::machine::machines::{self, MachineChange};
use ops::power;
use tables::read::{Reads, View};
use tables::row::prefix;
use tables::site::POOL_BY_NAME;

const HANDLER: &str = "MachineHandler";
const PATH: &str = "machines/{system_id}/";
const NODE_PATH: &str = "nodes/{system_id}/";

/// How long a power query waits for a rack's answer.
const QUERY_PATIENCE: Duration = Duration::from_secs(20);

/// The operations on one machine.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(HANDLER, PATH, |call| Box::pin(read(call))).doc("Read a machine."),
    Operation::get("NodeHandler", NODE_PATH, |call| Box::pin(read(call))).doc("Read a node."),
    Operation::put(HANDLER, PATH, |call| Box::pin(update(call))).admin().doc(
        "Change a machine.\n\n:param hostname: Its name.\n:param description: Free text.\n\
         :param domain: Its domain.\n:param architecture: Its architecture.\n\
         :param zone: Its zone.\n:param pool: Its resource pool.\n\
         :param power_type: Its power driver.\n\
         :param power_parameters_{param}: A parameter of the driver.\n\
         :param cpu_count: Its CPUs.\n:param memory: Its memory in MiB.",
    ),
    Operation::delete(HANDLER, PATH, |call| Box::pin(delete(call)))
        .admin()
        .doc("Delete a machine.\n\n:param force: Accepted for compatibility."),
    Operation::post(HANDLER, PATH, |call| Box::pin(commission(call)))
        .op("commission")
        .doc("Examine the hardware.\n\n:param testing_scripts: Accepted; no tests are run."),
    Operation::post(HANDLER, PATH, |call| Box::pin(deploy(call))).op("deploy").doc(
        "Install an operating system.\n\n:param distro_series: Which one, `bookworm`.\n\
         :param osystem: The operating system, `debian`.\n\
         :param user_data: cloud-init user data in base64.\n\
         :param agent_name: What the caller's software calls itself.\n:param comment: Why.",
    ),
    Operation::post(HANDLER, PATH, |call| Box::pin(release(call))).op("release").doc(
        "Give a machine back.\n\n:param erase: Whether to erase its disks.\n\
         :param quick_erase: Accepted; erasing is always quick.\n\
         :param secure_erase: Accepted; erasing is always quick.\n\
         :param comment: Why.\n:param force: Accepted for compatibility.",
    ),
    Operation::post(HANDLER, PATH, |call| Box::pin(abort(call)))
        .op("abort")
        .doc("End what is under way.\n\n:param comment: Why."),
    Operation::post(HANDLER, PATH, |call| Box::pin(power_on(call)))
        .op("power_on")
        .doc("Switch on.\n\n:param comment: Why."),
    Operation::post(HANDLER, PATH, |call| Box::pin(power_off(call)))
        .op("power_off")
        .doc("Switch off.\n\n:param stop_mode: `hard` or `soft`.\n:param comment: Why."),
    Operation::get(HANDLER, PATH, |call| Box::pin(query_power_state(call)))
        .op("query_power_state")
        .doc("Ask the BMC for the power state."),
    Operation::get(HANDLER, PATH, |call| Box::pin(power_parameters(call)))
        .op("power_parameters")
        .admin()
        .doc("Read the power parameters, secrets included."),
    Operation::post(HANDLER, PATH, |call| Box::pin(mark_broken(call)))
        .op("mark_broken")
        .doc("Take out of use.\n\n:param comment: Why.\n:param error_description: Why."),
    Operation::post(HANDLER, PATH, |call| Box::pin(mark_fixed(call)))
        .op("mark_fixed")
        .doc("Put back into use.\n\n:param comment: Why."),
    Operation::post(HANDLER, PATH, |call| Box::pin(lock(call, true)))
        .op("lock")
        .doc("Lock a deployed machine.\n\n:param comment: Why."),
    Operation::post(HANDLER, PATH, |call| Box::pin(lock(call, false)))
        .op("unlock")
        .doc("Unlock a machine.\n\n:param comment: Why."),
    Operation::get(HANDLER, PATH, |call| Box::pin(get_token(call)))
        .op("get_token")
        .admin()
        .doc("Read the credentials of the system on it."),
    Operation::get("InterfacesHandler", "nodes/{system_id}/interfaces/", |call| {
        Box::pin(interfaces(call))
    })
    .doc("List interfaces."),
    Operation::get("InterfaceHandler", "nodes/{system_id}/interfaces/{id}/", |call| {
        Box::pin(interface(call))
    })
    .doc("Read an interface."),
    Operation::get("BlockDevicesHandler", "nodes/{system_id}/blockdevices/", |call| {
        Box::pin(block_devices(call))
    })
    .doc("List block devices."),
    Operation::get("BlockDeviceHandler", "nodes/{system_id}/blockdevices/{id}/", |call| {
        Box::pin(block_device(call))
    })
    .doc("Read a block device."),
];

async fn read(call: Call) -> Result<Reply, Problem> {
    let machine = machine_of(&call, &call.view().await?)?;
    one(&call, &machine).await
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let id = id_of(&call)?;
    let change = change_of(&call).await?;
    let cause = call.cause("machine.update");
    let machine = machines::update(&call.parts.tables, &cause, &id, &change).await?;
    one(&call, &machine).await
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id = id_of(&call)?;
    machines::delete(&call.parts.tables, &call.cause("machine.delete"), &id).await?;
    Ok(Reply::no_content())
}

async fn commission(call: Call) -> Result<Reply, Problem> {
    let parts = ActingParts::of(&call, "machine.commission")?;
    one(&call, &parts.acting(&call).commission().await?).await
}

async fn deploy(call: Call) -> Result<Reply, Problem> {
    let text = |name: &str| call.params.get(name).filter(|text| !text.is_empty());
    let request = DeployRequest {
        image: WantedImage {
            osystem: text("osystem").map(str::to_owned),
            distro_series: text("distro_series").map(str::to_owned),
        },
        user_data: call.params.file("user_data").filter(|data| !data.is_empty()).map(|data| {
            // MAAS takes base64; whatever is not base64 is taken as it is.
            let letters: Vec<u8> =
                data.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            STANDARD.decode(&letters).unwrap_or_else(|_| data.to_vec()).into()
        }),
        agent_name: text("agent_name").map(str::to_owned),
    };
    let parts = ActingParts::of(&call, "machine.deploy")?;
    one(&call, &parts.acting(&call).deploy(&request).await?).await
}

async fn release(call: Call) -> Result<Reply, Problem> {
    let erase = call.params.boolean("erase")?.unwrap_or(false);
    let parts = ActingParts::of(&call, "machine.release")?;
    one(&call, &parts.acting(&call).release(erase).await?).await
}

async fn abort(call: Call) -> Result<Reply, Problem> {
    let parts = ActingParts::of(&call, "machine.abort")?;
    one(&call, &parts.acting(&call).abort().await?).await
}

async fn power_on(call: Call) -> Result<Reply, Problem> {
    let parts = ActingParts::of(&call, "machine.power_on")?;
    one(&call, &parts.acting(&call).switch(PowerAction::On).await?).await
}

async fn power_off(call: Call) -> Result<Reply, Problem> {
    let parts = ActingParts::of(&call, "machine.power_off")?;
    one(&call, &parts.acting(&call).switch(PowerAction::Off).await?).await
}

async fn mark_broken(call: Call) -> Result<Reply, Problem> {
    let given = call.params.get("comment").or_else(|| call.params.get("error_description"));
    let message = given.unwrap_or_default().to_owned();
    let parts = ActingParts::of(&call, "machine.mark_broken")?;
    one(&call, &parts.acting(&call).mark_broken(message).await?).await
}

async fn mark_fixed(call: Call) -> Result<Reply, Problem> {
    let parts = ActingParts::of(&call, "machine.mark_fixed")?;
    one(&call, &parts.acting(&call).mark_fixed().await?).await
}

async fn lock(call: Call, locked: bool) -> Result<Reply, Problem> {
    let parts = ActingParts::of(&call, "machine.lock")?;
    one(&call, &parts.acting(&call).set_locked(locked).await?).await
}

/// Has a rack ask the BMC, and waits for what it says; the last known state when none answers.
async fn query_power_state(call: Call) -> Result<Reply, Problem> {
    let tables = &call.parts.tables;
    let before = machine_of(&call, &call.view().await?)?;
    if before.power.is_switchable() {
        power::query(tables, &before.system_id).await.map_err(ops::error::Refusal::from)?;
        // Whatever ends the wait, the present state is the answer.
        let _ = tokio::time::timeout(QUERY_PATIENCE, job_ended(&call, &before.system_id)).await;
    }
    let machine = machine_of(&call, &call.view().await?)?;
    Ok(Reply::json(&json!({ "state": shape::power_state(machine.power.state) })))
}

async fn job_ended(call: &Call, id: &SystemId) -> Result<(), Problem> {
    loop {
        let view = call.view().await?;
        if view.get::<PowerJob>(id)?.is_none() {
            return Ok(());
        }
        let store = call.parts.tables.store();
        match store.watch(vec![prefix::<PowerJob>()], view.revision()).await {
            Ok(mut changes) => drop(changes.next().await),
            Err(error) => return Err(Problem::text(Kind::Unavailable, error.to_string())),
        }
    }
}

async fn power_parameters(call: Call) -> Result<Reply, Problem> {
    let machine = machine_of(&call, &call.view().await?)?;
    Ok(Reply::json(&machine.power.parameters))
}

async fn get_token(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let machine = machine_of(&call, &view)?;
    let token = credentials::of_machine(&view, &machine)?;
    let shape = token.map_or(Value::Null, |token| {
        json!({
            "token_key": token.key,
            "token_secret": token.secret.expose(),
            "consumer_key": token.consumer_key,
        })
    });
    Ok(Reply::json(&shape))
}

async fn interfaces(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let machine = machine_of(&call, &view)?;
    let shapes = Shapes::new(&view);
    let mut found = Vec::new();
    for interface in &machine.interfaces {
        found.push(shape::interface(&shapes, &machine, interface)?);
    }
    Ok(Reply::json(&found))
}

async fn interface(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let machine = machine_of(&call, &view)?;
    let wanted = call.segment("id");
    let named = machine
        .interfaces
        .iter()
        .find(|interface| interface.id.to_string() == wanted || interface.name == wanted);
    let interface = named.ok_or_else(|| Problem::not_found("Interface"))?;
    Ok(Reply::json(&shape::interface(&Shapes::new(&view), &machine, interface)?))
}

async fn block_devices(call: Call) -> Result<Reply, Problem> {
    let machine = machine_of(&call, &call.view().await?)?;
    let disks = machine.block_devices.iter();
    let found: Vec<Value> = disks.map(|disk| shape::block_device(&machine, disk)).collect();
    Ok(Reply::json(&found))
}

async fn block_device(call: Call) -> Result<Reply, Problem> {
    let machine = machine_of(&call, &call.view().await?)?;
    let wanted = call.segment("id");
    let named = machine
        .block_devices
        .iter()
        .find(|disk| disk.id.to_string() == wanted || disk.name == wanted);
    let disk = named.ok_or_else(|| Problem::not_found("BlockDevice"))?;
    Ok(Reply::json(&shape::block_device(&machine, disk)))
}

fn id_of(call: &Call) -> Result<SystemId, Problem> {
    call.id("system_id", "Machine")
}

fn machine_of(call: &Call, view: &View) -> Result<Machine, Problem> {
    Ok(machines::get(view, &id_of(call)?)?)
}

async fn change_of(call: &Call) -> Result<MachineChange, Problem> {
    let params = &call.params;
    let view = call.view().await?;
    let text = |name: &str| params.get(name).map(str::to_owned);
    let given = |name: &str| params.get(name).filter(|text| !text.is_empty());
    let number = "Enter a whole number.";
    Ok(MachineChange {
        hostname: given("hostname").map(str::to_owned),
        description: text("description"),
        domain: given("domain").map(|text| domain_of(&view, text)).transpose()?,
        architecture: given("architecture").map(str::to_owned),
        zone: given("zone").map(|text| zone_of(&view, text)).transpose()?,
        pool: given("pool").map(|text| pool_of(&view, text)).transpose()?,
        power_type: given("power_type").map(str::to_owned),
        power_parameters: power_parameters_of(params)?,
        cpu_count: params.parsed("cpu_count", number)?,
        memory_mib: params.parsed("memory", number)?,
    })
}

fn pool_of(view: &View, text: &str) -> Result<ResourcePoolId, Problem> {
    if let Some(pool) = view.find(&POOL_BY_NAME, &text.to_owned())? {
        return Ok(pool.id);
    }
    let by_id = text.parse().ok().map(ResourcePoolId);
    let known = by_id.map_or(Ok(None), |id| view.get::<ResourcePool>(&id))?;
    known.map(|pool| pool.id).ok_or_else(|| invalid_choice("pool"))
}

/// What an action on a machine borrows.
struct ActingParts {
    cause: tables::update::Cause,
    user: model::user::User,
    machine: SystemId,
}

impl ActingParts {
    fn of(call: &Call, reason: &'static str) -> Result<Self, Problem> {
        Ok(Self { cause: call.cause(reason), user: call.user()?.clone(), machine: id_of(call)? })
    }

    fn acting<'a>(&'a self, call: &'a Call) -> Acting<'a> {
        let tables = &call.parts.tables;
        Acting { tables, cause: &self.cause, user: &self.user, machine: &self.machine }
    }
}
