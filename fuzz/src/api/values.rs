//! Values of parameters: those that mean something, and those that mean nothing anywhere.

use crate::draws::Draws;

use super::found::Found;

/// Values that are of no type, or of another one.
const ODD: &[&str] = &[
    "",
    " ",
    "0",
    "1",
    "-1",
    "2",
    "7",
    "65536",
    "4294967296",
    "18446744073709551616",
    "1e9",
    "1.5",
    "NaN",
    "true",
    "false",
    "null",
    "None",
    "[]",
    "{}",
    "{\"a\":",
    "[[[[[[[[",
    "{\"power_address\":1}",
    "\"",
    "'",
    "<b>",
    "a b",
    "ä",
    "𝔘\u{202e}x",
    "e\u{301}",
    "\0",
    "a\0b",
    "\u{1b}[31m",
    "a\r\nSet-Cookie: b",
    "\n",
    "\t",
    "../../etc/passwd",
    "/",
    ".",
    "..",
    "-",
    "_",
    "*",
    "%",
    "%00",
    "a..b",
    "-a",
    "a-",
    "x:y",
    "ip:",
    "cidr:",
    "name:",
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "ip:::ffff:10.0.0.1",
    "ip:10.0.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "10.0.0.0/33",
    "10.0.0.0/0",
    "::/0",
    "10.0.0.1/24",
    "fe80::1%eth0",
    "01:02",
    "ff:ff:ff:ff:ff:ff",
    "00:00:00:00:00:00",
    "2026-02-30",
    "Thu, 01 Jan 1970 00:00:00 -0000",
    "${x}",
    "{x!r}",
    "{x:>9}",
    "{",
    "}}",
    "(",
    "[",
    "\\",
    "//*[",
    "//node()[",
    "count(",
    "a,b,,c",
    ",",
    ";",
    "a=b",
    "=",
    "a:1(b",
    "root:8",
    "x:y=z",
    "https://a:b@c:99999/",
    "http://[",
    "file:///etc/passwd",
    "#cloud-config",
    "IyE=",
    "====",
    "deadbeef",
    "option routers 10.0.0.1;",
    "if {",
    "class \"",
    "yes",
    "no",
    "hard",
    "soft",
    "manual",
    "ipmi",
    "admin",
    "anonymous",
    "default",
    "undefined",
    "amd64/generic",
    "amd64",
    "i386/generic/x",
    "/generic",
    "-----BEGIN",
];

/// How values are written that are right, by the name of the parameter.
const RIGHT: &[(&str, &[&str])] = &[
    ("cidr", &["10.0.0.0/24", "10.7.0.0/16", "fd00:7::/64", "10.0.0.128/25"]),
    ("router_advertisements", &["off", "on", "slaac"]),
    ("relay_to", &["192.0.2.67", "192.0.2.67,2001:db8::67", "10.0.0.77", ""]),
    ("service_addresses", &["10.0.0.9", "10.0.0.9,fd00::9", "10.0.0.77", ""]),
    ("type", &["dynamic", "reserved", "all", "uploaded"]),
    ("ip", &["10.0.0.1", "10.0.0.77", "10.5.0.9", "fd00::7", "::ffff:10.0.0.77"]),
    ("address", &["10.0.0.1", "10.0.0.77", "10.5.0.9", "fd00::7"]),
    ("start_ip", &["10.0.0.20", "10.0.0.60", "fd00::100"]),
    ("end_ip", &["10.0.0.30", "10.0.0.69", "fd00::1ff"]),
    ("gateway_ip", &["10.0.0.1", "10.5.0.1", "fd00::1"]),
    ("mac", &["52:54:00:00:00:01", "52:54:00:00:00:71", "52-54-00-00-00-72"]),
    ("mac_address", &["52:54:00:00:00:01", "52:54:00:00:00:71", "52:54:00:00:00:73"]),
    ("architecture", &["amd64/generic", "amd64", "arm64/generic"]),
    ("power_type", &["manual", "ipmi", ""]),
    ("power_parameters", &["{}", "{\"power_address\": \"10.9.9.9\", \"power_user\": \"u\"}"]),
    ("name", &["kernel_opts", "n1", "web", "ntp_servers", "upstream_dns", "a.example"]),
    ("fqdn", &["www.maas", "a.b.maas", "maas"]),
    ("rrtype", &["TXT", "CNAME", "MX", "SRV", "A", "AAAA", "NS", "SSHFP"]),
    ("rrdata", &["text", "10 mail.maas.", "0 5 80 www.maas.", "1 1 00ff", "\"a\" \"b\""]),
    ("value", &["max-lease-time 60;", "10.0.0.53", "true", "debian", "x"]),
    ("definition", &["//node", "//node[@id='cpu']", "count(//node) > 1", "true()"]),
    ("message", &["hello", "{name} there", "{a} {b}"]),
    ("context", &["{}", "{\"name\": \"x\"}", "[1]"]),
    ("category", &["info", "warning", "error", "success", "bogus"]),
    ("url", &["http://archive.example/debian", "ppa:a/b", "https://x/"]),
    ("level", &["INFO", "DEBUG", "AUDIT", "ERROR", "info"]),
    ("limit", &["1", "10", "1000", "0", "100000"]),
    ("status", &["ready", "new", "deployed", "4"]),
    ("storage", &["root:8", "root:8(ssd),data:1(rotary)", "8", "0"]),
    ("interfaces", &["eth0:fabric=fabric-0", "a:subnet_cidr=10.0.0.0/24;b:vid=0", "a:space=x"]),
    ("devices", &["vendor_id=8086", "product_id=1521,vendor_id=8086"]),
    (
        "key",
        &[
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDqH8H8H8H8H8H8H8H8H8H8H8H8H8H8H8H8H8H8H8H8H a@b",
            "note",
        ],
    ),
    ("osystem", &["debian", "windows", "ubuntu"]),
    ("distro_series", &["bookworm", "win2022", "debian/bookworm"]),
    ("license_key", &["AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"]),
    ("sha256", &["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]),
    ("mode", &["dhcp", "auto", "static", "link_up"]),
    ("before", &["0", "5", "99999999999"]),
    ("after", &["0", "5", "10.0.0.1"]),
    ("user_data", &["IyE=", "#!/bin/sh"]),
    ("comment", &["because"]),
    ("resource_type", &["pool", "maas"]),
    ("resource_id", &["0", "1"]),
    (
        "entitlement",
        &["can_view_machines", "can_deploy_machines", "can_edit_machines", "can_view_identities"],
    ),
];

/// Names whose values are found under another name.
const SYNONYMS: &[(&str, &str)] = &[
    ("machines", "system_id"),
    ("nodes", "system_id"),
    ("node", "system_id"),
    ("add", "system_id"),
    ("remove", "system_id"),
    ("parent", "system_id"),
    ("source", "system_id"),
    ("destinations", "system_id"),
    ("id", "system_id"),
    ("primary_rack", "system_id"),
    ("secondary_rack", "system_id"),
    ("further_racks", "system_id"),
    ("zone", "zone/"),
    ("pool", "pool/"),
    ("domain", "domain/"),
    ("subnet", "subnets/"),
    ("vlan", "vlan/"),
    ("fabric", "fabrics/"),
    ("space", "spaces/"),
    ("tags", "tags/"),
    ("user", "username"),
    ("owner", "username"),
    ("transfer_resources_to", "username"),
    ("subnets", "subnets/"),
    ("iprange", "ipranges/"),
    ("mac_addresses", "mac_address"),
    ("ip_addresses", "ip"),
    ("ip_address", "ip"),
    ("token", "token"),
    ("token_key", "token"),
    ("relay_vlan", "vlan/"),
    ("source", "subnets/"),
    ("destination", "subnets/"),
];

/// A value for a parameter.
pub(crate) fn draw(name: &str, found: &Found, draws: &mut Draws) -> String {
    if draws.percent(65)
        && let Some(value) = meaningful(name, found, draws)
    {
        return value;
    }
    odd(draws)
}

/// A value that may be right.
fn meaningful(name: &str, found: &Found, draws: &mut Draws) -> Option<String> {
    let of = |list: &[(&str, &'static [&'static str])]| {
        list.iter().find(|(other, _)| *other == name).map(|(_, values)| *values)
    };
    if draws.percent(50)
        && let Some(values) = of(RIGHT)
    {
        return Some((*draws.pick(values)).to_owned());
    }
    // A description tells one machine from another here.
    if name == "description" {
        return None;
    }
    let synonyms: Vec<&str> =
        SYNONYMS.iter().filter(|(other, _)| *other == name).map(|(_, field)| *field).collect();
    let field = if synonyms.is_empty() { name } else { draws.pick(&synonyms) };
    let values = found.of_field(field);
    let values = if values.is_empty() { found.of_field(name) } else { values };
    (!values.is_empty()).then(|| draws.pick(values).clone())
}

/// A value that means nothing here, or nothing anywhere; now and then a long one.
pub(crate) fn odd(draws: &mut Draws) -> String {
    match draws.below(40) {
        0 => "a".repeat(*draws.pick(&[63, 64, 254, 256, 1_025, 5_000, 70_000])),
        1 => "ä,".repeat(*draws.pick(&[40, 700, 20_000])),
        2 => draws.number().to_string(),
        3 => (0..draws.below(12)).map(|_| char::from(draws.byte())).collect(),
        4 => "(".repeat(*draws.pick(&[10, 70, 2_000])),
        5 => format!("{}{}", draws.pick(ODD), draws.pick(ODD)),
        _ => (*draws.pick(ODD)).to_owned(),
    }
}
