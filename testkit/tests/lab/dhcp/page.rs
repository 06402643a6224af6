//! `docs/conformance/clients.md` names the versions that are installed, and tests that there are.

use std::path::Path;
use std::process::Command;

/// The packages that are tried.
const PACKAGES: &[&str] = &[
    "isc-dhcp-client",
    "udhcpc",
    "dhcpcd-base",
    "systemd",
    "isc-dhcp-relay",
    "dnsmasq-base",
    "ovmf",
    "ipxe",
    "ipxe-qemu",
];
/// Where the tests are that the page names.
const SOURCES: &[&str] = &[
    include_str!("clients.rs"),
    include_str!("networkd.rs"),
    include_str!("patience.rs"),
    include_str!("regions.rs"),
    include_str!("relaying_racks.rs"),
    include_str!("relays.rs"),
    include_str!("../ipv6_only/firmware.rs"),
    include_str!("../../../../dhcp/tests/rfc2131/rapid.rs"),
];

#[test]
fn the_page_names_what_was_tried() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/conformance/clients.md");
    let page = std::fs::read_to_string(path).expect("the page");
    for package in PACKAGES {
        let mut rows = page.lines().filter(|line| line.starts_with(&format!("| `{package}`")));
        let row = rows.next().unwrap_or_else(|| panic!("{package} is not on the page"));
        let (version, listed) =
            (version(package), row.split('|').nth(2).unwrap_or_default().trim());
        assert!(
            !listed.is_empty() && version.starts_with(listed),
            "{package} is {version} here: {row}"
        );
    }
    let names = page.split('`').skip(1).step_by(2).filter(|name| name.matches('_').count() > 2);
    for name in names {
        let test = format!("fn {name}()");
        assert!(SOURCES.iter().any(|source| source.contains(&test)), "there is no test {name}");
    }
}

/// The version of a package without what Debian adds.
fn version(package: &str) -> String {
    let asked = Command::new("dpkg-query").args(["-W", "-f", "${Version}", package]).output();
    let asked = asked.expect("dpkg-query runs");
    assert!(asked.status.success(), "{package} is not installed: deploy/setup does it");
    let whole = String::from_utf8(asked.stdout).expect("a version");
    let upstream = whole.split_once(':').map_or(whole.as_str(), |(_, rest)| rest);
    upstream.rsplit_once('-').map_or(upstream, |(version, _)| version).to_owned()
}
