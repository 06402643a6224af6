//! Brings an operating system into memory, where it is started: nothing on the disks is touched.
//!
//! The system gets a file system in memory that takes all but what the rest needs. The kernel stays the one of the
//! ephemeral OS, with the drivers of the image where it has those of that kernel, or else with those of the ephemeral OS.
//! Whoever started the agent hands the machine over when the agent ends well.

use api::agent::RunInMemory;
use model::boot::in_memory::{BESIDE_MIB, memory_min_mib};

use super::action::{Action, ROOT, Step, attempt, run, step, write};
use super::{InstallError, carry_out, files, in_tries};
use crate::inventory::memory::available_mib;
use crate::inventory::tools::read;
use crate::journal::Journal;
use crate::region::RegionClient;

/// The table of file systems that are mounted besides: none.
const FSTAB: &str = "# Written by Ironraft at deployment: this system runs in memory.\n";

/// Sees to it that the system can be started, and has drivers for the kernel that runs.
const PREPARE: &str = "\
set -e
if ! chroot \"$1\" test -x /sbin/init; then
    echo 'the image has no /sbin/init' >&2
    exit 1
fi
drivers=/lib/modules/$(uname -r)
chroot \"$1\" test -d \"$drivers\" || {
    chroot \"$1\" mkdir -p \"$drivers\"
    mount --bind \"$drivers\" \"$1$(chroot \"$1\" readlink -f \"$drivers\")\"
}";

/// Unpacks what is ordered into memory, ready to be started; a failed try is repeated from the start.
///
/// # Errors
/// When the last try failed, or there is too little memory.
pub async fn prepare(
    region: &RegionClient,
    order: &RunInMemory,
    journal: &Journal,
) -> Result<(), InstallError> {
    in_tries(journal, async || {
        // What an earlier try, or an earlier order, has unpacked is no part of what is free.
        carry_out(region, order.into(), &[free()], journal).await?;
        let steps = plan(order, available_mib(&read("/proc/meminfo")))?;
        let result = carry_out(region, order.into(), &steps, journal).await;
        if result.is_err() {
            carry_out(region, order.into(), &[free()], journal).await?;
        }
        result
    })
    .await
}

/// Gives the memory back that the system of an earlier try takes.
fn free() -> Step {
    step("freeing memory", vec![attempt("umount", &["--recursive", ROOT])])
}

/// What is done where so much memory is free.
fn plan(order: &RunInMemory, free_mib: u64) -> Result<Vec<Step>, InstallError> {
    let needed_mib = memory_min_mib(order.image_bytes);
    if free_mib < needed_mib {
        let sha256 = order.image_sha256.clone();
        return Err(InstallError::Memory { sha256, free_mib, needed_mib });
    }
    let options = format!("mode=0755,size={}m", free_mib - BESIDE_MIB);
    let taking = vec![
        run("mkdir", &["--parents", ROOT]),
        run("mount", &["-t", "tmpfs", "-o", &options, "deployed", ROOT]),
    ];
    let mut writes = vec![
        write("/etc/fstab", FSTAB),
        write("/etc/hostname", &files::hostname(&order.fqdn)),
        write("/etc/hosts", &files::hosts(&order.fqdn)),
    ];
    writes.extend(order.files.iter().map(|(path, content)| write(path, content.expose())));
    Ok(vec![
        step(&format!("taking {} MiB of memory", free_mib - BESIDE_MIB), taking),
        step("unpacking image", vec![Action::Unpack]),
        step("writing configuration", writes),
        step("preparing the start", vec![run("/bin/sh", &["-c", PREPARE, "sh", ROOT])]),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::printed;
    use super::*;

    fn order(image_mib: u64) -> RunInMemory {
        let datasource = "/etc/cloud/cloud.cfg.d/90_datasource.cfg".to_owned();
        RunInMemory {
            image_sha256: "ab".repeat(32),
            image_bytes: image_mib << 20,
            image_type: "root-tgz".to_owned(),
            fqdn: "web-1.maas".to_owned(),
            files: [(datasource, "datasource_list: [MAAS]\n".into())].into(),
        }
    }

    #[test]
    fn a_system_gets_all_memory_but_what_the_rest_needs_and_no_disk_is_touched() {
        insta::assert_snapshot!(printed(&plan(&order(200), 4096).expect("a plan")));
    }

    #[test]
    fn what_does_not_fit_even_packed_is_refused_by_name_and_not_tried_again() {
        assert!(plan(&order(200), 712).is_ok());
        let error = plan(&order(200), 711).expect_err("too little");
        assert!(!error.is_worth_another_try());
        let told = format!(
            "image {} does not fit into memory: 711 MiB are free, and it needs 712 MiB at least",
            "ab".repeat(32)
        );
        assert_eq!(error.to_string(), told);
    }
}
