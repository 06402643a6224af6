//! The BMC, found in-band: its address, and an account for Ironraft.
//!
//! Everything goes through `ipmitool` and the kernel's IPMI driver, so no password is needed, and
//! the network need not reach the BMC from here. An account that exists under our name is used
//! again: it gets the new password.

use std::net::Ipv6Addr;
use std::path::Path;

use api::agent::{BmcAccount, ReportedBmc};
use model::machine::power::parameters::PowerParameters;

use super::tools::Tools;
use crate::command::{CommandError, Invocation};

/// What the kernel's driver is reached by.
const DEVICE: &str = "/dev/ipmi0";
/// Channels that may be a LAN (IPMI 2.0, table 6-1).
const CHANNELS: std::ops::RangeInclusive<u8> = 1..=11;
/// IPMI 2.0 passwords are 20 bytes, older ones 16.
const SHORT_PASSWORD: usize = 16;

/// Why the account was not made.
#[derive(Debug, thiserror::Error)]
enum AccountError {
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error("the bmc has no free user")]
    NoFreeUser,
    #[error("the password has {0} bytes; a bmc takes 20 at most")]
    LongPassword(usize),
}

/// The address of the BMC, if there is one and it has any.
pub(crate) async fn address() -> Option<String> {
    if !Path::new(DEVICE).exists() {
        return None;
    }
    lan_settings().await.map(|(_, _, lan)| lan.address)
}

/// Finds the BMC and makes the account; none when there is no BMC, or it has no LAN address.
pub(crate) async fn find_and_set_up(
    tools: &mut Tools<'_>,
    account: Option<&BmcAccount>,
) -> Option<ReportedBmc> {
    if !Path::new(DEVICE).exists() {
        tools.note("no ipmi device: the machine has no bmc that the kernel knows");
        return None;
    }
    tools.run("ipmitool-mc", "ipmitool", &["mc", "info"]).await;
    let (channel, lan) = lan_channel(tools).await?;
    let mut parameters = parameters(&lan);
    if let Some(account) = account {
        match set_up(tools, channel, account).await {
            Ok(()) => {
                parameters.insert("power_user", account.user.as_str());
                parameters.insert("power_pass", account.password.clone());
            }
            Err(error) => {
                tools
                    .note(&format!("cannot make the account {} on the bmc: {error}", account.user));
            }
        }
    }
    Some(ReportedBmc { driver: "ipmi".to_owned(), parameters })
}

/// The first channel with an address.
async fn lan_channel(tools: &mut Tools<'_>) -> Option<(u8, Lan)> {
    let Some((channel, text, lan)) = lan_settings().await else {
        tools.note("no channel of the bmc has an address");
        return None;
    };
    tools.outputs.insert("ipmitool-lan".to_owned(), text);
    Some((channel, lan))
}

/// The same, with what was printed of it.
async fn lan_settings() -> Option<(u8, String, Lan)> {
    for channel in CHANNELS {
        let number = channel.to_string();
        let Ok(text) = ipmitool(&["lan", "print", &number]).run().await else { continue };
        if let Some(lan) = parse_lan(&text) {
            return Some((channel, text, lan));
        }
        // What is no LAN at all has no hardware address either, and is not asked once more.
        if field(&text, "MAC Address").is_none() {
            continue;
        }
        let over_ipv6 = ipmitool(&["lan6", "print", &number]).run().await.unwrap_or_default();
        if let Some(address) = ipv6_address(&over_ipv6) {
            let lan = lan_of(address.to_string(), &text);
            return Some((channel, format!("{text}{over_ipv6}"), lan));
        }
    }
    None
}

/// The parameters of MAAS's `ipmi` driver, without an account.
fn parameters(lan: &Lan) -> PowerParameters {
    let cipher = if lan.ciphers.contains(&17) { "17" } else { "3" };
    [
        ("power_address", lan.address.as_str()),
        ("mac_address", lan.mac.as_str()),
        ("power_driver", "LAN_2_0"),
        ("power_boot_type", "auto"),
        ("privilege_level", "ADMIN"),
        ("cipher_suite_id", cipher),
        ("k_g", ""),
    ]
    .into()
}

/// Makes the account and checks that the BMC took the password.
async fn set_up(
    tools: &mut Tools<'_>,
    channel: u8,
    account: &BmcAccount,
) -> Result<(), AccountError> {
    let length = account.password.expose().len();
    let size = match length {
        0..=SHORT_PASSWORD => "16",
        17..=20 => "20",
        _ => return Err(AccountError::LongPassword(length)),
    };
    let channel = channel.to_string();
    let list = ipmitool(&["user", "list", &channel]).run().await?;
    let user = choose_user(&list, &account.user).ok_or(AccountError::NoFreeUser)?;
    if user.name != account.user {
        ipmitool(&["user", "set", "name", &user.id, &account.user]).run().await?;
    }
    ipmitool(&["user", "set", "password", &user.id])
        .secret(&account.password)
        .plain(size)
        .run()
        .await?;
    let access = ["channel", "setaccess", &channel, &user.id];
    let rights = ["callin=on", "ipmi=on", "link=on", "privilege=4"];
    ipmitool(&[access, rights].concat()).run().await?;
    ipmitool(&["user", "priv", &user.id, "4", &channel]).run().await?;
    ipmitool(&["user", "enable", &user.id]).run().await?;
    ipmitool(&["user", "test", &user.id, size]).secret(&account.password).run().await?;
    tools.note(&format!("account {} is user {} of the bmc", account.user, user.id));
    Ok(())
}

fn ipmitool(arguments: &[&str]) -> Invocation {
    Invocation::new("ipmitool", arguments.iter().copied())
}

/// A BMC's network settings.
#[derive(Debug, PartialEq, Eq)]
struct Lan {
    address: String,
    mac: String,
    ciphers: Vec<u8>,
}

/// Reads the output of `ipmitool lan print`; none without an address of IPv4.
fn parse_lan(text: &str) -> Option<Lan> {
    let address = field(text, "IP Address").filter(|address| *address != "0.0.0.0")?;
    Some(lan_of(address.to_owned(), text))
}

/// The settings in that output that go with an address of either family.
fn lan_of(address: String, text: &str) -> Lan {
    let ciphers = field(text, "RMCP+ Cipher Suites").unwrap_or_default();
    Lan {
        address,
        mac: field(text, "MAC Address").unwrap_or_default().to_ascii_lowercase(),
        ciphers: ciphers.split(',').filter_map(|cipher| cipher.trim().parse().ok()).collect(),
    }
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    fields.find_map(|(key, value)| (key.trim() == name).then(|| value.trim()))
}

/// The first address in the output of `ipmitool lan6 print` that is in use and known beyond its link: of
/// those that were set by hand, then of those of `DHCPv6` and of advertised prefixes (IPMI 2.0 revision 1.1, table 23-4,
/// parameters 56 and 59).
fn ipv6_address(text: &str) -> Option<Ipv6Addr> {
    let mut address = None;
    for (key, value) in text.lines().filter_map(|line| line.split_once(':')) {
        match key.trim() {
            "Address" => {
                address = value.trim().split('/').next().and_then(|text| text.parse().ok());
            }
            "Status" => {
                let found: Option<Ipv6Addr> = address.take();
                let usable = |ip: &Ipv6Addr| !ip.is_unspecified() && !ip.is_unicast_link_local();
                if let Some(found) = found.filter(usable).filter(|_| value.trim() == "active") {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

/// A user slot of a BMC.
#[derive(Debug, PartialEq, Eq)]
struct User {
    id: String,
    name: String,
}

/// The user of this name in the output of `ipmitool user list`, or else the first free one.
/// User 1 is the anonymous one and stays as it is (IPMI 2.0, 22.26).
fn choose_user(list: &str, name: &str) -> Option<User> {
    let users: Vec<User> = list.lines().filter_map(user).filter(|user| user.id != "1").collect();
    let own = users.iter().position(|user| user.name == name);
    let free = users.iter().position(|user| user.name.is_empty());
    users.into_iter().nth(own.or(free)?)
}

/// `3   maas             true    true       true       ADMINISTRATOR`; the name is in a column of
/// 17 characters after the id and may be empty.
fn user(line: &str) -> Option<User> {
    let (id, rest) = line.split_at_checked(4)?;
    let id: u8 = id.trim().parse().ok()?;
    let name = rest.get(..16).unwrap_or(rest).trim();
    Some(User { id: id.to_string(), name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{Lan, User, choose_user, ipv6_address, lan_of, parameters, parse_lan};

    #[test]
    fn address_and_ciphers_are_read() {
        let lan = parse_lan(include_str!("samples/lan-print.txt")).expect("has an address");
        let expected = Lan {
            address: "10.9.0.5".to_owned(),
            mac: "52:54:00:bc:00:05".to_owned(),
            ciphers: (1..=15).collect(),
        };
        assert_eq!(lan, expected);
        assert_eq!(parameters(&lan).public("cipher_suite_id"), Some("3"));
        assert_eq!(parse_lan("IP Address              : 0.0.0.0"), None);
    }

    #[test]
    fn an_address_of_ipv6_is_taken_that_is_in_use_beyond_its_link() {
        let found = ipv6_address(include_str!("samples/lan6-print.txt")).expect("has an address");
        assert_eq!(found.to_string(), "fd00:99::42");
        let lan = lan_of(found.to_string(), include_str!("samples/lan-print.txt"));
        assert_eq!(parameters(&lan).public("power_address"), Some("fd00:99::42"));
        assert_eq!(parameters(&lan).public("mac_address"), Some("52:54:00:bc:00:05"));
        assert_eq!(
            ipv6_address("    Address:        fd00::1/64\n    Status:         failed\n"),
            None
        );
        assert_eq!(ipv6_address("Getting parameter(s)...\n"), None);
    }

    #[test]
    fn strong_cipher_is_used_when_offered() {
        let text = "IP Address   : 10.0.0.9\nRMCP+ Cipher Suites     : 0,3,17\n";
        let lan = parse_lan(text).expect("has an address");
        assert_eq!(parameters(&lan).public("cipher_suite_id"), Some("17"));
    }

    #[test]
    fn own_user_is_found_again_and_else_a_free_one_taken() {
        let list = include_str!("samples/user-list.txt");
        let user = |id: &str, name: &str| Some(User { id: id.to_owned(), name: name.to_owned() });
        assert_eq!(choose_user(list, "ironraft"), user("2", ""));
        let list = "ID  Name\t     Callin  Link Auth\tIPMI Msg   Channel Priv Limit\n\
            1                    true    false      true       USER\n\
            2   ADMIN            true    true       true       ADMINISTRATOR\n\
            3   ironraft         true    true       true       ADMINISTRATOR\n\
            4                    true    false      false      NO ACCESS\n";
        assert_eq!(choose_user(list, "ironraft"), user("3", "ironraft"));
        assert_eq!(choose_user(list, "other"), user("4", ""));
        assert_eq!(choose_user("1                    true", "x"), None);
    }
}
