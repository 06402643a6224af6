//! Machines of a chassis: MAAS's rules for what is asked, and the refusal. No rack here can search one.

use model::access::{Actor, Object, Permission, permits};
use model::controller::RackController;
use model::dns::domain::Domain;
use model::error::Kind;
use model::id::{DomainId, SystemId};

use crate::error::Refusal;
use tables::names::DOMAIN_BY_NAME;
use tables::read::{Reads, View};
use tables::update::Tables;

/// What MAAS searches, with a rule for each.
pub const TYPES: &[&str] = &[
    "hmcz",
    "mscm",
    "msftocs",
    "proxmox",
    "recs_box",
    "sm15k",
    "ucsm",
    "virsh",
    "vmware",
    "powerkvm",
    "seamicro15k",
];

const WITH_ACCOUNT: &[&str] =
    &["hmcz", "mscm", "msftocs", "recs_box", "seamicro15k", "ucsm", "vmware"];
const WITH_PREFIX: &[&str] = &["hmcz", "powerkvm", "virsh", "vmware", "proxmox"];
const WITH_PORT: &[&str] = &["msftocs", "recs_box", "vmware"];

/// A chassis that somebody wants to be searched. All but its type and address may be absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChassisRequest {
    /// One of [`TYPES`].
    pub chassis_type: String,
    /// Where it is.
    pub hostname: String,
    /// Its account.
    pub username: Option<String>,
    /// Whether its password was sent.
    pub has_password: bool,
    /// Whether the name of a token was sent.
    pub has_token_name: bool,
    /// Whether the secret of a token was sent.
    pub has_token_secret: bool,
    /// Only machines whose names begin so.
    pub prefix_filter: Option<String>,
    /// How a `seamicro15k` is talked to.
    pub power_control: Option<String>,
    /// Its port.
    pub port: Option<u16>,
    /// How a `vmware` is talked to.
    pub protocol: Option<String>,
    /// The domain of its machines, by name or id.
    pub domain: Option<String>,
    /// The rack that searches, by id or name.
    pub rack_controller: Option<String>,
}

/// Says what is wrong with the request; when nothing is, that it is not done here.
///
/// # Errors
/// [`Refusal`], always.
pub async fn add(tables: &Tables, actor: &Actor, request: &ChassisRequest) -> Result<(), Refusal> {
    permits(actor, Permission::EditMachine, &Object::Site)?;
    check(request)?;
    find_named(&tables.view().await?, request)?;
    let message = "Racks here do not search chassis: create each of its machines with its power_type \
                   and power_parameters.";
    Err(Refusal::field("chassis_type", message))
}

fn check(request: &ChassisRequest) -> Result<(), Refusal> {
    // MAAS goes on with the longer of the two names.
    let kind = if request.chassis_type == "sm15k" { "seamicro15k" } else { &*request.chassis_type };
    let invalid = |message: String| Refusal::with_message(Kind::Invalid, message);
    let missing = |name: &str| invalid(format!("No provided {name}!"));
    let has_account = WITH_ACCOUNT.contains(&kind);
    if (has_account || kind == "proxmox") && request.username.is_none() {
        return Err(missing("username"));
    }
    if has_account && !request.has_password {
        return Err(missing("password"));
    }
    if kind == "proxmox" {
        check_proxmox(request).map_err(|message| invalid(message.to_owned()))?;
    }
    if request.username.is_some() && matches!(kind, "powerkvm" | "virsh") {
        let message = format!("username can not be specified when using the {kind} chassis.");
        return Err(invalid(message));
    }
    for (name, is_sent, kinds) in [
        ("prefix_filter", request.prefix_filter.is_some(), WITH_PREFIX),
        ("power_control", request.power_control.is_some(), &["seamicro15k"]),
        ("port", request.port.is_some(), WITH_PORT),
        ("protocol", request.protocol.is_some(), &["vmware"]),
    ] {
        if is_sent && !kinds.contains(&kind) {
            let message = format!("{name} is unavailable with the {kind} chassis type");
            return Err(invalid(message));
        }
    }
    Ok(())
}

fn check_proxmox(request: &ChassisRequest) -> Result<(), &'static str> {
    match (request.has_password, request.has_token_name, request.has_token_secret) {
        (false, false, false) => Err("You must use a password or token with Proxmox."),
        (true, true, true) => Err("You may only use a password or token with Proxmox, not both."),
        (false, true, false) | (false, false, true) => {
            Err("Proxmox requires both a token_name and token_secret.")
        }
        (true, _, _) | (false, true, true) => Ok(()),
    }
}

/// The domain and the rack that a request names must be there.
fn find_named(view: &View, request: &ChassisRequest) -> Result<(), Refusal> {
    let not_found = |message: String| Refusal::with_message(Kind::NotFound, message);
    if let Some(name) = &request.domain {
        let by_id = name.parse().ok().map(DomainId);
        let by_id = by_id.map_or(Ok(None), |id| view.get::<Domain>(&id))?;
        if by_id.is_none() && view.find(&DOMAIN_BY_NAME, &name.to_lowercase())?.is_none() {
            return Err(not_found(format!("Unable to find specified domain {name}")));
        }
    }
    if let Some(name) = &request.rack_controller {
        let by_id = name.parse::<SystemId>().ok();
        let by_id = by_id.map_or(Ok(None), |id| view.get::<RackController>(&id))?;
        let is_named = |rack: &RackController| rack.hostname == *name;
        if by_id.is_none() && !view.list::<RackController>()?.iter().any(is_named) {
            return Err(not_found(format!("Unable to find specified rack {name}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_is(request: &ChassisRequest, message: &str) {
        let expected = Refusal::with_message(Kind::Invalid, message);
        assert_eq!(check(request), Err(expected));
    }

    fn of(chassis_type: &str) -> ChassisRequest {
        ChassisRequest { chassis_type: chassis_type.to_owned(), ..ChassisRequest::default() }
    }

    fn with_account(chassis_type: &str) -> ChassisRequest {
        let username = Some("root".to_owned());
        ChassisRequest { username, has_password: true, ..of(chassis_type) }
    }

    #[test]
    fn each_type_of_chassis_has_its_rules() {
        for kind in WITH_ACCOUNT {
            check_is(&of(kind), "No provided username!");
            let without = ChassisRequest { has_password: false, ..with_account(kind) };
            check_is(&without, "No provided password!");
            assert_eq!(check(&with_account(kind)), Ok(()), "{kind}");
        }
        assert_eq!(check(&of("virsh")), Ok(()));
        let message = "username can not be specified when using the virsh chassis.";
        check_is(&with_account("virsh"), message);
        let port = Some(1);
        let message = "port is unavailable with the virsh chassis type";
        check_is(&ChassisRequest { port, ..of("virsh") }, message);
        let power_control = Some("ipmi".to_owned());
        let of_seamicro = ChassisRequest { power_control, ..with_account("sm15k") };
        assert_eq!(check(&of_seamicro), Ok(()));
    }

    #[test]
    fn proxmox_takes_a_password_or_a_token() {
        let request = |has_password, has_token_name, has_token_secret| ChassisRequest {
            has_password,
            has_token_name,
            has_token_secret,
            ..with_account("proxmox")
        };
        check_is(&request(false, false, false), "You must use a password or token with Proxmox.");
        let both = "You may only use a password or token with Proxmox, not both.";
        check_is(&request(true, true, true), both);
        let half = "Proxmox requires both a token_name and token_secret.";
        check_is(&request(false, false, true), half);
        assert_eq!(check(&request(false, true, true)), Ok(()));
        assert_eq!(check(&request(true, false, false)), Ok(()));
    }
}
