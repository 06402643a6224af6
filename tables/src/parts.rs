//! The parts that a machine is stored in, each for another reason to change.
//!
//! The row `machine` itself has identity, placement and lifecycle: what a progress report writes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::machine::annotations::Annotations;
use model::machine::hardware::Hardware;
use model::machine::power::Power;
use model::machine::power::parameters::PowerParameters;
use model::machine::{Deployment, Machine};
use model::secret::{Secret, SecretBytes};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::row::Part;

/// The parts, in the order in which they are taken out: what is secret first.
pub(crate) const PARTS: &[Part<Machine>] = &[
    Part { table: "machinecredentials", take: take_credentials, put: put_credentials },
    Part { table: "machinepower", take: take_power, put: put_power },
    Part { table: "machinehardware", take: take_hardware, put: put_hardware },
    Part { table: "machinenetwork", take: take_network, put: put_network },
    Part { table: "machinestorage", take: take_storage, put: put_storage },
    Part { table: "machinedeployment", take: take_deployment, put: put_deployment },
    Part { table: "machineannotations", take: take_annotations, put: put_annotations },
];

/// What nobody may see who may see the machine.
#[derive(Default, Serialize, Deserialize)]
struct Credentials {
    /// The parameters of the power driver, with the BMC's account.
    #[serde(default)]
    power: PowerParameters,
    /// cloud-init user data in Base64.
    #[serde(default)]
    user_data: Option<Secret>,
}

type Json = serde_json::Result<Vec<u8>>;

fn take_credentials(machine: &mut Machine) -> Option<Json> {
    let power = std::mem::take(&mut machine.power.parameters);
    let user_data = machine.deployment.as_mut().and_then(|found| found.user_data.take());
    if power.is_empty() && user_data.is_none() {
        return None;
    }
    let user_data = user_data.map(|data| Secret::new(STANDARD.encode(data.expose())));
    Some(serde_json::to_vec(&Credentials { power, user_data }))
}

/// Parts are put in the order of [`PARTS`], so the user data waits in a deployment that is replaced later.
fn put_credentials(machine: &mut Machine, json: &[u8]) -> serde_json::Result<()> {
    let Credentials { power, user_data } = serde_json::from_slice(json)?;
    machine.power.parameters = power;
    let decoded = user_data.map(|text| STANDARD.decode(text.expose())).transpose();
    let user_data = decoded.map_err(serde::de::Error::custom)?.map(SecretBytes::new);
    if user_data.is_some() {
        machine.deployment = Some(Deployment { user_data, ..no_deployment() });
    }
    Ok(())
}

fn take_power(machine: &mut Machine) -> Option<Json> {
    let power = std::mem::take(&mut machine.power);
    (power != Power::default()).then(|| serde_json::to_vec(&power))
}

fn put_power(machine: &mut Machine, json: &[u8]) -> serde_json::Result<()> {
    let parameters = std::mem::take(&mut machine.power.parameters);
    machine.power = Power { parameters, ..serde_json::from_slice(json)? };
    Ok(())
}

fn take_hardware(machine: &mut Machine) -> Option<Json> {
    let hardware = std::mem::take(&mut machine.hardware);
    (hardware != Hardware::default()).then(|| serde_json::to_vec(&hardware))
}

fn put_hardware(machine: &mut Machine, json: &[u8]) -> serde_json::Result<()> {
    read_into(&mut machine.hardware, json)
}

fn take_network(machine: &mut Machine) -> Option<Json> {
    let interfaces = std::mem::take(&mut machine.interfaces);
    (!interfaces.is_empty()).then(|| serde_json::to_vec(&interfaces))
}

fn put_network(machine: &mut Machine, json: &[u8]) -> serde_json::Result<()> {
    read_into(&mut machine.interfaces, json)
}

fn take_storage(machine: &mut Machine) -> Option<Json> {
    let disks = std::mem::take(&mut machine.block_devices);
    (!disks.is_empty()).then(|| serde_json::to_vec(&disks))
}

fn put_storage(machine: &mut Machine, json: &[u8]) -> serde_json::Result<()> {
    read_into(&mut machine.block_devices, json)
}

fn take_deployment(machine: &mut Machine) -> Option<Json> {
    machine.deployment.take().map(|deployment| serde_json::to_vec(&deployment))
}

fn put_deployment(machine: &mut Machine, json: &[u8]) -> serde_json::Result<()> {
    let user_data = machine.deployment.take().and_then(|found| found.user_data);
    let deployment: Deployment = serde_json::from_slice(json)?;
    machine.deployment = Some(Deployment { user_data, ..deployment });
    Ok(())
}

fn take_annotations(machine: &mut Machine) -> Option<Json> {
    let annotations = std::mem::take(&mut machine.placement.annotations);
    (annotations != Annotations::default()).then(|| serde_json::to_vec(&annotations))
}

fn put_annotations(machine: &mut Machine, json: &[u8]) -> serde_json::Result<()> {
    read_into(&mut machine.placement.annotations, json)
}

fn read_into<T: DeserializeOwned>(field: &mut T, json: &[u8]) -> serde_json::Result<()> {
    *field = serde_json::from_slice(json)?;
    Ok(())
}

fn no_deployment() -> Deployment {
    Deployment {
        osystem: String::new(),
        distro_series: String::new(),
        image_sha256: String::new(),
        image_bytes: 0,
        image_type: String::new(),
        user_data: None,
    }
}
