//! Devices that are cached by faster ones.
//!
//! A set of caches has a UUID, here one for each cache; a backing device that is made with it attaches to it as soon as
//! the kernel knows both.

use model::machine::storage::curtin::Bcache;

use super::disks::partition;
use super::layout::Layout;
use crate::command::Invocation;
use crate::install::action::{Action, run};
use crate::install::error::PlanError;
use crate::install::target::Identifiers;
use crate::storage::clear::{release, wipe};

/// Tells the kernel of a device, which it takes at once or in its own time.
const REGISTER: &str = "\
folder=/sys/class/block/$(basename \"$(readlink -f \"$1\")\")/bcache
[ -e \"$folder\" ] || echo \"$1\" >/sys/fs/bcache/register
for tenth in $(seq 300); do [ -e \"$folder/$2\" ] && exit 0; sleep 0.1; done
echo \"bcache does not take $1\" >&2
exit 1";

/// Sets how writes are cached, of the device that stands on the backing one; it has to be the one that the plan counts on.
const SET_UP: &str = "\
folder=/sys/class/block/$(basename \"$(readlink -f \"$1\")\")/bcache
name=$(basename \"$(readlink -f \"$folder/dev\")\")
[ \"$name\" = \"$2\" ] || { echo \"$1 became $name, not $2\" >&2; exit 1; }
cd \"$folder\" || exit 1
for tenth in $(seq 300); do
    case $(cat state) in 'no cache') sleep 0.1 ;; *) break ;; esac
done
echo \"$3\" >cache_mode
grep -qF \"[$3]\" cache_mode";

/// Makes a cached device, and its partition table if it has one. `is_new` says that its cache serves no other yet.
pub(super) fn make(
    layout: &Layout<'_>,
    bcache: &Bcache,
    identifiers: &Identifiers,
    is_new: bool,
) -> Result<Vec<Action>, PlanError> {
    let set = format!("--cset-uuid={}", identifiers.of(&bcache.cache_device));
    let [cache, backing] = [&bcache.cache_device, &bcache.backing_device].map(|id| layout.path(id));
    let path = layout.path(&bcache.id);
    let mut actions = vec![run("modprobe", &["bcache"])];
    if is_new {
        actions.push(run("make-bcache", &[&set, "--cache", cache]));
        actions.push(register(cache, "set"));
    }
    actions.extend([
        run("make-bcache", &[&set, "--bdev", backing]),
        register(backing, "dev"),
        run("sh", &["-c", SET_UP, "sh", backing, kname(path), &bcache.cache_mode]),
        run("udevadm", &["settle", "--timeout=60"]),
        // What an earlier device had at the same place.
        Action::Attempt(release(path)),
        Action::Run(wipe(path)),
    ]);
    actions.extend(partition(layout, &bcache.id, false)?);
    Ok(actions)
}

fn register(path: &str, sign: &str) -> Action {
    Action::Run(Invocation::new("sh", ["-c", REGISTER, "sh", path, sign]))
}

/// The kernel's name of a cached device, which is in its path; other paths may be links.
fn kname(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
