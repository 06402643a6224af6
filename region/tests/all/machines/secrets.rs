//! What holds a secret never prints it, however it is nested.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::Ipv4Addr;

use api::account::{ApiKey, ListedApiKey};
use api::agent::{BmcAccount, Install, ReportedBmc, Welcome, Work};
use identity::CertificateAuthority;
use model::id::{SystemId, UserId};
use model::machine::Deployment;
use model::machine::power::parameters::PowerParameters;
use model::machine::power::{Power, PowerAction, PowerJob};
use model::machine::secrets::MachineSecrets;
use model::secret::{Secret, SecretBytes};
use model::setting::Setting;
use model::time::Timestamp;
use model::user::{ApiToken, TokenOwner, User};
use ops::access::users::NewUser;
use ops::machine::actions::DeployRequest;
use ops::machine::machines::MachineChange;
use region::config::Config;
use region::init::NewCluster;
use tables::cluster::StoredAuthority;

const MARKER: &str = "hunter2";

#[track_caller]
fn check(value: &impl Debug) {
    let printed = format!("{value:?}\n{value:#?}");
    assert!(!printed.contains(MARKER), "{printed}");
    // Bytes would be printed as numbers.
    assert!(!printed.contains("104, 117, 110"), "{printed}");
}

fn secret() -> Secret {
    MARKER.into()
}

fn bytes() -> Option<SecretBytes> {
    Some(SecretBytes::new(MARKER.as_bytes().to_vec()))
}

fn parameters() -> PowerParameters {
    [("power_pass", secret()), ("power_token", secret()), ("k_g", secret()), ("new", secret())]
        .into()
}

fn token() -> ApiToken {
    ApiToken {
        key: "k".to_owned(),
        secret: secret(),
        consumer_key: "c".to_owned(),
        name: "n".to_owned(),
        owner: TokenOwner::User(UserId(1)),
        created: Timestamp::default(),
    }
}

#[test]
fn no_object_of_the_model_prints_its_secrets() {
    let machine = SystemId::from_number(1);
    check(&Power { driver: "webhook".to_owned(), parameters: parameters(), ..Power::default() });
    check(&PowerJob {
        machine: machine.clone(),
        id: 1,
        action: PowerAction::On,
        driver: "ipmi".to_owned(),
        parameters: parameters(),
        rack: None,
        attempt: 0,
        assigned: Timestamp::default(),
    });
    check(&MachineSecrets { machine, agent_token: secret(), bmc_password: Some(secret()) });
    check(&token());
    check(&User {
        id: UserId(1),
        username: "admin".to_owned(),
        email: String::new(),
        is_superuser: true,
        password_hash: Some(secret()),
        created: Timestamp::default(),
    });
    check(&Deployment {
        osystem: "debian".to_owned(),
        distro_series: "bookworm".to_owned(),
        image_sha256: String::new(),
        image_bytes: 0,
        image_type: String::new(),
        user_data: bytes(),
    });
    let proxy = format!("http://user:{MARKER}@proxy:3128/");
    for name in ["http_proxy", "unknown"] {
        check(&Setting { name: name.to_owned(), value: proxy.clone().into() });
    }
}

#[test]
fn no_shape_of_the_api_and_no_order_prints_its_secrets() {
    check(&ApiKey::from(&token()));
    let (name, created) = ("n".to_owned(), String::new());
    check(&ListedApiKey { name, token: token().api_key(), created });
    check(&ReportedBmc { driver: "ipmi".to_owned(), parameters: parameters() });
    let account = Some(BmcAccount { user: "maas".to_owned(), password: secret() });
    let welcome = |work| Welcome {
        system_id: "abc123".to_owned(),
        hostname: "web-1".to_owned(),
        token: secret(),
        job: 1,
        work,
    };
    check(&welcome(Work::Inventory { bmc_account: account }));
    check(&welcome(Work::Install(Box::new(Install {
        disk: "vda".to_owned(),
        disk_serial: String::new(),
        storage: Vec::new(),
        image_sha256: String::new(),
        image_bytes: 0,
        image_type: String::new(),
        fqdn: "web-1.maas".to_owned(),
        kernel_options: String::new(),
        files: BTreeMap::from([("/etc/x".to_owned(), secret())]),
    }))));
    check(&NewUser { password: secret(), ..NewUser::default() });
    check(&DeployRequest { user_data: bytes(), ..DeployRequest::default() });
    check(&MachineChange { power_parameters: parameters(), ..MachineChange::default() });
}

#[test]
fn neither_a_new_cluster_nor_its_authority_prints_its_secrets() {
    let config = Config {
        node_id: 1,
        cluster_id: "c1".to_owned(),
        hostname: "r1".to_owned(),
        address: Ipv4Addr::LOCALHOST.into(),
        tls: None,
        ntp: ntp::mode::Mode::Off,
        data_dir: "/data".into(),
    };
    check(&NewCluster { config, api_key: secret(), region_token: secret(), rack_token: secret() });
    let authority = CertificateAuthority::create().expect("an authority");
    let stored =
        StoredAuthority { name: "current".to_owned(), authority, excused: Default::default() };
    assert!(!format!("{stored:?}").contains("PRIVATE KEY"));
}
