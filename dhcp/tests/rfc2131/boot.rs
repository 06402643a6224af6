//! RFC 4578 and UEFI: what network boots are told.

use dhcp::v4::view::{Host, HostInterface};
use model::id::SystemId;
use model::mac::MacAddress;
use model::net::subnet::Subnet;

use crate::bench::{self, Bench, Client, SERVER, raw_option, sent};

#[track_caller]
fn check(client: &Client, file: &str, class: Option<&[u8]>) -> Vec<u8> {
    let outputs = Bench::new().handle(&client.discover()).unwrap();
    let (_, reply, bytes) = sent(&outputs);
    assert_eq!(reply.siaddr(), SERVER);
    assert_eq!(raw_option(&bytes, 67).map(|(_, value)| value), Some(file.as_bytes()));
    let in_header = reply.fname().map(|name| String::from_utf8_lossy(name).into_owned());
    assert_eq!(in_header.unwrap().trim_end_matches('\0'), file);
    assert_eq!(raw_option(&bytes, 60).map(|(_, value)| value), class);
    bytes
}

/// RFC 4578, V4-24.
#[test]
fn bios_loads_ipxe_by_tftp_and_uefi_what_secure_boot_lets_run() {
    let pxe = |arch: u8| {
        let class = format!("PXEClient:Arch:{arch:05}:UNDI:003000");
        Client::new(1).with(60, class.as_bytes()).with(93, &[0, arch]).with(97, &[0; 17])
    };
    let bytes = check(&pxe(0), "undionly.kpxe", Some(b"PXEClient"));
    assert_eq!(raw_option(&bytes, 66).unwrap().1, b"10.0.0.2");
    assert_eq!(raw_option(&bytes, 97).unwrap().1, [0; 17]);
    assert_eq!(raw_option(&bytes, 43).unwrap().1, [6, 1, 8, 255]);
    check(&pxe(7), "bootx64.efi", Some(b"PXEClient"));
    check(&pxe(9), "bootx64.efi", Some(b"PXEClient"));
    let without_93 = Client::new(1).with(60, b"PXEClient:Arch:00007:UNDI:003000");
    check(&without_93, "bootx64.efi", Some(b"PXEClient"));
}

/// What the agent of a machine said decides; the same machine over HTTP is told iPXE, as there is no other way.
#[test]
fn a_machine_that_is_known_to_have_no_secure_boot_loads_ipxe() {
    let file = |secure_boot, arch: u8, class: &[u8]| {
        let mut bench = Bench::new();
        let mac = MacAddress([0x52, 0x54, 0, 0, 0, 1]);
        let interface = HostInterface { mac, vlan: Some(bench::VLAN), addresses: Vec::new() };
        let hostname = "node".to_owned();
        let host = Host { hostname, secure_boot, interfaces: vec![interface] };
        bench.engine.update(|view| view.put_host(&SystemId::from_number(77), host));
        let client = Client::new(1).with(60, class).with(93, &[0, arch]);
        let outputs = bench.handle(&client.discover()).unwrap();
        let bytes = sent(&outputs).2;
        String::from_utf8(raw_option(&bytes, 67).unwrap().1.to_vec()).unwrap()
    };
    assert_eq!(file(None, 7, b"PXEClient"), "bootx64.efi");
    assert_eq!(file(Some(true), 7, b"PXEClient"), "bootx64.efi");
    assert_eq!(file(Some(false), 7, b"PXEClient"), "snponly.efi");
    assert_eq!(file(Some(true), 11, b"PXEClient"), "snponly-arm64.efi");
    let url = "http://10.0.0.2:5248/boot/snponly.efi";
    assert_eq!(file(Some(true), 16, b"HTTPClient"), url);
}

/// C-09.
#[test]
fn ipxe_loads_the_script_of_its_machine_and_waits_for_no_proxy() {
    let client = |class: &[u8], arch| {
        Client::new(1)
            .with(60, b"PXEClient:Arch:00000:UNDI:002001")
            .with(77, class)
            .with(93, &[0, arch])
    };
    let url = "http://10.0.0.2:5248/boot.ipxe?mac=52-54-00-00-00-01&firmware=";
    let bytes = check(&client(b"iPXE", 0), &format!("{url}bios"), None);
    assert_eq!(raw_option(&bytes, 175).unwrap().1, [176, 1, 1]);
    check(&client(b"\x04iPXE", 7), &format!("{url}uefi"), None);
}

#[test]
fn uefi_http_boot_gets_a_url() {
    let client = Client::new(1).with(60, b"HTTPClient:Arch:00016:UNDI:003000").with(93, &[0, 16]);
    check(&client, "http://10.0.0.2:5248/boot/snponly.efi", Some(b"HTTPClient"));
}

#[test]
fn others_are_told_no_boot_file() {
    for client in [
        Client::new(1),
        Client::new(1).with(60, b"PXEClient:Arch:00012:UNDI:003000").with(93, &[0, 12]),
        Client::new(1).with(60, b"HTTPClient:Arch:00007:UNDI:003000").with(93, &[0, 7]),
        Client::new(1).with(77, b"\x05iPXE").with(93, &[0, 0]),
    ] {
        let outputs = Bench::new().handle(&client.discover()).unwrap();
        let (_, reply, bytes) = sent(&outputs);
        assert_eq!(raw_option(&bytes, 67), None);
        assert!(reply.siaddr().is_unspecified());
    }
}

fn firmware(class: &str, option_93: &[u8]) -> Client {
    Client::new(1).with(60, class.as_bytes()).with(93, option_93)
}

/// RFC 4578.
#[test]
fn of_several_architectures_the_first_that_can_be_served_is_taken() {
    check(&firmware("PXEClient", &[0, 12, 0, 7, 0, 0]), "bootx64.efi", Some(b"PXEClient"));
    check(&firmware("PXEClient", &[0, 0, 0, 7]), "undionly.kpxe", Some(b"PXEClient"));
    let url = "http://10.0.0.2:5248/boot/snponly.efi";
    check(&firmware("HTTPClient", &[0, 7, 0, 16]), url, Some(b"HTTPClient"));
    check(&firmware("PXEClient", &[0, 7, 1]), "bootx64.efi", Some(b"PXEClient"));
}

/// RFC 4578.
#[test]
fn every_architecture_loads_the_program_that_is_made_for_it() {
    for (architecture, program) in
        [(0, "undionly.kpxe"), (6, "snponly-i386.efi"), (7, "bootx64.efi"), (9, "bootx64.efi")]
            .into_iter()
            .chain([(11, "snponly-arm64.efi")])
    {
        check(&firmware("PXEClient", &[0, architecture]), program, Some(b"PXEClient"));
    }
    for (architecture, program) in
        [(15, "snponly-i386.efi"), (16, "snponly.efi"), (19, "snponly-arm64.efi")]
    {
        let url = format!("http://10.0.0.2:5248/boot/{program}");
        check(&firmware("HTTPClient", &[0, architecture]), &url, Some(b"HTTPClient"));
    }
}

/// RFC 3004, C-09.
#[test]
fn ipxe_is_known_by_every_form_of_its_user_class_and_by_its_own_option() {
    let url = "http://10.0.0.2:5248/boot.ipxe?mac=52-54-00-00-00-01&firmware=";
    for architecture in [0, 6, 7, 9, 11] {
        let kind = if architecture == 0 { "bios" } else { "uefi" };
        let chained = firmware("PXEClient", &[0, architecture]);
        for class in [&b"iPXE"[..], b"\x04iPXE", b"\x04iPXE\x03lab", b"\x03lab\x04iPXE"] {
            check(&chained.clone().with(77, class), &format!("{url}{kind}"), None);
        }
        check(&chained.with(175, &[235, 3, 1, 21, 1]), &format!("{url}{kind}"), None);
    }
}

/// MAAS's `disabled_boot_architectures`: the client gets its address, and nothing to boot.
#[test]
fn what_a_subnet_does_not_boot_is_told_no_file() {
    let file = |disabled: &str, client: &Client| {
        let mut bench = Bench::new();
        let subnet = Subnet {
            disabled_boot_architectures: vec![disabled.to_owned()],
            ..bench::subnet(1, bench::VLAN, "10.0.0.0/24", [10, 0, 0, 1])
        };
        bench.engine.update(|view| view.put_subnet(subnet));
        let outputs = bench.handle(&client.discover()).unwrap();
        let file = raw_option(&sent(&outputs).2, 67).map(|(_, value)| value.to_vec());
        file.map(|file| String::from_utf8(file).unwrap())
    };
    let bios = Client::new(1).with(60, b"PXEClient");
    assert_eq!(file("pxe", &bios), None, "firmware that names no architecture is BIOS");
    let either = firmware("PXEClient", &[0, 7, 0, 0]);
    assert_eq!(file("uefi_amd64_tftp", &either).as_deref(), Some("undionly.kpxe"));
    assert_eq!(file("uefi_amd64_http", &either).as_deref(), Some("bootx64.efi"));
    let over_http = firmware("HTTPClient", &[0, 16]);
    assert_eq!(file("uefi_amd64_http", &over_http), None);
    let ipxe = bios.with(77, b"iPXE");
    assert_eq!(file("ipxe", &ipxe), None);
    assert!(file("pxe", &ipxe).is_some(), "iPXE is not the firmware that loaded it");
}
