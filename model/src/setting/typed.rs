//! The settings that Ironraft reads, with the types that they are read as: the only way to a
//! value. One that cannot be read counts as not set.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use serde_json::Value;

use crate::setting::form::{items, network};
use crate::setting::{Setting, table};

/// A setting that is read as a `T`.
#[derive(Debug, Clone, Copy)]
pub struct Typed<T> {
    name: &'static str,
    of: fn(&Value) -> Option<T>,
}

impl<T: Default> Typed<T> {
    /// MAAS's name for it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its value: what was set, or else the default.
    #[must_use]
    pub fn read(&self, set: Option<&Setting>) -> T {
        let set = set.and_then(|setting| (self.of)(&setting.value));
        let default = || (self.of)(&table::find(self.name)?.default.value());
        set.or_else(default).unwrap_or_default()
    }
}

macro_rules! settings {
    ($($(#[$doc:meta])* $constant:ident: $kind:ty = $name:literal by $of:path;)+) => {
        $($(#[$doc])* pub const $constant: Typed<$kind> = Typed { name: $name, of: $of };)+

        /// The settings above: name, constant, and whether a value can be read.
        pub const READ: &[(&str, &str, fn(&Value) -> bool)] =
            &[$(($name, stringify!($constant), |value| $of(value).is_some()),)+];
    };
}

settings! {
    /// How often subnets with active discovery are searched for hosts; never when zero.
    ACTIVE_DISCOVERY_INTERVAL: Duration = "active_discovery_interval" by seconds;
    /// The release that is deployed when none is asked for.
    DEFAULT_DISTRO_SERIES: String = "default_distro_series" by text;
    /// TTL of DNS records in seconds where neither record nor domain says otherwise.
    DEFAULT_DNS_TTL: u32 = "default_dns_ttl" by number_32;
    /// The operating system that is deployed when none is asked for.
    DEFAULT_OSYSTEM: String = "default_osystem" by text;
    /// How disks are laid out when a machine was examined.
    DEFAULT_STORAGE_LAYOUT: String = "default_storage_layout" by text;
    /// Whether DHCP gives no addresses that end in .0 or .255 to clients that do not have them.
    DHCP_LEAVES_OUT_0_AND_255: bool = "dhcp_leaves_out_0_and_255" by boolean;
    /// Whether disks that do not erase themselves are erased quickly, where nothing else is asked for.
    DISK_ERASE_WITH_QUICK_ERASE: bool = "disk_erase_with_quick_erase" by boolean;
    /// Whether disks erase themselves if they can, where nothing else is asked for.
    DISK_ERASE_WITH_SECURE_ERASE: bool = "disk_erase_with_secure_erase" by boolean;
    /// Networks besides the subnets that racks resolve names for.
    DNS_TRUSTED_ACL: Vec<IpNet> = "dns_trusted_acl" by networks;
    /// Whether disks are erased at every release.
    ENABLE_DISK_ERASING_ON_RELEASE: bool = "enable_disk_erasing_on_release" by boolean;
    /// Whether deployed systems use the proxy.
    ENABLE_HTTP_PROXY: bool = "enable_http_proxy" by boolean;
    /// How long events are kept.
    EVENTS_MAX_AGE: Duration = "events_max_age_days" by days;
    /// How many events are kept.
    EVENTS_MAX_COUNT: u64 = "events_max_count" by number;
    /// The proxy of deployed systems.
    HTTP_PROXY: Option<String> = "http_proxy" by text_or_none;
    /// More arguments for the kernel of the ephemeral OS.
    KERNEL_OPTS: String = "kernel_opts" by text;
    /// The name of Ironraft's account on BMCs.
    MAAS_AUTO_IPMI_USER: String = "maas_auto_ipmi_user" by text;
    /// Whether racks note which hosts use addresses on their links.
    NETWORK_DISCOVERY: bool = "network_discovery" by enabled;
    /// How long a phase of a machine may go on without progress.
    NODE_TIMEOUT: Duration = "node_timeout" by minutes;
    /// Whether racks and machines follow the time servers of the site and no controllers.
    NTP_EXTERNAL_ONLY: bool = "ntp_external_only" by boolean;
    /// Names or addresses of time servers.
    NTP_SERVERS: Vec<String> = "ntp_servers" by texts;
    /// How many machines one operation may have lose power or data.
    OPERATION_DISRUPTED_MACHINES_MAX: u64 = "operation_disrupted_machines_max" by number;
    /// How long a machine waits to be accepted that others than administrators presented.
    PRESENTED_MACHINES_MAX_AGE: Duration = "presented_machines_max_age_days" by days;
    /// Where deployed systems send their logs.
    REMOTE_SYSLOG: Option<String> = "remote_syslog" by text_or_none;
    /// How long a login with a cookie lasts.
    SESSION_LENGTH: Duration = "session_length" by seconds;
    /// The servers that racks ask for names that are not of this site.
    UPSTREAM_DNS: Vec<IpAddr> = "upstream_dns" by addresses;
}

fn boolean(value: &Value) -> Option<bool> {
    value.as_bool()
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64()
}

fn number_32(value: &Value) -> Option<u32> {
    number(value).and_then(|number| u32::try_from(number).ok())
}

fn seconds(value: &Value) -> Option<Duration> {
    number(value).map(Duration::from_secs)
}

fn enabled(value: &Value) -> Option<bool> {
    value.as_str().map(|text| text == "enabled")
}

fn minutes(value: &Value) -> Option<Duration> {
    number(value)?.checked_mul(60).map(Duration::from_secs)
}

fn days(value: &Value) -> Option<Duration> {
    number(value)?.checked_mul(24 * 3600).map(Duration::from_secs)
}

/// A text; null is the empty one.
fn text(value: &Value) -> Option<String> {
    if value.is_null() { Some(String::new()) } else { value.as_str().map(str::to_owned) }
}

fn text_or_none(value: &Value) -> Option<Option<String>> {
    Some(value.as_str().filter(|text| !text.is_empty()).map(str::to_owned))
}

fn texts(value: &Value) -> Option<Vec<String>> {
    Some(items(&text(value)?).map(str::to_owned).collect())
}

fn addresses(value: &Value) -> Option<Vec<IpAddr>> {
    items(&text(value)?).map(|item| item.parse().ok()).collect()
}

fn networks(value: &Value) -> Option<Vec<IpNet>> {
    items(&text(value)?).map(network).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check<T: Default + PartialEq + std::fmt::Debug>(
        typed: &Typed<T>,
        set: Option<Value>,
        expected: &T,
    ) {
        let set = set.map(|value| Setting { name: typed.name().to_owned(), value });
        assert_eq!(typed.read(set.as_ref()), *expected, "{} = {set:?}", typed.name());
    }

    #[test]
    fn what_was_set_is_read_and_else_the_default() {
        check(&NODE_TIMEOUT, None, &Duration::from_secs(30 * 60));
        check(&NODE_TIMEOUT, Some(json!(2)), &Duration::from_secs(120));
        check(&NODE_TIMEOUT, Some(json!("x")), &Duration::from_secs(30 * 60));
        check(&UPSTREAM_DNS, None, &Vec::new());
        check(&UPSTREAM_DNS, Some(json!("9.9.9.9 ::1")), &["9.9.9.9", "::1"].map(ip).into());
        let networks = ["10.0.0.0/8", "9.9.9.9/32"].map(|text| text.parse().unwrap());
        check(&DNS_TRUSTED_ACL, Some(json!("10.0.0.0/8 9.9.9.9")), &networks.into());
        check(&HTTP_PROXY, Some(Value::Null), &None);
        check(&HTTP_PROXY, Some(json!("http://p")), &Some("http://p".to_owned()));
        check(&KERNEL_OPTS, None, &String::new());
        check(&DEFAULT_OSYSTEM, None, &"debian".to_owned());
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }
}
