//! The resources. A new one is an entry here: its shape, where MAAS's API has its operations, where it is stored.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use model::access::Permission;
use model::boot::resource::BootResource;
use model::boot::source::BootSource;
use model::controller::{RackController, RegionController};
use model::device::Device;
use model::dhcp::snippet::DhcpSnippet;
use model::dns::dnsresource::DnsResource;
use model::dns::domain::Domain;
use model::lease::binding::Binding;
use model::machine::Machine;
use model::net::fabric::Fabric;
use model::net::iprange::IpRange;
use model::net::prefixpool::PrefixPool;
use model::net::reserved::{ReservedAddress, ReservedIp};
use model::net::space::Space;
use model::net::staticroute::StaticRoute;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::notification::Notification;
use model::operation::BulkOperation;
use model::package_repository::PackageRepository;
use model::pool::ResourcePool;
use model::query::field::{Field, FieldKind};
use model::ssh_key::SshKey;
use model::ssl_key::SslKey;
use model::tag::Tag;
use model::user::User;
use model::zone::AvailabilityZone;

use crate::field::Fields;
use crate::listing::Listing;
use crate::machines::{self, Nodes};
use crate::operations;
use crate::paged::Pages;
use crate::resource::Resource;
use crate::rows::Rows;
use crate::times::Moment;
use crate::webhooks::shape as webhooks;
use crate::{discoveries, events, leases, prefixpools, rows_seen, site};

/// All resources, in the order of the document.
pub const RESOURCES: &[Resource] = &[
    Resource::new::<api::machines::Machine>(
        "machines",
        "machine",
        &["machines/"],
        &["machines/{system_id}/", "nodes/{system_id}/"],
    )
    .doc("Servers: what they are, where they are in their life, and who uses them.")
    .named_by("system_id", &["hostname", "fqdn"])
    .listed(Listing::Nodes(Nodes::Machines))
    .stored(Rows::of::<Machine>("system_id"))
    .row_seen(rows_seen::machine)
    .timed(&[Moment::Created, Moment::Updated, Moment::StatusChanged])
    .columns(&[
        "fqdn",
        "status_name",
        "status_changed",
        "power_state",
        "owner",
        "pool.name",
        "zone.name",
        "tag_names",
        "created",
    ]),
    Resource::new::<api::devices::Device>(
        "devices",
        "device",
        &["devices/"],
        &["devices/{system_id}/", "nodes/{system_id}/"],
    )
    .doc("Hosts that have addresses and names from here and are not switched.")
    .named_by("system_id", &["hostname", "fqdn"])
    .listed(Listing::Nodes(Nodes::Devices))
    .stored(Rows::of::<Device>("system_id"))
    .row_seen(rows_seen::device)
    .timed(&[Moment::Created, Moment::Updated])
    .columns(&["fqdn", "ip_addresses", "owner", "zone.name"]),
    Resource::new::<api::controllers::Controller>(
        "racks",
        "rack",
        &["rackcontrollers/"],
        &["rackcontrollers/{system_id}/"],
    )
    .doc("Rack controllers: they serve DHCP, DNS, boots and power near the machines.")
    .named_by("system_id", &["hostname", "fqdn"])
    .seen_with(Permission::ReadControllers)
    .stored(Rows::of::<RackController>("system_id"))
    .columns(&["hostname", "system_id", "ip_addresses", "version", "zone.name"]),
    Resource::new::<api::controllers::Controller>(
        "regions",
        "region",
        &["regioncontrollers/"],
        &["regioncontrollers/{system_id}/"],
    )
    .doc("Region controllers: they keep the state, and serve the API.")
    .named_by("system_id", &["hostname", "fqdn"])
    .seen_with(Permission::ReadControllers)
    .stored(Rows::of::<RegionController>("system_id"))
    .columns(&["hostname", "ip_addresses", "version", "zone.name"]),
    Resource::new::<api::fabrics::Fabric>(
        "fabrics",
        "fabric",
        &["fabrics/"],
        &["fabrics/{id}/", "fabrics/{fabric_id}/"],
    )
    .doc("Switched networks: what VLANs are numbered in.")
        .seen_with(Permission::ReadSite)
    .stored(Rows::of::<Fabric>("id"))
    .columns(&["id", "name", "class_type", "description"]),
    Resource::new::<api::vlans::Vlan>("vlans", "vlan", &["vlans/"], &["vlans/{vlan_id}/"])
        .doc("Links: what DHCP is served on.")
        .seen_with(Permission::ReadSite)
        .listed(Listing::Function(|request| Box::pin(site::vlans(request))))
        .stored(Rows::of::<Vlan>("id"))
        .columns(&[
            "id",
            "name",
            "vid",
            "fabric",
            "dhcp_on",
            "primary_rack",
            "secondary_rack",
            "further_racks",
            "space",
        ]),
    Resource::new::<api::spaces::Space>("spaces", "space", &["spaces/"], &["spaces/{id}/"])
        .doc("VLANs that may reach each other.")
        .seen_with(Permission::ReadSite)
        .stored(Rows::of::<Space>("id"))
        .columns(&["id", "name", "description"]),
    Resource::new::<site::Subnet>("subnets", "subnet", &["subnets/"], &["subnets/{id}/"])
        .doc("Prefixes of addresses on VLANs.")
        .seen_with(Permission::ReadSite)
        .named_by("id", &["name", "cidr"])
        .listed(Listing::Function(|request| Box::pin(site::subnets(request))))
        .stored(Rows::of::<Subnet>("id"))
        .kinds(&[
            ("cidr", FieldKind::Text),
            ("gateway_ip", FieldKind::Address),
            ("dns_servers", FieldKind::Address),
        ])
        .columns(&[
            "id",
            "cidr",
            "name",
            "vlan.vid",
            "vlan.fabric",
            "gateway_ip",
            "space",
            "addresses_used",
            "addresses_total",
        ]),
    Resource::new::<api::ipranges::IpRange>(
        "ip-ranges",
        "ip-range",
        &["ipranges/"],
        &["ipranges/{id}/"],
    )
    .doc("Addresses that DHCP gives out, or that are left alone.")
        .seen_with(Permission::ReadSite)
    .named_by("id", &[])
    .stored(Rows::of::<IpRange>("id"))
    .kinds(&[("start_ip", FieldKind::Address), ("end_ip", FieldKind::Address)])
    .columns(&["id", "type", "start_ip", "end_ip", "subnet.cidr", "comment"]),
    Resource::new::<prefixpools::PrefixPool>(
        "prefix-pools",
        "prefix-pool",
        &["prefixpools/"],
        &["prefixpools/{id}/"],
    )
    .doc("Prefixes of IPv6 that DHCP delegates to routers.")
        .seen_with(Permission::ReadSite)
    .named_by("id", &["prefix"])
    .listed(Listing::Function(|request| Box::pin(prefixpools::all(request))))
    .stored(Rows::of::<PrefixPool>("id"))
    .kinds(&[("prefix", FieldKind::Text)])
    .columns(&[
        "id",
        "prefix",
        "delegated_length",
        "subnet.cidr",
        "prefixes_delegated",
        "prefixes_total",
        "comment",
    ]),
    Resource::new::<api::reservedips::ReservedIp>(
        "reserved-ips",
        "reserved-ip",
        &["reservedips/"],
        &["reservedips/{id}/"],
    )
    .doc("Addresses that DHCP gives to one hardware address.")
        .seen_with(Permission::ReadSite)
    .named_by("id", &["ip", "mac_address"])
    .stored(Rows::of::<ReservedIp>("id"))
    .kinds(&[("ip", FieldKind::Address), ("mac_address", FieldKind::Mac)])
    .columns(&["id", "ip", "mac_address", "subnet.cidr", "comment"]),
    Resource::new::<api::ipaddresses::IpAddress>(
        "ip-addresses",
        "ip-address",
        &["ipaddresses/"],
        &[],
    )
    .doc("Addresses that users reserved: an administrator sees all, others their own.")
    .named_by("ip", &[])
    .listed(Listing::Function(|request| Box::pin(site::ip_addresses(request))))
    .stored(Rows::of::<ReservedAddress>("ip"))
    .row_seen(rows_seen::reserved_address)
    .kinds(&[("ip", FieldKind::Address)])
    .columns(&["ip", "alloc_type_name", "owner.username", "subnet.cidr", "created"]),
    Resource::new::<api::staticroutes::StaticRoute>(
        "static-routes",
        "static-route",
        &["static-routes/"],
        &["static-routes/{id}/"],
    )
    .doc("Routes that clients of a subnet are told.")
        .seen_with(Permission::ReadSite)
    .named_by("id", &[])
    .stored(Rows::of::<StaticRoute>("id"))
    .kinds(&[("gateway_ip", FieldKind::Address)])
    .columns(&["id", "source.cidr", "destination.cidr", "gateway_ip", "metric"]),
    Resource::new::<api::dhcpsnippets::DhcpSnippet>(
        "dhcp-snippets",
        "dhcp-snippet",
        &["dhcp-snippets/"],
        &["dhcp-snippets/{id}/"],
    )
    .doc("Options that DHCP clients are told besides.")
        .seen_with(Permission::ReadSite)
    .stored(Rows::of::<DhcpSnippet>("id"))
    .columns(&["id", "name", "enabled", "global_snippet", "description"]),
    Resource::new::<discoveries::Discovery>(
        "discoveries",
        "discovery",
        &["discovery/"],
        &["discovery/{discovery_id}/"],
    )
    .doc("Hosts that racks saw on their links.")
        .seen_with(Permission::ReadSite)
    .named_by("discovery_id", &["ip"])
    .listed(Listing::Keyed {
        all: |request| Box::pin(discoveries::all(request)),
        one: |request, key| Box::pin(discoveries::one(request, key)),
    })
    .stored(Rows::of_neighbours("id"))
    .restless()
    .kinds(&[("ip", FieldKind::Address), ("mac_address", FieldKind::Mac)])
    .columns(&["ip", "mac_address", "hostname", "fabric_name", "vid", "last_seen"]),
    Resource::new::<api::domains::Domain>("domains", "domain", &["domains/"], &["domains/{id}/"])
        .doc("Zones of the DNS.")
        .seen_with(Permission::ReadDns)
        .stored(Rows::of::<Domain>("id"))
        .columns(&["id", "name", "authoritative", "ttl", "resource_record_count", "is_default"]),
    Resource::new::<api::dnsresources::DnsResource>(
        "dns-resources",
        "dns-resource",
        &["dnsresources/"],
        &["dnsresources/{id}/"],
    )
    .doc("Names with addresses and records.")
        .seen_with(Permission::ReadDns)
    .named_by("id", &["fqdn"])
    .stored(Rows::of::<DnsResource>("id"))
    .columns(&["id", "fqdn", "ip_addresses.ip", "address_ttl"]),
    Resource::new::<api::dnsresources::DnsRecord>(
        "dns-records",
        "dns-record",
        &["dnsresourcerecords/"],
        &["dnsresourcerecords/{id}/"],
    )
    .doc("Records of the DNS that are no addresses.")
        .seen_with(Permission::ReadDns)
    .named_by("id", &[])
    .columns(&["id", "fqdn", "rrtype", "rrdata", "ttl"]),
    Resource::new::<api::zones::Zone>("zones", "zone", &["zones/"], &["zones/{name}/"])
        .doc("Availability zones: what fails together.")
        .seen_with(Permission::ReadSite)
        .stored(Rows::of::<AvailabilityZone>("id"))
        .columns(&["id", "name", "description"]),
    Resource::new::<api::resourcepools::ResourcePool>(
        "pools",
        "pool",
        &["resourcepools/"],
        &["resourcepool/{id}/"],
    )
    .doc("Resource pools: whose machines are whose.")
    .stored(Rows::of::<ResourcePool>("id"))
    .row_seen(rows_seen::pool)
    .columns(&["id", "name", "description"]),
    Resource::new::<api::tags::Tag>("tags", "tag", &["tags/"], &["tags/{name}/"])
        .doc("Words that machines carry, by hand or by a definition over their hardware.")
        .seen_with(Permission::ReadSite)
        .named_by("name", &[])
        .stored(Rows::of::<Tag>("name"))
        .columns(&["name", "definition", "kernel_opts", "comment"]),
    Resource::new::<api::boot_resources::BootResource>(
        "images",
        "image",
        &["boot-resources/"],
        &["boot-resources/{id}/"],
    )
    .doc("What is deployed, and what machines boot.")
    .stored(Rows::of::<BootResource>("id"))
    .uploaded()
    .timed(&[Moment::Created])
    .columns(&["id", "name", "type", "architecture"]),
    Resource::new::<api::boot_sources::BootSource>(
        "boot-sources",
        "boot-source",
        &["boot-sources/"],
        &["boot-sources/{id}/", "boot-sources/{boot_source_id}/"],
    )
    .doc("Where images are imported from.")
        .seen_with(Permission::ReadBootSources)
    .named_by("id", &["url"])
    .stored(Rows::of::<BootSource>("id"))
    .columns(&["id", "url", "keyring_filename", "updated"]),
    Resource::new::<api::packagerepositories::PackageRepository>(
        "package-repositories",
        "package-repository",
        &["package-repositories/"],
        &["package-repositories/{id}/"],
    )
    .doc("Archives that deployed machines install from.")
        .seen_with(Permission::ReadSettings)
    .stored(Rows::of::<PackageRepository>("id"))
    .timed(&[Moment::Created])
    .columns(&["id", "name", "url", "enabled"]),
    Resource::new::<api::license_keys::LicenseKey>(
        "license-keys",
        "license-key",
        &["license-keys/"],
        &[],
    )
    .doc("Licence keys of operating systems.")
        .seen_with(Permission::ReadLicenses)
    .named_by("resource_uri", &[])
    .columns(&["osystem", "distro_series"]),
    Resource::new::<site::User>("users", "user", &["users/"], &["users/{username}/"])
        .doc("Who may log in.")
        .named_by("username", &["email"])
        .listed(Listing::Function(|request| Box::pin(site::users(request))))
        .stored(Rows::of::<User>("id"))
        .columns(&["username", "email", "is_superuser", "is_local"]),
    Resource::new::<api::sshkeys::SshKey>(
        "ssh-keys",
        "ssh-key",
        &["account/prefs/sshkeys/"],
        &["account/prefs/sshkeys/{id}/"],
    )
    .doc("The SSH keys of who asks: they are put on machines that are deployed.")
    .named_by("id", &[])
    .stored(Rows::of::<SshKey>("id"))
    .timed(&[Moment::Created])
    .row_seen(rows_seen::own)
    .columns(&["id", "keysource", "key"]),
    Resource::new::<api::sslkeys::SslKey>(
        "ssl-keys",
        "ssl-key",
        &["account/prefs/sslkeys/"],
        &["account/prefs/sslkeys/{id}/"],
    )
    .doc("The X.509 certificates of who asks.")
    .named_by("id", &[])
    .stored(Rows::of::<SslKey>("id"))
    .timed(&[Moment::Created])
    .row_seen(rows_seen::own)
    .columns(&["id", "key"]),
    Resource::new::<api::files::File>("files", "file", &["files/"], &["files/{filename}/"])
        .doc("The files that who asks keeps here.")
        .named_by("filename", &[])
        .columns(&["filename"]),
    Resource::new::<api::notifications::Notification>(
        "notifications",
        "notification",
        &["notifications/"],
        &["notifications/{id}/"],
    )
    .doc("Messages to users.")
    .named_by("id", &["ident"])
    .stored(Rows::of::<Notification>("id"))
    .timed(&[Moment::Created, Moment::Updated])
    .row_seen(rows_seen::notification)
    .columns(&["id", "category", "message", "users", "admins"]),
    Resource::new::<site::Setting>("settings", "setting", &[], &["settings/{name}/"])
        .doc("What the site is set to.")
        .seen_with(Permission::ReadSettings)
        .named_by("name", &[])
        .listed(Listing::Function(|request| Box::pin(site::settings(request))))
        .stored(Rows::of::<model::setting::Setting>("name"))
        .kinds(&[("value", FieldKind::Text), ("default", FieldKind::Text)])
        .columns(&["name", "value", "default"]),
    Resource::new::<events::Event>("events", "event", &[], &[])
        .doc(
            "What happened, newest first. Without a `level` in the filter, those of the level info and above; audit is for \
             administrators.",
        )
        .named_by("id", &[])
        .listed(Listing::Pages(events::PAGES))
        .stored(Rows::of::<model::event::Event>("id"))
        .row_seen(rows_seen::event)
        .kinds(&[("created", FieldKind::Time)])
        .columns(&["created", "level", "hostname", "type", "description", "username"]),
    Resource::new::<api::dhcp::Lease>("leases", "lease", &[], &[])
        .doc(
            "Addresses that DHCP clients have or had, and prefixes that were delegated to them, in the order of addresses. They \
             are filtered by `ip`, `mac`, `subnet`, `vlan`, `state` and `kind`.",
        )
        .seen_with(Permission::ReadSite)
        .named_by("ip", &[])
        .listed(Listing::Pages(leases::PAGES))
        .stored(Rows::of::<Binding>("ip"))
        .kinds(&[("ip", FieldKind::Address)])
        .columns(&["ip", "prefix_length", "client", "name", "state", "promised_until", "subnet.cidr"]),
    Resource::new::<webhooks::Webhook>(
        "webhooks",
        "webhook",
        &["webhooks/"],
        &["webhooks/{id}/"],
    )
    .doc("Who is told of changes by HTTP; for administrators.")
        .seen_with(Permission::ManageWebhooks)
    .listed(Listing::Function(|request| Box::pin(webhooks::all(request))))
    .stored(Rows::of::<model::webhook::Webhook>("id"))
    .columns(&["id", "name", "url", "enabled", "delivered_through", "attempts", "dead_letters"]),
    Resource::new::<operations::shape::Shown>("operations", "operation", &[], &[])
        .doc("One verb on many objects, and how far it is: one's own, an administrator's all.")
        .named_by("id", &[])
        .listed(Listing::Keyed {
            all: |request| Box::pin(operations::shape::all(request)),
            one: |request, id| Box::pin(operations::shape::one(request, id)),
        })
        .stored(Rows::of::<BulkOperation>("id"))
        .row_seen(rows_seen::operation)
        .leaves_out(&["targets"])
        .kinds(&[("created", FieldKind::Time), ("ended", FieldKind::Time)])
        .columns(&[
            "id", "state", "verb", "kind", "username", "total", "done", "failed", "created",
        ]),
];

/// What is known of each resource's fields.
static FIELDS: LazyLock<BTreeMap<&'static str, Fields>> = LazyLock::new(|| {
    let of = |resource: &Resource| match resource.listing {
        Listing::Nodes(_) => Fields { fields: machines::fields::known(), paths: Vec::new() },
        Listing::Pages(Pages { fields: Some(fields), .. }) => {
            Fields { fields: fields(), paths: Vec::new() }
        }
        _ => Fields::of(resource),
    };
    RESOURCES.iter().map(|resource| (resource.name, of(resource))).collect()
});

/// The fields of a resource, and where they stand in its objects.
///
/// # Panics
/// Never: all resources are known.
#[must_use]
pub fn known_fields(resource: &Resource) -> &'static Fields {
    FIELDS.get(resource.name).expect("all resources are in the table")
}

/// What a resource can be filtered and sorted by.
#[must_use]
pub fn fields_of(resource: &Resource) -> &'static [Field] {
    &known_fields(resource).fields
}

/// A resource by its name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.name == name)
}
