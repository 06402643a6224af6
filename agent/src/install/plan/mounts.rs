//! Mounting the new file systems for the installation, and `/etc/fstab` for the installed system.

use model::machine::storage::curtin::{Format, Mount};

use super::filesystems::Family;
use super::layout::Layout;
use crate::install::action::{Action, ROOT, run};
use crate::install::error::PlanError;
use crate::install::target::Identifiers;

/// The system waits this many seconds for a device: more than the 90 s of systemd, which slow hosts exceed.
const DEVICE_TIMEOUT: u32 = 600;

/// Mounts what has a device, the root first.
///
/// # Errors
/// When no file system is the root's, or one cannot be mounted.
pub(super) fn mount(layout: &Layout<'_>) -> Result<Vec<Action>, PlanError> {
    if layout.mounted_at("/").is_none() {
        return Err(PlanError::NoRoot);
    }
    let mut actions = Vec::new();
    for (mount, format) in layout.mounts() {
        let Some(format) = format else { continue };
        let family = Family::of(format)?;
        if family == Family::Swap {
            continue;
        }
        let (point, path) = (target_path(&mount.path), layout.path(&format.volume));
        let (kind, options) = (family.mount_type(), family.install_options());
        actions.push(run("mkdir", &["--parents", &point]));
        actions.push(run("mount", &["-t", kind, "-o", options, path, &point]));
    }
    Ok(actions)
}

/// Folders for what has no device: they have to be there when the system starts.
pub(super) fn folders(layout: &Layout<'_>) -> Vec<Action> {
    let mounts = layout.mounts();
    let without_device =
        mounts.iter().filter(|(mount, format)| format.is_none() && mount.path != "none");
    without_device.map(|(mount, _)| run("chroot", &[ROOT, "mkdir", "-p", &mount.path])).collect()
}

/// `/etc/fstab`.
///
/// # Errors
/// When a file system has an unknown type.
pub(super) fn fstab(layout: &Layout<'_>, identifiers: &Identifiers) -> Result<String, PlanError> {
    let mut text = "# Written by Ironraft at deployment.\n".to_owned();
    for (mount, format) in layout.mounts() {
        text.push_str(&match format {
            Some(format) => of_device(mount, format, identifiers)?,
            None => without_device(mount)?,
        });
    }
    Ok(text)
}

fn of_device(
    mount: &Mount,
    format: &Format,
    identifiers: &Identifiers,
) -> Result<String, PlanError> {
    let family = Family::of(format)?;
    let uuid = family.found_by(identifiers.of(&format.id));
    let kind = family.mount_type();
    if family == Family::Swap {
        let options = options(mount, "sw");
        let wait = format!("x-systemd.device-timeout={DEVICE_TIMEOUT}");
        return Ok(format!("UUID={uuid} none swap {options},{wait} 0 0\n"));
    }
    let (path, is_root) = (escaped(&mount.path), mount.path == "/");
    let check = family.check_order(is_root);
    let options = match mount.path.as_str() {
        "/" if matches!(family, Family::Ext(_)) => options(mount, "defaults,errors=remount-ro"),
        "/" => options(mount, "defaults"),
        // Nothing of the running system needs it, so nothing waits for it either.
        "/boot/efi" => {
            let options = options(mount, "umask=0077");
            format!("{options},nofail,x-systemd.device-timeout={DEVICE_TIMEOUT}")
        }
        _data => {
            format!("{},x-systemd.device-timeout={DEVICE_TIMEOUT}", options(mount, "defaults"))
        }
    };
    Ok(format!("UUID={uuid} {path} {kind} {options} 0 {check}\n"))
}

fn without_device(mount: &Mount) -> Result<String, PlanError> {
    let kind = match mount.fstype.as_deref() {
        Some(kind @ ("tmpfs" | "ramfs")) => kind,
        other => {
            let fstype = other.unwrap_or_default().to_owned();
            return Err(PlanError::FileSystem { item: mount.id.clone(), fstype });
        }
    };
    let (path, options) = (escaped(&mount.path), options(mount, "defaults"));
    Ok(format!("{kind} {path} {kind} {options} 0 0\n"))
}

/// The options of a mount, or else these.
fn options(mount: &Mount, otherwise: &str) -> String {
    let ordered = mount.options.as_deref().map(str::trim).filter(|options| !options.is_empty());
    escaped(ordered.unwrap_or(otherwise))
}

/// White space and backslashes as `/etc/fstab` writes them.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            ' ' | '\t' | '\n' | '\\' => format!("\\{:03o}", u32::from(c)),
            c => c.to_string(),
        })
        .collect()
}

/// A path of the installed system during the installation.
fn target_path(path: &str) -> String {
    format!("{ROOT}{}", path.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::{escaped, target_path};

    #[test]
    fn white_space_is_escaped() {
        assert_eq!(escaped("/srv/my data\\x"), "/srv/my\\040data\\134x");
    }

    #[test]
    fn the_root_is_where_the_installation_unpacks() {
        assert_eq!(target_path("/"), "/target");
        assert_eq!(target_path("/srv"), "/target/srv");
    }
}
