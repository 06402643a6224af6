//! Site settings by MAAS's names: what they may be, and what they are unless somebody set them.
//!
//! Only what was set is stored; everything else has the default of the table below, so a new
//! setting needs no migration.

use std::net::IpAddr;

use model::access::{Actor, Permission};
use model::setting::Setting;
use serde_json::{Value, json};

use crate::authorize::authorize;
use crate::details::Details;
use crate::dns::domains::is_name;
use crate::error::Refusal;
use tables::error::TableError;
use tables::read::Reads;
use tables::update::Tables;

/// What values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// True or false.
    Boolean,
    /// A whole number from the first to the last.
    Number(u64, u64),
    /// Any text.
    Text,
    /// One of these.
    Choice(&'static [&'static str]),
    /// IP addresses, separated by blanks or commas.
    Addresses,
    /// Host names or IP addresses, separated by blanks or commas.
    Hosts,
    /// IP addresses or prefixes, separated by blanks or commas.
    Networks,
    /// An HTTP or HTTPS address.
    Url,
}

/// The default of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// None is set.
    Null,
    /// A boolean.
    Boolean(bool),
    /// A number.
    Number(u64),
    /// A text.
    Text(&'static str),
}

/// A setting that can be read and set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// MAAS's name.
    pub name: &'static str,
    /// What it takes.
    pub form: Form,
    /// What it is unless set.
    pub default: Default,
}

const fn setting(name: &'static str, form: Form, default: Default) -> Known {
    Known { name, form, default }
}

const fn switch(name: &'static str, on: bool) -> Known {
    setting(name, Form::Boolean, Default::Boolean(on))
}

const fn number(name: &'static str, first: u64, last: u64, default: u64) -> Known {
    setting(name, Form::Number(first, last), Default::Number(default))
}

const fn text(name: &'static str, default: &'static str) -> Known {
    setting(name, Form::Text, Default::Text(default))
}

/// All settings, in the order of their names.
pub const KNOWN: &[Known] = &[
    switch("allow_only_trusted_transfers", false),
    switch("auto_vlan_creation", true),
    switch("boot_images_auto_import", true),
    text("commissioning_distro_series", "bookworm"),
    switch("completed_intro", true),
    setting(
        "default_boot_interface_link_type",
        Form::Choice(&["auto", "dhcp", "static", "link_up"]),
        Default::Text("auto"),
    ),
    text("default_distro_series", "bookworm"),
    number("default_dns_ttl", 1, 0x7fff_ffff, 30),
    text("default_min_hwe_kernel", ""),
    text("default_osystem", "debian"),
    setting("default_storage_layout", Form::Choice(&["flat"]), Default::Text("flat")),
    switch("disk_erase_with_quick_erase", false),
    switch("disk_erase_with_secure_erase", true),
    setting("dns_trusted_acl", Form::Networks, Default::Null),
    setting("dnssec_validation", Form::Choice(&["auto", "yes", "no"]), Default::Text("auto")),
    switch("enable_analytics", false),
    switch("enable_disk_erasing_on_release", false),
    switch("enable_http_proxy", false),
    switch("enable_third_party_drivers", false),
    switch("enlist_commissioning", true),
    setting("http_proxy", Form::Url, Default::Null),
    setting("kernel_opts", Form::Text, Default::Null),
    text("maas_auto_ipmi_user", "maas"),
    setting(
        "maas_auto_ipmi_user_privilege_level",
        Form::Choice(&["USER", "OPERATOR", "ADMIN"]),
        Default::Text("ADMIN"),
    ),
    text("maas_internal_domain", "maas-internal"),
    text("maas_name", "ironraft"),
    setting("network_discovery", Form::Choice(&["enabled", "disabled"]), Default::Text("disabled")),
    number("node_timeout", 1, 24 * 60, 30),
    switch("ntp_external_only", false),
    setting("ntp_servers", Form::Hosts, Default::Text("")),
    switch("prometheus_enabled", true),
    switch("release_notifications", false),
    setting("remote_syslog", Form::Text, Default::Null),
    number("session_length", 10, 14 * 24 * 3600, 14 * 24 * 3600),
    text("theme", ""),
    setting("upstream_dns", Form::Addresses, Default::Null),
    switch("use_rack_proxy", true),
];

/// The setting of that name.
///
/// # Errors
/// [`Refusal::Fields`], naming it and all that exist.
pub fn known(name: &str) -> Result<&'static Known, Refusal> {
    KNOWN.iter().find(|known| known.name == name).ok_or_else(|| {
        let names: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
        let message = format!(
            "{name} is not a valid config setting (valid settings are: {}).",
            names.join(", ")
        );
        Refusal::field(name, message)
    })
}

/// The value of a setting.
///
/// # Errors
/// [`TableError`].
pub fn value(at: &impl Reads, known: &Known) -> Result<Value, TableError> {
    let stored = at.get::<Setting>(&known.name.to_owned())?;
    Ok(stored.map_or_else(|| known.default.value(), |setting| setting.value))
}

/// The value of a setting that is a number, by name.
///
/// # Errors
/// [`Refusal`] when there is no such setting.
pub fn number_of(at: &impl Reads, name: &str) -> Result<Option<u64>, Refusal> {
    Ok(value(at, known(name)?)?.as_u64())
}

/// The items of a setting that is a list, by name.
///
/// # Errors
/// [`Refusal`] when there is no such setting.
pub fn items_of(at: &impl Reads, name: &str) -> Result<Vec<String>, Refusal> {
    let value = value(at, known(name)?)?;
    Ok(items(value.as_str().unwrap_or_default()).map(str::to_owned).collect())
}

/// The value of a setting, as a door shows it.
///
/// # Errors
/// [`Refusal`].
pub async fn read(tables: &Tables, actor: &Actor, known: &Known) -> Result<Value, Refusal> {
    Ok(value(Details::seen_by(actor, tables).await?.view(), known)?)
}

/// Sets a setting from the text that a client sent.
///
/// # Errors
/// [`Refusal::Fields`] when it is no value of that setting.
pub async fn set(tables: &Tables, actor: &Actor, known: &Known, text: &str) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageSettings, "setting.set")?;
    let value = parse(known, text).map_err(|message| Refusal::field(known.name, message))?;
    let setting = Setting { name: known.name.to_owned(), value };
    tables.update(&cause, |tx| Ok(tx.put(&setting)?)).await
}

impl Default {
    fn value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(on) => json!(on),
            Self::Number(number) => json!(number),
            Self::Text(text) => json!(text),
        }
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',', '\t', '\n']).filter(|item| !item.is_empty())
}

fn parse(known: &Known, text: &str) -> Result<Value, String> {
    let text = text.trim();
    match known.form {
        Form::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(json!(true)),
            "false" | "0" | "no" | "off" | "" => Ok(json!(false)),
            _ => Err(format!("`{text}` is not a valid boolean.")),
        },
        Form::Number(first, last) => match text.parse::<u64>() {
            Err(_) => Err("Enter a whole number.".to_owned()),
            Ok(number) if number < first => {
                Err(format!("Ensure this value is greater than or equal to {first}."))
            }
            Ok(number) if number > last => {
                Err(format!("Ensure this value is less than or equal to {last}."))
            }
            Ok(number) => Ok(json!(number)),
        },
        Form::Text => Ok(json!(text)),
        Form::Choice(choices) if choices.contains(&text) => Ok(json!(text)),
        Form::Choice(choices) => Err(format!(
            "'{text}' is not a valid value. It should be one of: {}.",
            choices.join(", ")
        )),
        Form::Addresses => list(text, |item| item.parse::<IpAddr>().is_ok(), "IP address"),
        Form::Hosts => {
            list(text, |item| item.parse::<IpAddr>().is_ok() || is_name(item), "hostname")
        }
        Form::Networks => list(
            text,
            |item| item.parse::<IpAddr>().is_ok() || item.parse::<ipnet::IpNet>().is_ok(),
            "network",
        ),
        Form::Url if text.is_empty() => Ok(Value::Null),
        Form::Url => match text.parse::<http::Uri>() {
            Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) => Ok(json!(text)),
            _ => Err("Enter a valid URL.".to_owned()),
        },
    }
}

fn list(text: &str, valid: impl Fn(&str) -> bool, kind: &str) -> Result<Value, String> {
    match items(text).find(|item| !valid(item)) {
        Some(item) => Err(format!("Invalid {kind}: {item}.")),
        None => Ok(json!(items(text).collect::<Vec<_>>().join(" "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, text: &str, expected: Result<Value, &str>) {
        let parsed = parse(known(name).unwrap(), text);
        assert_eq!(parsed, expected.map_err(str::to_owned), "{name} = {text}");
    }

    #[test]
    fn values_are_read_by_the_form_of_their_setting() {
        check("enlist_commissioning", "true", Ok(json!(true)));
        check("enlist_commissioning", "maybe", Err("`maybe` is not a valid boolean."));
        check("node_timeout", "45", Ok(json!(45)));
        check("node_timeout", "0", Err("Ensure this value is greater than or equal to 1."));
        check("upstream_dns", "9.9.9.9, 1.1.1.1", Ok(json!("9.9.9.9 1.1.1.1")));
        check("upstream_dns", "9.9.9", Err("Invalid IP address: 9.9.9."));
        check("ntp_servers", "ntp.example.com 10.0.0.1", Ok(json!("ntp.example.com 10.0.0.1")));
        check("http_proxy", "http://p:3128/", Ok(json!("http://p:3128/")));
        check("http_proxy", "", Ok(Value::Null));
        check("http_proxy", "p", Err("Enter a valid URL."));
        check(
            "dnssec_validation",
            "x",
            Err("'x' is not a valid value. It should be one of: auto, yes, no."),
        );
    }

    #[test]
    fn names_are_in_order_and_defaults_of_their_form() {
        assert!(KNOWN.is_sorted_by_key(|known| known.name));
        for known in KNOWN {
            let default = known.default.value();
            let fits = match known.form {
                Form::Boolean => default.is_boolean(),
                Form::Number(..) => default.is_u64(),
                _ => default.is_string() || default.is_null(),
            };
            assert!(fits, "{}", known.name);
        }
    }
}
