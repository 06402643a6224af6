//! Machines made like another one, found in a chassis, or made known while they run.

use model::machine::interface::LinkMode;
use model::machine::lifecycle::Phase;
use serde_json::{Value, json};

use crate::harness::{By, Region};
use crate::stock::{link, machine, path_of};

#[tokio::test]
async fn networks_are_cloned_to_all_destinations_or_to_none() {
    let region = Region::start().await;
    let made = region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24")]).await.assert(200);
    let subnet = u32::try_from(made.json()["id"].as_u64().unwrap()).unwrap();
    let mut source = machine(1);
    source.interfaces[0].links.push(link(1, LinkMode::Static, subnet));
    source.interfaces[0].links[0].ip_address = Some([10, 0, 0, 9].into());
    source.interfaces[1].links.push(link(2, LinkMode::Dhcp, subnet));
    source.interfaces[1].enabled = false;
    let (like, mut unlike, mut busy) = (machine(2), machine(3), machine(4));
    unlike.interfaces.pop();
    busy.lifecycle.phase = Phase::Deployed;
    for machine in [&source, &like, &unlike, &busy] {
        region.store(machine).await;
    }
    let id = |number: u32| machine(number).system_id.to_string();
    let clone = |by, destinations: Vec<u32>, more: (&'static str, &'static str)| {
        let (region, source) = (&region, id(1));
        async move {
            let destinations: Vec<String> = destinations.into_iter().map(id).collect();
            let mut form = vec![("source", source.as_str()), more];
            form.extend(destinations.iter().map(|id| ("destinations", id.as_str())));
            region.post(by, "machines/?op=clone", &form).await
        }
    };
    let interfaces = ("interfaces", "true");
    let choice = "Select a valid choice. That choice is not one of the available choices.";
    for (by, destinations) in [(By::User, vec![2]), (By::Admin, vec![4])] {
        let refused = clone(by, destinations, interfaces).await;
        refused.assert_field("destinations", &format!("Machine 1 is invalid: {choice}"));
    }
    let refused = clone(By::Admin, vec![2, 3], interfaces).await;
    let message = format!(
        "{} (web-3.maas) is invalid: destination node physical interfaces do not match the source \
         nodes physical interfaces: eth1",
        id(3)
    );
    refused.assert_field("destinations", &message);
    assert_eq!(region.stored(&like).await, like, "none of them");
    let nothing = clone(By::Admin, vec![2], ("interfaces", "false")).await;
    nothing.assert_field("__all__", "Either storage or interfaces must be true.");
    clone(By::Admin, vec![1], interfaces).await.assert_field(
        "destinations",
        &format!("Source machine {} (web-1.maas) cannot be a destination machine.", id(1)),
    );

    assert_eq!(clone(By::Admin, vec![2], interfaces).await.assert(204).text, "");
    let after = region.stored(&like).await;
    let links: Vec<_> =
        after.interfaces.iter().map(|one| (one.enabled, one.links[0].mode)).collect();
    assert_eq!(links, [(true, LinkMode::Auto), (false, LinkMode::Dhcp)]);
    assert!(after.interfaces.iter().all(|one| one.links[0].ip_address.is_none()));
    assert_ne!(after.interfaces[0].links[0].id, after.interfaces[1].links[0].id);
    let by_name =
        [("source", "web-1.maas"), ("destinations", "WEB-2"), ("destinations", &id(2)), interfaces];
    region.post(By::Admin, "machines/?op=clone", &by_name).await.assert(204);
    let elsewhere = [("source", "web-1.lab"), ("destinations", "web-2"), interfaces];
    let refused = region.post(By::Admin, "machines/?op=clone", &elsewhere).await;
    refused.assert_field("source", choice);
}

#[tokio::test]
async fn a_chassis_is_judged_as_maas_does_and_then_refused_by_name() {
    let region = Region::start().await;
    let add = async |form: &[(&str, &str)]| {
        region.post(By::Admin, "machines/?op=add_chassis", form).await
    };
    for (form, status, text) in [
        (&[][..], 400, "No provided chassis_type!"),
        (&[("chassis_type", "virsh")][..], 400, "No provided hostname!"),
        (&[("chassis_type", "mscm"), ("hostname", "h")][..], 400, "No provided username!"),
        (
            &[("chassis_type", "virsh"), ("hostname", "h"), ("port", "70000")][..],
            400,
            "Invalid port: Please enter an integer value",
        ),
        (
            &[("chassis_type", "virsh"), ("hostname", "h"), ("domain", "nosuch")][..],
            404,
            "Unable to find specified domain nosuch",
        ),
        (
            &[("chassis_type", "virsh"), ("hostname", "h"), ("rack_controller", "nosuch")][..],
            404,
            "Unable to find specified rack nosuch",
        ),
    ] {
        assert_eq!(add(form).await.assert(status).text, text);
    }
    let other = add(&[("chassis_type", "toaster"), ("hostname", "h")]).await.assert(400);
    assert!(other.text.starts_with("Invalid chassis_type: Value must be one of: hmcz; mscm;"));
    let refused = add(&[("chassis_type", "virsh"), ("hostname", "h"), ("domain", "maas")]).await;
    assert!(
        refused.assert(400).json()["chassis_type"][0].as_str().unwrap().contains("create each")
    );
    let form = [("chassis_type", "virsh"), ("hostname", "h")];
    let user = region.post(By::User, "machines/?op=add_chassis", &form).await.assert(403);
    assert_eq!(user.text, "This method is reserved for admin users.");
}

#[tokio::test]
async fn a_machine_that_runs_already_is_made_known_and_left_alone() {
    let region = Region::start().await;
    let form = [
        ("architecture", "amd64"),
        ("mac_addresses", "52:54:00:00:09:01"),
        ("hostname", "old"),
        ("power_type", "ipmi"),
        ("power_parameters_power_address", "10.9.0.1"),
        ("deployed", "true"),
    ];
    let made = region.post(By::Admin, "machines/", &form).await.assert(200).json();
    assert_eq!((&made["status_name"], &made["owner"]), (&json!("Deployed"), &json!("admin")));
    assert_eq!((&made["netboot"], &made["power_state"]), (&json!(false), &json!("unknown")));
    let view = region.tables.view().await.unwrap();
    let jobs = tables::read::Reads::list::<model::machine::power::PowerJob>(&view).unwrap();
    assert_eq!(jobs, [], "nobody switches it");
    let path = format!("machines/{}/", made["system_id"].as_str().unwrap());
    let token = region.get(By::Admin, &format!("{path}?op=get_token")).await.assert(200).json();
    assert!(token["token_key"].is_string(), "the system on it can report");
    let config = region.get(By::Admin, &format!("{path}?op=get_curtin_config")).await.assert(200);
    assert_eq!(config.headers["content-type"], "text/plain");
    assert!(config.text.starts_with("network:\n  ethernets:\n    eth0:\n"), "{}", config.text);

    let switched = ("power_type", "manual");
    region.put(By::Admin, &path, &[switched]).await.assert(200);
    let free = region.post(By::Admin, &format!("{path}?op=release"), &[]).await.assert(200).json();
    assert_eq!((&free["status_name"], &free["owner"]), (&json!("New"), &Value::Null));
    let none = region.get(By::Admin, &format!("{path}?op=get_token")).await.assert(200);
    assert_eq!(none.json(), Value::Null);
}

#[tokio::test]
async fn a_deployment_is_told_in_the_form_of_curtin_without_secrets() {
    let region = Region::start().await;
    region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24")]).await.assert(200);
    region.put_image().await;
    let machine = machine(1);
    region.store(&machine).await;
    let path = path_of(&machine);
    let early = region.get(By::User, &format!("{path}?op=get_curtin_config")).await.assert(400);
    assert_eq!(early.text, "Machine web-1 is not in a deployment state.");
    region.post(By::User, "machines/?op=allocate", &[]).await.assert(200);
    region.post(By::User, &format!("{path}?op=deploy"), &[]).await.assert(200);
    let config = region.get(By::User, &format!("{path}?op=get_curtin_config")).await.assert(200);
    for part in [
        "\nsources:\n  root_image:\n    type: root-tgz\n    uri: 'sha256:aaaa",
        "\nstorage:\n  config:\n  - grub_device: true\n    id: sda\n    model: M\n",
        "addresses:\n      - '10.0.0.",
    ] {
        assert!(config.text.contains(part), "{part} is not in {}", config.text);
    }
    let token = region.get(By::Admin, &format!("{path}?op=get_token")).await.json();
    for secret in ["token_key", "token_secret"] {
        assert!(!config.text.contains(token[secret].as_str().unwrap()), "{secret}");
    }
}

#[tokio::test]
async fn an_installed_system_is_configured_in_the_families_of_its_subnets() {
    let region = Region::start().await;
    let mut subnets = Vec::new();
    for cidr in ["10.0.0.0/24", "fd00:10::/64"] {
        let made = region.post(By::Admin, "subnets/", &[("cidr", cidr)]).await.assert(200);
        subnets.push(u32::try_from(made.json()["id"].as_u64().unwrap()).unwrap());
    }
    region.put_image().await;
    let mut machine = machine(1);
    machine.interfaces[0].links.push(link(1, LinkMode::Auto, subnets[1]));
    machine.interfaces[1].links.push(link(2, LinkMode::Dhcp, subnets[1]));
    region.store(&machine).await;
    let path = path_of(&machine);
    region.post(By::User, "machines/?op=allocate", &[]).await.assert(200);
    region.post(By::User, &format!("{path}?op=deploy"), &[]).await.assert(200);
    let config = region.get(By::User, &format!("{path}?op=get_curtin_config")).await.assert(200);
    let text = config.text;
    assert!(text.contains("addresses:\n      - 'fd00:10::") && text.contains("/64'"), "{text}");
    assert!(text.contains("dhcp6: true") && !text.contains("dhcp4"), "{text}");
    assert!(!text.contains("optional"), "{text}");
}
