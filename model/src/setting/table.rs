//! All settings: MAAS's, and the few of Ironraft, with what becomes of each.

use serde_json::{Value, json};

use crate::setting::form::Form;

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

/// Who reads a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Ironraft, in these files.
    Read(&'static [&'static str]),
    /// Only clients, which keep it here for each other.
    Clients,
    /// Nobody: it cannot be set, for this reason, and has MAAS's default for clients that read it.
    Refused(&'static str),
}

/// A setting that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// MAAS's name.
    pub name: &'static str,
    /// What values it takes.
    pub form: Form,
    /// What it is unless set.
    pub default: Default,
    /// What it means.
    pub doc: &'static str,
    /// Who reads it.
    pub usage: Usage,
}

/// All settings, in the order of their names.
pub const SETTINGS: &[Definition] = &[
    Definition {
        name: "active_discovery_interval",
        form: Form::Number(0, 7 * 24 * 3600),
        default: Default::Number(10_800),
        doc: "How often subnets with active discovery are searched for hosts, in seconds: at most once a minute; 0 for never.",
        usage: Usage::Read(&["ops/src/network/scans.rs"]),
    },
    Definition {
        name: "allow_only_trusted_transfers",
        form: Form::Boolean,
        default: Default::Boolean(false),
        doc: "Whether zones are transferred to trusted networks only.",
        usage: Usage::Refused("racks transfer no zones"),
    },
    Definition {
        name: "auto_vlan_creation",
        form: Form::Boolean,
        default: Default::Boolean(true),
        doc: "Whether a VLAN and a fabric are made for an interface on an unknown network.",
        usage: Usage::Refused("interfaces are put on the VLANs that racks and subnets tell"),
    },
    Definition {
        name: "boot_images_auto_import",
        form: Form::Boolean,
        default: Default::Boolean(true),
        doc: "Whether images are imported every hour.",
        usage: Usage::Refused("images are uploaded, none are imported"),
    },
    Definition {
        name: "boot_images_no_proxy",
        form: Form::Boolean,
        default: Default::Boolean(false),
        doc: "Whether the image server is reached without the proxy.",
        usage: Usage::Refused("images are uploaded, none are imported"),
    },
    Definition {
        name: "commissioning_distro_series",
        form: Form::Text,
        default: Default::Text("noble"),
        doc: "The release that machines are commissioned with.",
        usage: Usage::Refused("machines are commissioned with the ephemeral OS"),
    },
    Definition {
        name: "completed_intro",
        form: Form::Boolean,
        default: Default::Boolean(true),
        doc: "Whether the first steps were taken.",
        usage: Usage::Clients,
    },
    Definition {
        name: "curtin_verbose",
        form: Form::Boolean,
        default: Default::Boolean(true),
        doc: "Whether the installer tells more.",
        usage: Usage::Refused("the agent always tells each step"),
    },
    Definition {
        name: "default_boot_interface_link_type",
        form: Form::Choice(&["auto", "dhcp", "static", "link_up"]),
        default: Default::Text("auto"),
        doc: "How the boot interface gets its address.",
        usage: Usage::Refused("the boot interface gets an AUTO link"),
    },
    Definition {
        name: "default_distro_series",
        form: Form::Text,
        default: Default::Text("bookworm"),
        doc: "The release that is deployed when none is asked for: one of an image that is there.",
        usage: Usage::Read(&["ops/src/image/boot_resources.rs"]),
    },
    Definition {
        name: "default_dns_ttl",
        form: Form::Number(1, 0x7fff_ffff),
        default: Default::Number(30),
        doc: "TTL in seconds of DNS records where neither record nor domain says otherwise.",
        usage: Usage::Read(&["model/src/dns/project.rs"]),
    },
    Definition {
        name: "default_min_hwe_kernel",
        form: Form::Text,
        default: Default::Text(""),
        doc: "The least kernel.",
        usage: Usage::Refused("there is one kernel, that of the image"),
    },
    Definition {
        name: "default_osystem",
        form: Form::Text,
        default: Default::Text("debian"),
        doc: "The operating system that is deployed when none is asked for: one of an image that is there.",
        usage: Usage::Read(&["ops/src/image/boot_resources.rs"]),
    },
    Definition {
        name: "default_storage_layout",
        form: Form::Choice(&["bcache", "blank", "flat", "lvm", "vmfs6", "vmfs7"]),
        default: Default::Text("flat"),
        doc: "How the disks of a machine are laid out when it was examined.",
        usage: Usage::Read(&["ops/src/machine/enlist.rs"]),
    },
    Definition {
        name: "dhcp_leaves_out_0_and_255",
        form: Form::Boolean,
        default: Default::Boolean(false),
        doc: "Whether DHCP clients get no addresses that end in .0 or .255, which some hosts take for a network or a broadcast; who has one keeps it. Not a setting of MAAS.",
        usage: Usage::Read(&[
            "rack/src/dhcp/copy.rs",
            "ops/src/network/dhcp_link.rs",
            "ops/src/network/pools.rs",
        ]),
    },
    Definition {
        name: "disk_erase_with_quick_erase",
        form: Form::Boolean,
        default: Default::Boolean(false),
        doc: "Whether disks that do not erase themselves are erased quickly: signatures, partition tables, and both ends. What is asked for at a release goes before.",
        usage: Usage::Read(&["ops/src/machine/release.rs"]),
    },
    Definition {
        name: "disk_erase_with_secure_erase",
        form: Form::Boolean,
        default: Default::Boolean(true),
        doc: "Whether disks erase themselves, if they can. What is asked for at a release goes before.",
        usage: Usage::Read(&["ops/src/machine/release.rs"]),
    },
    Definition {
        name: "dns_trusted_acl",
        form: Form::Networks,
        default: Default::Null,
        doc: "Networks besides the subnets that racks resolve all names for.",
        usage: Usage::Read(&["rack/src/dns/forward.rs"]),
    },
    Definition {
        name: "dnssec_validation",
        form: Form::Choice(&["auto", "yes", "no"]),
        default: Default::Text("auto"),
        doc: "Whether answers of upstream servers are validated.",
        usage: Usage::Refused("racks pass answers of upstream servers on as they are"),
    },
    Definition {
        name: "enable_analytics",
        form: Form::Boolean,
        default: Default::Boolean(true),
        doc: "Whether use of the web page is reported.",
        usage: Usage::Refused("nothing is reported to anybody"),
    },
    Definition {
        name: "enable_disk_erasing_on_release",
        form: Form::Boolean,
        default: Default::Boolean(false),
        doc: "Whether the disks of a machine are erased whenever it is released.",
        usage: Usage::Read(&["ops/src/machine/release.rs"]),
    },
    Definition {
        name: "enable_http_proxy",
        form: Form::Boolean,
        default: Default::Boolean(true),
        doc: "Whether deployed systems use the proxy of `http_proxy`, if there is one.",
        usage: Usage::Read(&["ops/src/machine/vendor_data.rs"]),
    },
    Definition {
        name: "enable_kernel_crash_dump",
        form: Form::Boolean,
        default: Default::Boolean(false),
        doc: "Whether deployed systems keep crash dumps.",
        usage: Usage::Refused("what is installed is in the image"),
    },
    Definition {
        name: "enable_third_party_drivers",
        form: Form::Boolean,
        default: Default::Boolean(true),
        doc: "Whether drivers of vendors are installed.",
        usage: Usage::Refused("what is installed is in the image"),
    },
    Definition {
        name: "enlist_commissioning",
        form: Form::Boolean,
        default: Default::Boolean(true),
        doc: "Whether a machine is examined when it is enlisted.",
        usage: Usage::Refused("every machine is examined when it is enlisted"),
    },
    Definition {
        name: "events_max_age_days",
        form: Form::Number(1, 10_000),
        default: Default::Number(365),
        doc: "How many days events are kept. Not a setting of MAAS, which keeps all.",
        usage: Usage::Read(&["ops/src/site/event_retention.rs"]),
    },
    Definition {
        name: "events_max_count",
        form: Form::Number(1_000, 100_000_000),
        default: Default::Number(1_000_000),
        doc: "How many events are kept, the newest of them. Not a setting of MAAS, which keeps all.",
        usage: Usage::Read(&["ops/src/site/event_retention.rs"]),
    },
    Definition {
        name: "force_v1_network_yaml",
        form: Form::Boolean,
        default: Default::Boolean(false),
        doc: "Whether networks are described in the older form.",
        usage: Usage::Refused("networks are described in version 2"),
    },
    Definition {
        name: "hardware_sync_interval",
        form: Form::Text,
        default: Default::Text("15m"),
        doc: "How often deployed systems report their hardware.",
        usage: Usage::Refused("hardware is examined when a machine is commissioned"),
    },
    Definition {
        name: "http_proxy",
        form: Form::Url,
        default: Default::Null,
        doc: "The proxy of deployed systems.",
        usage: Usage::Read(&["ops/src/machine/vendor_data.rs"]),
    },
    Definition {
        name: "kernel_opts",
        form: Form::KernelOptions,
        default: Default::Null,
        doc: "More arguments for the kernel, of the ephemeral OS and of deployed systems.",
        usage: Usage::Read(&["ops/src/machine/kernel_options.rs", "rack/src/http/boot.rs"]),
    },
    Definition {
        name: "maas_auto_ipmi_cipher_suite_id",
        form: Form::Choice(&["17", "3", "", "8", "12"]),
        default: Default::Text("3"),
        doc: "The cipher suite for BMCs.",
        usage: Usage::Refused("the agent reads from the BMC which cipher suites it has"),
    },
    Definition {
        name: "maas_auto_ipmi_k_g_bmc_key",
        form: Form::Text,
        default: Default::Text(""),
        doc: "The key that BMCs are given.",
        usage: Usage::Refused("BMCs are given no key"),
    },
    Definition {
        name: "maas_auto_ipmi_user",
        form: Form::Name(16),
        default: Default::Text("maas"),
        doc: "The name of Ironraft's account on BMCs.",
        usage: Usage::Read(&["ops/src/machine/agent.rs"]),
    },
    Definition {
        name: "maas_auto_ipmi_user_privilege_level",
        form: Form::Choice(&["USER", "OPERATOR", "ADMIN"]),
        default: Default::Text("ADMIN"),
        doc: "The rights of Ironraft's account on BMCs.",
        usage: Usage::Refused(
            "the account is an administrator, or it could not choose the boot device",
        ),
    },
    Definition {
        name: "maas_auto_ipmi_workaround_flags",
        form: Form::Text,
        default: Default::Null,
        doc: "Workarounds for BMCs.",
        usage: Usage::Refused("ipmitool is used without workarounds"),
    },
    Definition {
        name: "maas_internal_domain",
        form: Form::Text,
        default: Default::Text("maas-internal"),
        doc: "The domain of what MAAS itself serves.",
        usage: Usage::Refused("racks are reached by their addresses"),
    },
    Definition {
        name: "maas_name",
        form: Form::Text,
        default: Default::Text("ironraft"),
        doc: "The name of the site.",
        usage: Usage::Clients,
    },
    Definition {
        name: "maas_proxy_port",
        form: Form::Number(1, 65_535),
        default: Default::Number(8_000),
        doc: "The port of the proxy.",
        usage: Usage::Refused("racks run no proxy"),
    },
    Definition {
        name: "maas_syslog_port",
        form: Form::Number(1, 65_535),
        default: Default::Number(5_247),
        doc: "The port of the log server.",
        usage: Usage::Refused("racks run no log server"),
    },
    Definition {
        name: "max_node_commissioning_results",
        form: Form::Number(1, 1_000),
        default: Default::Number(10),
        doc: "How many commissioning results of a machine are kept.",
        usage: Usage::Refused("the last result of each tool is kept"),
    },
    Definition {
        name: "max_node_installation_results",
        form: Form::Number(1, 1_000),
        default: Default::Number(3),
        doc: "How many installation results of a machine are kept.",
        usage: Usage::Refused("the last result is kept"),
    },
    Definition {
        name: "max_node_release_results",
        form: Form::Number(1, 1_000),
        default: Default::Number(3),
        doc: "How many release results of a machine are kept.",
        usage: Usage::Refused("the last result is kept"),
    },
    Definition {
        name: "max_node_testing_results",
        form: Form::Number(1, 1_000),
        default: Default::Number(10),
        doc: "How many test results of a machine are kept.",
        usage: Usage::Refused("there are no tests of machines"),
    },
    Definition {
        name: "network_discovery",
        form: Form::Choice(&["enabled", "disabled"]),
        default: Default::Text("enabled"),
        doc: "Whether racks note which hosts use addresses on their links.",
        usage: Usage::Read(&["rack/src/discovery/service.rs", "ops/src/network/scans.rs"]),
    },
    Definition {
        name: "node_timeout",
        form: Form::Number(1, 24 * 60),
        default: Default::Number(30),
        doc: "How many minutes commissioning, deploying, erasing and the like may go on without a sign of progress.",
        usage: Usage::Read(&["ops/src/machine/step.rs"]),
    },
    Definition {
        name: "ntp_external_only",
        form: Form::Boolean,
        default: Default::Boolean(false),
        doc: "Whether machines use only the servers of `ntp_servers`.",
        usage: Usage::Read(&["rack/src/dhcp/copy.rs", "ops/src/network/time_servers.rs"]),
    },
    Definition {
        name: "ntp_servers",
        form: Form::Hosts,
        default: Default::Text(""),
        doc: "Time servers: regions follow them, racks follow regions, and machines racks. With `ntp_external_only`, all follow them.",
        usage: Usage::Read(&[
            "region/src/ntp.rs",
            "rack/src/ntp.rs",
            "ops/src/network/time_servers.rs",
        ]),
    },
    Definition {
        name: "operation_disrupted_machines_max",
        form: Form::Number(0, 1_000),
        default: Default::Number(1_000),
        doc: "How many machines one operation on many objects may have lose power or data. Not a setting of MAAS.",
        usage: Usage::Read(&["native/src/operations/limits.rs"]),
    },
    Definition {
        name: "prefer_v4_proxy",
        form: Form::Boolean,
        default: Default::Boolean(false),
        doc: "Whether the proxy resolves IPv4 addresses first.",
        usage: Usage::Refused("racks run no proxy"),
    },
    Definition {
        name: "presented_machines_max_age_days",
        form: Form::Number(1, 10_000),
        default: Default::Number(90),
        doc: "After how many days without any change a machine is forgotten that others than administrators presented and that was never accepted. Not a setting of MAAS, which keeps all.",
        usage: Usage::Read(&["ops/src/machine/presented_retention.rs"]),
    },
    Definition {
        name: "prometheus_enabled",
        form: Form::Boolean,
        default: Default::Boolean(false),
        doc: "Whether metrics are served.",
        usage: Usage::Refused("metrics are always served"),
    },
    Definition {
        name: "prometheus_push_gateway",
        form: Form::Text,
        default: Default::Null,
        doc: "Where metrics are sent.",
        usage: Usage::Refused("metrics are fetched, not sent"),
    },
    Definition {
        name: "prometheus_push_interval",
        form: Form::Number(1, 1_440),
        default: Default::Number(60),
        doc: "How often metrics are sent, in minutes.",
        usage: Usage::Refused("metrics are fetched, not sent"),
    },
    Definition {
        name: "promtail_enabled",
        form: Form::Boolean,
        default: Default::Boolean(false),
        doc: "Whether logs are sent to Promtail.",
        usage: Usage::Refused("logs go to the journal of each node"),
    },
    Definition {
        name: "promtail_port",
        form: Form::Number(1, 65_535),
        default: Default::Number(5_238),
        doc: "The port of Promtail.",
        usage: Usage::Refused("logs go to the journal of each node"),
    },
    Definition {
        name: "release_notifications",
        form: Form::Boolean,
        default: Default::Boolean(true),
        doc: "Whether new releases are told.",
        usage: Usage::Refused("new releases are not looked for"),
    },
    Definition {
        name: "remote_syslog",
        form: Form::HostAndPort,
        default: Default::Null,
        doc: "Where deployed systems send their logs (syslog over UDP).",
        usage: Usage::Read(&["ops/src/machine/vendor_data.rs"]),
    },
    Definition {
        name: "session_length",
        form: Form::Number(10, 14 * 24 * 3_600),
        default: Default::Number(1_209_600),
        doc: "How long a login with a cookie lasts, in seconds; an unused one ends after four days. API keys last until they are deleted.",
        usage: Usage::Read(&["ops/src/access/sessions.rs"]),
    },
    Definition {
        name: "subnet_ip_exhaustion_threshold_count",
        form: Form::Number(1, 65_535),
        default: Default::Number(16),
        doc: "How few free addresses of a subnet are told.",
        usage: Usage::Refused("nobody is told"),
    },
    Definition {
        name: "theme",
        form: Form::Text,
        default: Default::Text(""),
        doc: "The colors of the web page.",
        usage: Usage::Clients,
    },
    Definition {
        name: "tls_cert_expiration_notification_enabled",
        form: Form::Boolean,
        default: Default::Boolean(false),
        doc: "Whether the end of a certificate is told.",
        usage: Usage::Refused("certificates are renewed by themselves"),
    },
    Definition {
        name: "tls_cert_expiration_notification_interval",
        form: Form::Number(1, 90),
        default: Default::Number(30),
        doc: "How many days before its end that is told.",
        usage: Usage::Refused("certificates are renewed by themselves"),
    },
    Definition {
        name: "upstream_dns",
        form: Form::Addresses,
        default: Default::Null,
        doc: "The servers that racks ask for names that are not of this site.",
        usage: Usage::Read(&["rack/src/dns/forward.rs"]),
    },
    Definition {
        name: "use_peer_proxy",
        form: Form::Boolean,
        default: Default::Boolean(false),
        doc: "Whether the proxy asks another one.",
        usage: Usage::Refused("racks run no proxy"),
    },
    Definition {
        name: "use_rack_proxy",
        form: Form::Boolean,
        default: Default::Boolean(true),
        doc: "Whether machines reach regions through their rack.",
        usage: Usage::Refused("machines always reach regions through their rack"),
    },
    Definition {
        name: "vcenter_datacenter",
        form: Form::Text,
        default: Default::Text(""),
        doc: "The data center of VMware vCenter.",
        usage: Usage::Refused("machines are registered with no vCenter"),
    },
    Definition {
        name: "vcenter_password",
        form: Form::Text,
        default: Default::Text(""),
        doc: "The password for VMware vCenter.",
        usage: Usage::Refused("machines are registered with no vCenter"),
    },
    Definition {
        name: "vcenter_server",
        form: Form::Text,
        default: Default::Text(""),
        doc: "The server of VMware vCenter.",
        usage: Usage::Refused("machines are registered with no vCenter"),
    },
    Definition {
        name: "vcenter_username",
        form: Form::Text,
        default: Default::Text(""),
        doc: "The user of VMware vCenter.",
        usage: Usage::Refused("machines are registered with no vCenter"),
    },
    Definition {
        name: "windows_kms_host",
        form: Form::Text,
        default: Default::Null,
        doc: "The host that activates Windows.",
        usage: Usage::Refused("Windows is not activated"),
    },
];

/// The setting of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Definition> {
    let position = SETTINGS.binary_search_by_key(&name, |known| known.name).ok()?;
    SETTINGS.get(position)
}

impl Default {
    /// The default as MAAS's API shows it.
    #[must_use]
    pub fn value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(on) => json!(on),
            Self::Number(number) => json!(number),
            Self::Text(text) => json!(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::typed::READ;

    #[test]
    fn names_are_in_order_and_defaults_of_their_form() {
        assert!(SETTINGS.is_sorted_by_key(|known| known.name));
        for known in SETTINGS {
            let default = known.default.value();
            let fits = match known.form {
                Form::Boolean => default.is_boolean(),
                Form::Number(first, last) => {
                    default.as_u64().is_some_and(|number| (first..=last).contains(&number))
                }
                Form::Text
                | Form::Name(_)
                | Form::Choice(_)
                | Form::Addresses
                | Form::Hosts
                | Form::Networks
                | Form::HostAndPort
                | Form::Url
                | Form::KernelOptions => default.is_string() || default.is_null(),
            };
            assert!(fits, "{}", known.name);
        }
    }

    #[test]
    fn typed_settings_are_those_that_are_read() {
        let read = SETTINGS.iter().filter(|known| matches!(known.usage, Usage::Read(_)));
        let names: Vec<&str> = read.map(|known| known.name).collect();
        let typed: Vec<&str> = READ.iter().map(|(name, _, _)| *name).collect();
        assert_eq!(typed, names);
        for (name, _, reads) in READ {
            let default = find(name).map(|known| known.default.value());
            assert!(default.is_some_and(|value| reads(&value)), "{name}");
        }
    }
}
