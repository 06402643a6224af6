//! RFC 4578 and UEFI: what network boots are told.

use crate::bench::{Bench, Client, SERVER, raw_option, sent};

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

#[test]
fn bios_and_uefi_load_ipxe_by_tftp() {
    let pxe = |arch: u8| {
        let class = format!("PXEClient:Arch:{arch:05}:UNDI:003000");
        Client::new(1).with(60, class.as_bytes()).with(93, &[0, arch]).with(97, &[0; 17])
    };
    let bytes = check(&pxe(0), "undionly.kpxe", Some(b"PXEClient"));
    assert_eq!(raw_option(&bytes, 66).unwrap().1, b"10.0.0.2");
    assert_eq!(raw_option(&bytes, 97).unwrap().1, [0; 17]);
    assert_eq!(raw_option(&bytes, 43).unwrap().1, [6, 1, 8, 255]);
    check(&pxe(7), "snponly.efi", Some(b"PXEClient"));
    check(&pxe(9), "snponly.efi", Some(b"PXEClient"));
    let without_93 = Client::new(1).with(60, b"PXEClient:Arch:00007:UNDI:003000");
    check(&without_93, "snponly.efi", Some(b"PXEClient"));
}

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
        Client::new(1).with(60, b"PXEClient:Arch:00011:UNDI:003000").with(93, &[0, 11]),
    ] {
        let outputs = Bench::new().handle(&client.discover()).unwrap();
        let (_, reply, bytes) = sent(&outputs);
        assert_eq!(raw_option(&bytes, 67), None);
        assert!(reply.siaddr().is_unspecified());
    }
}
