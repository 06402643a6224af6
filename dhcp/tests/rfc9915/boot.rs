//! What machines load that boot over IPv6.

use dhcp::wire::v6::code;

use crate::bench::Bench;
use crate::client::{Client, Reply};

/// A client of a class on an architecture.
fn booting(class: &[u8], architecture: u8) -> Client {
    let length = u16::try_from(class.len()).unwrap().to_be_bytes();
    let class = [&[0, 0, 1, 0x57][..], &length, class].concat();
    let client = Client::new(1).wanting(&[code::BOOT_FILE_URL, 60, code::DNS_SERVERS]);
    client.with(code::VENDOR_CLASS, &class).with(code::CLIENT_ARCHITECTURE, &[0, architecture])
}

fn told(client: &Client) -> Reply {
    let mut bench = Bench::new();
    bench.answered(client, &client.solicit())
}

fn url(reply: &Reply) -> Option<&str> {
    reply.get(code::BOOT_FILE_URL).map(|url| std::str::from_utf8(url).unwrap())
}

/// V6-12.
#[test]
fn firmware_that_boots_by_tftp_loads_what_secure_boot_lets_run() {
    let reply = told(&booting(b"PXEClient:Arch:00007:UNDI:003016", 7));
    assert_eq!(url(&reply), Some("tftp://[fd00:1::1]/bootx64.efi"));
    assert_eq!(reply.get(code::VENDOR_CLASS), None);
}

/// V6-12.
#[test]
fn firmware_that_boots_by_http_is_told_the_class_that_it_looks_for() {
    let reply = told(&booting(b"HTTPClient:Arch:00016:UNDI:003001", 16));
    assert_eq!(url(&reply), Some("http://[fd00:1::1]:5248/boot/snponly.efi"));
    let class = reply.get(code::VENDOR_CLASS).unwrap();
    assert_eq!(&class[4..], b"\0\x0aHTTPClient");
}

/// V6-12.
#[test]
fn ipxe_loads_the_script_of_its_machine() {
    let client = booting(b"PXEClient:Arch:00007:UNDI:003010", 7);
    let reply = told(&client.with(code::USER_CLASS, b"\0\x04iPXE"));
    let script = "http://[fd00:1::1]:5248/boot.ipxe?mac=52-54-00-00-00-01&firmware=uefi";
    assert_eq!(url(&reply), Some(script));
}

#[test]
fn others_and_ways_that_a_subnet_does_not_answer_are_told_nothing() {
    assert_eq!(url(&told(&Client::new(1))), None);
    let unknown = booting(b"PXEClient:Arch:00099:UNDI:003016", 99);
    assert_eq!(url(&told(&unknown)), None);
    let client = booting(b"PXEClient:Arch:00007:UNDI:003016", 7);
    let mut bench = Bench::new();
    bench.engine.leases.update(|view| {
        let mut subnet = crate::bench::subnet(1, crate::bench::VLAN, "fd00:1::/64");
        let way = model::boot::method::of_architecture(7).unwrap();
        subnet.disabled_boot_architectures = vec![way.to_owned()];
        view.put_subnet(subnet);
    });
    assert_eq!(url(&bench.answered(&client, &client.solicit())), None);
}
