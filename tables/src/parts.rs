//! The parts that a machine is stored in, each for another reason to change.
//!
//! The row `machine` itself has identity, placement and lifecycle: what a progress report writes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::machine::annotations::Annotations;
use model::machine::hardware::Hardware;
use model::machine::power::Power;
use model::machine::power::parameters::PowerParameters;
use model::machine::storage::Storage;
use model::machine::{Deployment, Machine};
use model::secret::{Secret, SecretBytes};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::row::Part;

/// The parts, in the order in which they are taken out: what is secret first.
pub(crate) const PARTS: &[Part<Machine>] =
    &[CREDENTIALS, POWER, HARDWARE, NETWORK, STORAGE, LAYOUT, DEPLOYMENT, ANNOTATIONS];

const CREDENTIALS: Part<Machine> = Part {
    table: "machinecredentials",
    is_long: false,
    same: |one, other| {
        one.power.parameters == other.power.parameters && user_data(one) == user_data(other)
    },
    json: |machine| {
        let power = machine.power.parameters.clone();
        let user_data = user_data(machine).map(|data| Secret::new(STANDARD.encode(data.expose())));
        let is_empty = power.is_empty() && user_data.is_none();
        (!is_empty).then(|| serde_json::to_vec(&Credentials { power, user_data }))
    },
    clear: |machine| {
        machine.power.parameters = PowerParameters::default();
        if let Some(deployment) = &mut machine.deployment {
            deployment.user_data = None;
        }
    },
    put: put_credentials,
};

const POWER: Part<Machine> = Part {
    table: "machinepower",
    is_long: false,
    same: |one, other| one.power == other.power,
    json: |machine| json_unless(&machine.power, machine.power == Power::default()),
    clear: |machine| machine.power = Power::default(),
    put: |machine, json| {
        let parameters = std::mem::take(&mut machine.power.parameters);
        machine.power = Power { parameters, ..serde_json::from_slice(json)? };
        Ok(())
    },
};

/// What commissioning found: much longer than the rest, and seldom changed.
pub(crate) const HARDWARE: Part<Machine> = Part {
    table: "machinehardware",
    is_long: true,
    same: |one, other| one.hardware == other.hardware,
    json: |machine| json_unless(&machine.hardware, machine.hardware == Hardware::default()),
    clear: |machine| machine.hardware = Hardware::default(),
    put: |machine, json| read_into(&mut machine.hardware, json),
};

const NETWORK: Part<Machine> = Part {
    table: "machinenetwork",
    is_long: false,
    same: |one, other| one.interfaces == other.interfaces,
    json: |machine| json_unless(&machine.interfaces, machine.interfaces.is_empty()),
    clear: |machine| machine.interfaces.clear(),
    put: |machine, json| read_into(&mut machine.interfaces, json),
};

const STORAGE: Part<Machine> = Part {
    table: "machinestorage",
    is_long: false,
    same: |one, other| one.block_devices == other.block_devices,
    json: |machine| json_unless(&machine.block_devices, machine.block_devices.is_empty()),
    clear: |machine| machine.block_devices.clear(),
    put: |machine, json| read_into(&mut machine.block_devices, json),
};

/// What is made of disks. A version that does not know it leaves it as it is.
const LAYOUT: Part<Machine> = Part {
    table: "machinelayout",
    is_long: false,
    same: |one, other| one.storage == other.storage,
    json: |machine| json_unless(&machine.storage, machine.storage.is_empty()),
    clear: |machine| machine.storage = Storage::default(),
    put: |machine, json| read_into(&mut machine.storage, json),
};

const DEPLOYMENT: Part<Machine> = Part {
    table: "machinedeployment",
    is_long: false,
    same: |one, other| one.deployment == other.deployment,
    json: |machine| machine.deployment.as_ref().map(serde_json::to_vec),
    clear: |machine| machine.deployment = None,
    put: |machine, json| {
        let user_data = machine.deployment.take().and_then(|found| found.user_data);
        let deployment: Deployment = serde_json::from_slice(json)?;
        machine.deployment = Some(Deployment { user_data, ..deployment });
        Ok(())
    },
};

const ANNOTATIONS: Part<Machine> = Part {
    table: "machineannotations",
    is_long: false,
    same: |one, other| one.placement.annotations == other.placement.annotations,
    json: |machine| {
        let annotations = &machine.placement.annotations;
        json_unless(annotations, *annotations == Annotations::default())
    },
    clear: |machine| machine.placement.annotations = Annotations::default(),
    put: |machine, json| read_into(&mut machine.placement.annotations, json),
};

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

fn user_data(machine: &Machine) -> Option<&SecretBytes> {
    machine.deployment.as_ref()?.user_data.as_ref()
}

fn json_unless<T: Serialize>(field: &T, is_empty: bool) -> Option<serde_json::Result<Vec<u8>>> {
    (!is_empty).then(|| serde_json::to_vec(field))
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
