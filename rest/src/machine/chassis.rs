//! `machines/?op=add_chassis`: read and judged as MAAS does, and then refused.

use ops::machine::chassis::{self, ChassisRequest, TYPES};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;
use model::access::Permission;
use model::error::Kind;

const POWER_CONTROLS: &[&str] = &["ipmi", "restapi", "restapi2"];

const CHASSIS_TYPE: Param<String> = Param::text("chassis_type", "What it is, `virsh`.");
const HOSTNAME: Param<String> = Param::text("hostname", "Where it is.");
const USERNAME: Param<String> = Param::text("username", "Its account.");
const PASSWORD: Param<String> = Param::text("password", "The account's password.");
const ACCEPT_ALL: Param<String> =
    Param::text("accept_all", "Whether its machines are commissioned.");
const RACK_CONTROLLER: Param<String> =
    Param::text("rack_controller", "Which rack searches it, by id or name.");
const DOMAIN: Param<String> = Param::text("domain", "The domain of its machines, by name or id.");
const PREFIX_FILTER: Param<String> =
    Param::text("prefix_filter", "Only machines whose names begin so.");
const POWER_CONTROL: Param<String> =
    Param::text("power_control", "`ipmi`, `restapi` or `restapi2`; of `seamicro15k` only.");
const TOKEN_NAME: Param<String> = Param::text("token_name", "The name of a token of `proxmox`.");
const TOKEN_SECRET: Param<String> = Param::text("token_secret", "The secret of that token.");
const VERIFY_SSL: Param<bool> = Param::boolean("verify_ssl", "Whether its certificate is checked.");
const PORT: Param<u16> = Param::parsed("port", "Its port.", "Please enter an integer value");
const PROTOCOL: Param<String> = Param::text("protocol", "How it is talked to; of `vmware` only.");

/// The operation of this file.
pub const OPERATIONS: &[Operation] =
    &[Operation::post("MachinesHandler", "machines/", |call| Box::pin(add(call)))
        .op("add_chassis")
        .reserved(Permission::EditMachine)
        .doc(
            "Search a chassis for machines.\n\n\
             What is asked is judged, and then refused: racks do not search chassis here.",
        )
        .params(&[
            CHASSIS_TYPE.needed(),
            HOSTNAME.needed(),
            USERNAME.optional(),
            PASSWORD.optional(),
            ACCEPT_ALL.optional(),
            RACK_CONTROLLER.optional(),
            DOMAIN.optional(),
            PREFIX_FILTER.optional(),
            POWER_CONTROL.optional(),
            TOKEN_NAME.optional(),
            TOKEN_SECRET.optional(),
            VERIFY_SSL.optional(),
            PORT.optional(),
            PROTOCOL.optional(),
        ])];

async fn add(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    let (kind, hostname) = (CHASSIS_TYPE.required(params), HOSTNAME.required(params));
    let (port, verify) = (PORT.of(params), VERIFY_SSL.is_set(params));
    // What the search would do with what it finds.
    let _ = (ACCEPT_ALL.named(params), verify?);
    let mut request = ChassisRequest {
        username: USERNAME.named(params),
        has_password: PASSWORD.named(params).is_some(),
        has_token_name: TOKEN_NAME.named(params).is_some(),
        has_token_secret: TOKEN_SECRET.named(params).is_some(),
        prefix_filter: PREFIX_FILTER.named(params),
        power_control: POWER_CONTROL.named(params),
        protocol: PROTOCOL.named(params),
        domain: DOMAIN.named(params),
        rack_controller: RACK_CONTROLLER.named(params),
        chassis_type: String::new(),
        hostname: String::new(),
        port: None,
    };
    request.chassis_type = one_of("chassis_type", kind?, TYPES)?;
    request.hostname = hostname?;
    request.port = port.map_err(|_| invalid("port", "Please enter an integer value"))?;
    if let Some(text) = &request.power_control {
        one_of("power_control", text.clone(), POWER_CONTROLS)?;
    }
    if request.port == Some(0) {
        return Err(invalid("port", "Please enter a number that is 1 or greater"));
    }
    chassis::add(&call.parts.tables, &call.actor, &request).await?;
    Ok(Reply::no_content())
}

/// One of a few words, or MAAS's refusal.
fn one_of(name: &str, text: String, words: &[&str]) -> Result<String, Problem> {
    if words.contains(&text.as_str()) {
        return Ok(text);
    }
    Err(invalid(name, &format!("Value must be one of: {} (not '{text}')", words.join("; "))))
}

fn invalid(name: &str, message: &str) -> Problem {
    Problem::text(Kind::Invalid, format!("Invalid {name}: {message}"))
}
