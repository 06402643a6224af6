//! `machines/{system_id}/`: one machine, and what can be done with it.

use std::time::Duration;

use api::machines::{MachineToken, PowerState};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::access::Permission;
use model::id::SystemId;
use model::machine::lifecycle::Kept;
use model::machine::power::PowerAction;
use model::secret::SecretBytes;
use ops::image::boot_resources::WantedImage;
use ops::machine::actions::DeployRequest;
use ops::machine::interfaces::{gateways, initial};
use ops::machine::list::MachineDetail;
use ops::machine::machines::{self, MachineChange};
use ops::power;

use crate::call::Call;
use crate::machine::erasing::{self, ERASING};
use crate::machine::machines::{
    BRIDGES, COMMENT, OAUTH, POWER_PARAMETER, POWER_PARAMETERS, POWER_TYPE, answer, bridges_of,
    commands, one, power_parameters_of,
};
use crate::machine::{refused, shape};
use crate::operation::Operation;
use crate::param::{Param, Spec, joined};
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;

const HANDLER: &str = "MachineHandler";
const PATH: &str = "machines/{system_id}/";

/// How long a power query waits for a rack's answer.
const QUERY_PATIENCE: Duration = Duration::from_secs(20);

const HOSTNAME: Param<String> = Param::text("hostname", "Its name.");
const DESCRIPTION: Param<String> = Param::text("description", "Free text.");
const DOMAIN: Param<String> = Param::text("domain", "Its domain, by name or id.");
const ARCHITECTURE: Param<String> = Param::text("architecture", "Its architecture.");
const ZONE: Param<String> = Param::text("zone", "Its zone, by name or id.");
const POOL: Param<String> = Param::text("pool", "Its resource pool, by name or id.");
const CPU_COUNT: Param<u32> = Param::number("cpu_count", "Its CPUs.");
const MEMORY: Param<u64> = Param::number("memory", "Its memory in MiB.");
const DISTRO_SERIES: Param<String> = Param::text("distro_series", "Which release, `bookworm`.");
const OSYSTEM: Param<String> = Param::text("osystem", "The operating system, `debian`.");
const USER_DATA: Param<String> = Param::text("user_data", "cloud-init user data in base64.");
const AGENT_NAME: Param<String> =
    Param::text("agent_name", "What the caller's software calls itself.");
const EPHEMERAL_DEPLOY: Param<bool> = Param::boolean(
    "ephemeral_deploy",
    "Whether it runs in memory, started anew by every boot. Nothing on its disks is touched.",
);
const SKIP_NETWORKING: Param<bool> = Param::boolean(
    "skip_networking",
    "Whether names, links and what is made of its network interfaces stay as they are; new ones are added.",
);
const SKIP_STORAGE: Param<bool> = Param::boolean(
    "skip_storage",
    "Whether its disks, and what is made of them, stay as they are known.",
);
const STOP_MODE: Param<String> = Param::text(
    "stop_mode",
    "`hard`, which is what is done: at once, without a word to the system.",
);
const ERROR_DESCRIPTION: Param<String> = Param::text("error_description", "Why.");
const NOTE: Param<String> = Param::text("{param}", "What is noted under that name.");

const DEPLOY: &[Spec] = &joined::<6, 4, 10>(
    [
        DISTRO_SERIES.optional(),
        OSYSTEM.optional(),
        USER_DATA.optional(),
        AGENT_NAME.optional(),
        EPHEMERAL_DEPLOY.optional(),
        COMMENT.optional(),
    ],
    BRIDGES,
);

const RELEASE: &[Spec] = &joined::<3, 1, 4>(ERASING, [COMMENT.optional()]);

/// The operations on one machine.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(HANDLER, PATH, |call| Box::pin(read(call))).doc("Read a machine."),
    Operation::put(HANDLER, PATH, |call| Box::pin(update(call)))
        .doc("Change a machine.")
        .params(&[
            HOSTNAME.optional(),
            DESCRIPTION.optional(),
            DOMAIN.optional(),
            ARCHITECTURE.optional(),
            ZONE.optional(),
            POOL.optional(),
            POWER_TYPE.optional(),
            POWER_PARAMETERS.optional(),
            POWER_PARAMETER.optional(),
            CPU_COUNT.optional(),
            MEMORY.optional(),
        ])
        .refuses(&[refused::SETTINGS]),
    Operation::delete(HANDLER, PATH, |call| Box::pin(delete(call)))
        .doc("Delete a machine.")
        .refuses(&[refused::HOSTED]),
    Operation::post(HANDLER, PATH, |call| Box::pin(commission(call)))
        .op("commission")
        .doc("Examine the hardware.")
        .params(&[SKIP_NETWORKING.optional(), SKIP_STORAGE.optional()])
        .refuses(refused::COMMISSIONING),
    Operation::post(HANDLER, PATH, |call| Box::pin(deploy(call)))
        .op("deploy")
        .doc("Install an operating system.")
        .params(DEPLOY)
        .refuses(refused::DEPLOYMENT),
    Operation::post(HANDLER, PATH, |call| Box::pin(release(call)))
        .op("release")
        .doc("Give a machine back.")
        .params(RELEASE)
        .refuses(refused::RELEASE),
    Operation::post(HANDLER, PATH, |call| Box::pin(abort(call)))
        .op("abort")
        .doc("End what is under way.")
        .params(&[COMMENT.optional()]),
    Operation::post(HANDLER, PATH, |call| Box::pin(power_on(call)))
        .op("power_on")
        .doc("Switch on.")
        .params(&[COMMENT.optional()])
        .refuses(refused::POWER_ON),
    Operation::post(HANDLER, PATH, |call| Box::pin(power_off(call)))
        .op("power_off")
        .doc("Switch off.")
        .params(&[STOP_MODE.optional(), COMMENT.optional()]),
    Operation::get(HANDLER, PATH, |call| Box::pin(query_power_state(call)))
        .op("query_power_state")
        .requires(Permission::QueryPower)
        .doc("Ask the BMC for the power state."),
    Operation::get(HANDLER, PATH, |call| Box::pin(power_parameters(call)))
        .op("power_parameters")
        .of_now()
        .doc("Read the power parameters, secrets included."),
    Operation::post(HANDLER, PATH, |call| Box::pin(mark_broken(call)))
        .op("mark_broken")
        .doc("Take out of use.")
        .params(&[COMMENT.optional(), ERROR_DESCRIPTION.optional()]),
    Operation::post(HANDLER, PATH, |call| Box::pin(mark_fixed(call)))
        .op("mark_fixed")
        .doc("Put back into use.")
        .params(&[COMMENT.optional()]),
    Operation::post(HANDLER, PATH, |call| Box::pin(rescue_mode(call)))
        .op("rescue_mode")
        .doc("Boot the ephemeral system and let the owner and the caller log in."),
    Operation::post(HANDLER, PATH, |call| Box::pin(exit_rescue_mode(call)))
        .op("exit_rescue_mode")
        .doc("Go back to what the machine was before."),
    Operation::post(HANDLER, PATH, |call| Box::pin(lock(call, true)))
        .op("lock")
        .doc("Lock a deployed machine.")
        .params(&[COMMENT.optional()]),
    Operation::post(HANDLER, PATH, |call| Box::pin(lock(call, false)))
        .op("unlock")
        .doc("Unlock a machine.")
        .params(&[COMMENT.optional()]),
    Operation::post(HANDLER, PATH, |call| Box::pin(override_failed_testing(call)))
        .op("override_failed_testing")
        .doc("Put into use although its tests failed.")
        .params(&[COMMENT.optional()]),
    Operation::post(HANDLER, PATH, |call| Box::pin(annotate(call)))
        .op("set_workload_annotations")
        .doc("Note things on a machine of one's own. An empty value takes a note away.")
        .params(&[NOTE.repeated()]),
    Operation::post(HANDLER, PATH, |call| Box::pin(annotate(call)))
        .op("set_owner_data")
        .doc("The older name of `set_workload_annotations`.")
        .params(&[NOTE.repeated()]),
    Operation::post(HANDLER, PATH, |call| Box::pin(clear_default_gateways(call)))
        .op("clear_default_gateways")
        .doc("Leave the default gateways to the best guess."),
    Operation::post(HANDLER, PATH, |call| Box::pin(restore_networking(call)))
        .op("restore_networking_configuration")
        .doc("Restore the network as commissioning found it."),
    Operation::get(HANDLER, PATH, |call| Box::pin(get_token(call)))
        .op("get_token")
        .of_now()
        .doc("Read the credentials of the system on it."),
];

async fn read(call: Call) -> Result<Reply, Problem> {
    Ok(answer(&machine_of(&call).await?))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (id, change) = (id_of(&call)?, change_of(&call.params)?);
    let machine = machines::update(&call.parts.tables, &call.actor, &id, &change).await?;
    one(&call, machine).await
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id = id_of(&call)?;
    machines::delete(&call.parts.tables, &call.actor, &id).await?;
    Ok(Reply::no_content())
}

async fn commission(call: Call) -> Result<Reply, Problem> {
    let keeps = Kept {
        storage: SKIP_STORAGE.is_set(&call.params)?,
        networking: SKIP_NETWORKING.is_set(&call.params)?,
    };
    one(&call, commands(&call, &id_of(&call)?, None).commission(keeps).await?).await
}

/// How texts begin that cloud-init knows; they are taken as they are.
const CLOUD_INIT: [&[u8]; 3] = [b"#", b"Content-Type:", b"MIME-Version:"];

/// The user data out of base64. What is neither that nor anything that cloud-init would read is
/// refused: it may be the name of a file.
fn user_data(params: &Params) -> Result<Option<SecretBytes>, Problem> {
    let Some(data) = USER_DATA.file(params).filter(|data| !data.is_empty()) else {
        return Ok(None);
    };
    let letters: Vec<u8> =
        data.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let is_plain = CLOUD_INIT.iter().any(|begin| data.starts_with(begin));
    match STANDARD.decode(&letters) {
        Ok(decoded) => Ok(Some(decoded.into())),
        Err(_) if is_plain => Ok(Some(data.to_vec().into())),
        Err(_) => {
            let wrong =
                "It has to be base64 of what cloud-init reads, as `base64 -w0 FILE` prints it.";
            Err(Problem::field("user_data", wrong))
        }
    }
}

async fn deploy(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    let request = DeployRequest {
        image: WantedImage {
            osystem: OSYSTEM.named(params),
            distro_series: DISTRO_SERIES.named(params),
        },
        user_data: user_data(params)?,
        agent_name: AGENT_NAME.named(params),
        bridges: bridges_of(params)?,
        in_memory: EPHEMERAL_DEPLOY.is_set(params)?,
    };
    let (id, comment) = (id_of(&call)?, COMMENT.named(params));
    one(&call, commands(&call, &id, comment.as_deref()).deploy(&request).await?).await
}

async fn release(call: Call) -> Result<Reply, Problem> {
    let (id, comment) = (id_of(&call)?, COMMENT.named(&call.params));
    let wanted = erasing::of(&call.params)?;
    one(&call, commands(&call, &id, comment.as_deref()).release(wanted).await?).await
}

async fn abort(call: Call) -> Result<Reply, Problem> {
    let (id, comment) = (id_of(&call)?, COMMENT.named(&call.params));
    one(&call, commands(&call, &id, comment.as_deref()).abort().await?).await
}

async fn power_on(call: Call) -> Result<Reply, Problem> {
    switch(call, PowerAction::On).await
}

async fn power_off(call: Call) -> Result<Reply, Problem> {
    match STOP_MODE.named(&call.params).as_deref() {
        None | Some("hard") => switch(call, PowerAction::Off).await,
        Some("soft") => {
            let message =
                "The system is not asked to shut down here: leave it out, or send `hard`.";
            Err(Problem::field("stop_mode", message))
        }
        Some(other) => {
            let message =
                format!("Select a valid choice. {other} is not one of the available choices.");
            Err(Problem::field("stop_mode", message))
        }
    }
}

async fn switch(call: Call, action: PowerAction) -> Result<Reply, Problem> {
    let (id, comment) = (id_of(&call)?, COMMENT.named(&call.params));
    one(&call, commands(&call, &id, comment.as_deref()).switch(action).await?).await
}

async fn mark_broken(call: Call) -> Result<Reply, Problem> {
    let (id, comment) = (id_of(&call)?, COMMENT.named(&call.params));
    let message = comment.clone().or_else(|| ERROR_DESCRIPTION.named(&call.params));
    let commands = commands(&call, &id, comment.as_deref());
    one(&call, commands.mark_broken(message.unwrap_or_default()).await?).await
}

async fn mark_fixed(call: Call) -> Result<Reply, Problem> {
    let (id, comment) = (id_of(&call)?, COMMENT.named(&call.params));
    one(&call, commands(&call, &id, comment.as_deref()).mark_fixed().await?).await
}

async fn rescue_mode(call: Call) -> Result<Reply, Problem> {
    let id = id_of(&call)?;
    one(&call, commands(&call, &id, None).enter_rescue_mode().await?).await
}

async fn exit_rescue_mode(call: Call) -> Result<Reply, Problem> {
    let id = id_of(&call)?;
    one(&call, commands(&call, &id, None).exit_rescue_mode().await?).await
}

async fn lock(call: Call, locked: bool) -> Result<Reply, Problem> {
    let (id, comment) = (id_of(&call)?, COMMENT.named(&call.params));
    one(&call, commands(&call, &id, comment.as_deref()).set_locked(locked).await?).await
}

async fn override_failed_testing(call: Call) -> Result<Reply, Problem> {
    let (id, comment) = (id_of(&call)?, COMMENT.named(&call.params));
    one(&call, commands(&call, &id, comment.as_deref()).override_failed_testing().await?).await
}

async fn annotate(call: Call) -> Result<Reply, Problem> {
    let sent = call.params.iter().filter(|(name, _)| !name.starts_with(OAUTH));
    let notes = sent.filter_map(|(name, values)| Some((name.to_owned(), values.last()?.clone())));
    let (id, notes) = (id_of(&call)?, notes.collect());
    one(&call, commands(&call, &id, None).annotate(&notes).await?).await
}

async fn query_power_state(call: Call) -> Result<Reply, Problem> {
    let id = id_of(&call)?;
    let state = power::ask(&call.parts.tables, &call.actor, &id, QUERY_PATIENCE).await?;
    Ok(Reply::json(&PowerState { state: shape::power_state(state).to_owned() }))
}

async fn power_parameters(call: Call) -> Result<Reply, Problem> {
    let id = id_of(&call)?;
    let found = machines::power_parameters(&call.parts.tables, &call.actor, &id).await?;
    Ok(Reply::json(&found))
}

async fn clear_default_gateways(call: Call) -> Result<Reply, Problem> {
    let id = id_of(&call)?;
    one(&call, gateways::clear(&call.parts.tables, &call.actor, &id).await?).await
}

async fn restore_networking(call: Call) -> Result<Reply, Problem> {
    let id = id_of(&call)?;
    one(&call, initial::restore(&call.parts.tables, &call.actor, &id).await?).await
}

async fn get_token(call: Call) -> Result<Reply, Problem> {
    let id = id_of(&call)?;
    let token = machines::token(&call.parts.tables, &call.actor, &id).await?;
    Ok(Reply::json(&token.map(|token| MachineToken {
        token_key: token.key.into(),
        token_secret: token.secret,
        consumer_key: token.consumer_key.into(),
    })))
}

pub(crate) fn id_of(call: &Call) -> Result<SystemId, Problem> {
    call.id("system_id", "Machine")
}

async fn machine_of(call: &Call) -> Result<MachineDetail, Problem> {
    Ok(machines::get(&call.parts.tables, &call.actor, &id_of(call)?).await?)
}

fn change_of(params: &Params) -> Result<MachineChange, Problem> {
    Ok(MachineChange {
        hostname: HOSTNAME.named(params),
        description: DESCRIPTION.given(params),
        domain: DOMAIN.named(params),
        architecture: ARCHITECTURE.named(params),
        zone: ZONE.named(params),
        pool: POOL.named(params),
        power_type: POWER_TYPE.named(params),
        power_parameters: power_parameters_of(params)?,
        cpu_count: CPU_COUNT.of(params)?,
        memory_mib: MEMORY.of(params)?,
    })
}
