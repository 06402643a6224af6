//! What MAAS does with machines and Ironraft does not, by the parameters that ask for it.

use ops::machine::create::RESERVED;

use crate::refused::Refused;

/// Bridges on the interfaces of a machine that is deployed already.
pub(crate) const BRIDGES: Refused = Refused::new(
    &["bridge_all", "bridge_type", "bridge_stp", "bridge_fd"],
    "Switching on deploys nothing: leave it out, and send it with `deploy`.",
);

/// A hypervisor on a machine.
pub(crate) const HYPERVISOR: Refused = Refused::new(
    &["install_kvm", "register_vmhost", "vcenter_registration"],
    "Machines do not become hosts of virtual machines here: leave it out.",
);

/// What there is for hosts of virtual machines only.
pub(crate) const HOSTED: Refused = Refused::new(
    &["force"],
    "No machine here hosts virtual machines, so nothing needs force: leave it out.",
);

/// Ways to deploy.
pub(crate) const DEPLOYMENT: &[Refused] = &[
    HYPERVISOR,
    Refused::new(
        &["install_rackd"],
        "Deploying makes no rack controller: leave it out, and join the node by a token.",
    ),
    Refused::new(
        &["hwe_kernel"],
        "The kernel is the one in the image: leave it out, and choose another image.",
    ),
    Refused::new(
        &["enable_kernel_crash_dump", "enable_hw_sync", "license_key"],
        "This is not set up when a machine is deployed: leave it out, and do it by user data.",
    ),
];

/// Ways to examine.
pub(crate) const COMMISSIONING: &[Refused] = &[TESTS, SCRIPTS, BMC];

/// Tests of the hardware.
const TESTS: Refused = Refused::new(
    &["testing_scripts"],
    "Hardware is not tested here: leave it out, or send `none`.",
)
.unless("none");

/// Ways to examine that are not known.
const SCRIPTS: Refused = Refused::new(
    &["commissioning_scripts", "parameters", "enable_ssh"],
    "Commissioning reads all of the hardware and runs no scripts: leave it out.",
);

/// What is done with BMCs.
const BMC: Refused = Refused::new(
    &["skip_bmc_config"],
    "Commissioning makes an account on a BMC only where no power type is set: leave it out, and set `power_type` before.",
);

/// What there is nothing of yet that could be kept.
const KEPT: Refused = Refused::new(
    &["skip_networking", "skip_storage"],
    "Nothing is configured yet that could be kept: leave it out, and send it with `commission`.",
);

/// Ways to make a machine.
pub(crate) const CREATION: &[Refused] = &[TESTS, SCRIPTS, BMC, KEPT, SETTINGS];

/// Ways to present a machine, where administrators make one.
pub(crate) const PRESENTATION: &[Refused] =
    &[TESTS, SCRIPTS, BMC, KEPT, SETTINGS, Refused::new(&["zone", "pool", "deployed"], RESERVED)];

/// What is set of machines.
pub(crate) const SETTINGS: Refused = Refused::new(
    &["min_hwe_kernel", "swap_size", "disable_ipv4", "is_dpu", "power_parameters_skip_check"],
    "This cannot be set of a machine here: leave it out.",
);

/// Ways to release.
pub(crate) const RELEASE: &[Refused] = &[
    HOSTED,
    Refused::new(
        &["scripts", "parameters"],
        "Releasing runs no scripts: leave it out; `erase` erases disks.",
    ),
];

/// Ways to switch on.
pub(crate) const POWER_ON: &[Refused] = &[
    BRIDGES,
    HYPERVISOR,
    Refused::new(
        &["user_data"],
        "Switching on deploys nothing: leave it out, and send it with `deploy`.",
    ),
];
