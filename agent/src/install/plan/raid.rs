//! Arrays of software RAID.

use model::machine::storage::curtin::{Item, Raid};

use super::capacity::ARRAY_HEAD_KIB;
use super::disks::partition;
use super::layout::Layout;
use crate::command::Invocation;
use crate::install::action::{Action, attempt, run};
use crate::install::error::PlanError;
use crate::install::target::Identifiers;
use crate::storage::clear::{release, wipe};

/// Members are made equal in the background; until the system is installed, they may take this many KiB/s from it.
const SYNC_SPEED: &str = "5000";
const LIMIT_SYNC: &str = "\
cd /proc/sys/dev/raid && echo 0 >speed_limit_min && echo \"$1\" >speed_limit_max";

/// Makes an array, and its partition table if it has one.
pub(super) fn make(
    layout: &Layout<'_>,
    raid: &Raid,
    identifiers: &Identifiers,
    host: &str,
) -> Result<Vec<Action>, PlanError> {
    let path = layout.path(&raid.id);
    let members = |ids: &[String]| -> Vec<String> {
        ids.iter().map(|id| layout.path(id).to_owned()).collect()
    };
    let mut arguments = vec![
        "--create".to_owned(),
        path.to_owned(),
        // Whatever members look like, they are what was ordered.
        "--run".to_owned(),
        "--metadata=1.2".to_owned(),
        format!("--data-offset={ARRAY_HEAD_KIB}"),
        format!("--homehost={host}"),
        format!("--uuid={}", identifiers.of(&raid.id)),
        format!("--level={}", raid.raidlevel),
        format!("--raid-devices={}", raid.devices.len()),
    ];
    if !raid.spare_devices.is_empty() {
        arguments.push(format!("--spare-devices={}", raid.spare_devices.len()));
    }
    arguments.extend(members(&raid.devices));
    arguments.extend(members(&raid.spare_devices));
    let mut actions = vec![
        run("modprobe", &["--all", "md_mod", personality(raid.raidlevel)]),
        Action::Run(Invocation::new("mdadm", arguments)),
        attempt("sh", &["-c", LIMIT_SYNC, "sh", SYNC_SPEED]),
        run("udevadm", &["settle", "--timeout=60"]),
        // What an earlier array had at the same place.
        Action::Attempt(release(path)),
        Action::Run(wipe(path)),
    ];
    actions.extend(partition(layout, &raid.id, false)?);
    Ok(actions)
}

/// The module of the kernel for a level.
pub(super) fn personality(level: u32) -> &'static str {
    match level {
        0 => "raid0",
        1 => "raid1",
        10 => "raid10",
        _parity => "raid456",
    }
}

/// `/etc/mdadm/mdadm.conf`, when there are arrays.
pub(super) fn configuration(layout: &Layout<'_>, identifiers: &Identifiers) -> Option<String> {
    let arrays: String = layout
        .items()
        .iter()
        .filter_map(|item| match item {
            Item::Raid(raid) => Some(raid),
            _other => None,
        })
        .map(|raid| {
            let uuid = colons(identifiers.of(&raid.id));
            format!("ARRAY {} metadata=1.2 UUID={uuid}\n", layout.path(&raid.id))
        })
        .collect();
    let head = "# Written by Ironraft at deployment.\nHOMEHOST <system>\nMAILADDR root\n";
    (!arrays.is_empty()).then(|| format!("{head}{arrays}"))
}

/// A UUID as mdadm writes it: four groups of eight digits.
fn colons(uuid: &str) -> String {
    let digits: Vec<char> = uuid.chars().filter(char::is_ascii_hexdigit).collect();
    let groups = digits.chunks(8).map(|group| group.iter().collect::<String>());
    groups.collect::<Vec<_>>().join(":").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::{colons, personality};

    #[test]
    fn uuids_are_written_as_mdadm_prints_them() {
        let uuid = "0f1e2d3c-1111-4222-8333-444455556666";
        assert_eq!(colons(uuid), "0f1e2d3c:11114222:83334444:55556666");
    }

    #[test]
    fn every_level_has_its_module() {
        let modules = [0, 1, 5, 6, 10].map(personality);
        assert_eq!(modules, ["raid0", "raid1", "raid456", "raid456", "raid10"]);
    }
}
