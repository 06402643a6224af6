//! The files that make an unpacked image this machine's: file-system table, names, boot loader
//! settings.

use super::plan::{Identifiers, Target};

/// Boot loader and kernel talk to the screen and to the first serial port: servers are watched
/// over serial lines. Kernel packages run `update-grub`, so the settings have to stay.
pub(super) const GRUB_DEFAULTS: &str = "\
# Written by Ironraft at deployment.
GRUB_TIMEOUT=1
GRUB_DISABLE_OS_PROBER=true
GRUB_CMDLINE_LINUX_DEFAULT=\"\"
GRUB_CMDLINE_LINUX=\"console=tty0 console=ttyS0,115200n8\"
GRUB_TERMINAL=\"console serial\"
GRUB_SERIAL_COMMAND=\"serial --unit=0 --speed=115200\"
";

/// A shell script that writes the first menu of GRUB.
///
/// With the usual links to kernel and initramfs, the menu is written as it is: `update-grub` would
/// examine the disk for as long as unpacking takes on a slow machine. It replaces this menu when
/// the system gets a new kernel.
pub(super) fn grub_menu(root_uuid: &str) -> String {
    format!(
        "set -e
if [ ! -e /vmlinuz ] || [ ! -e /initrd.img ]; then exec update-grub; fi
mkdir -p /boot/grub
cat >/boot/grub/grub.cfg <<'END'
# Written by Ironraft at deployment; update-grub replaces it.
serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
set timeout=1
search --no-floppy --fs-uuid --set=root {root_uuid}
menuentry 'Debian GNU/Linux' {{
    linux /vmlinuz root=UUID={root_uuid} ro console=tty0 console=ttyS0,115200n8
    initrd /initrd.img
}}
END
"
    )
}

/// `/etc/fstab`.
pub(super) fn fstab(target: &Target) -> String {
    let Identifiers { root_uuid, .. } = &target.identifiers;
    let root = format!("UUID={root_uuid} / ext4 defaults,errors=remount-ro 0 1\n");
    match target.esp_volume_id() {
        Some(id) => {
            format!("{root}UUID={}-{} /boot/efi vfat umask=0077 0 1\n", &id[..4], &id[4..])
        }
        None => root,
    }
}

/// `/etc/hostname`: the name without its domain.
pub(super) fn hostname(fqdn: &str) -> String {
    format!("{}\n", short_name(fqdn))
}

/// `/etc/hosts`: the machine knows its own name without asking anybody.
pub(super) fn hosts(fqdn: &str) -> String {
    let short = short_name(fqdn);
    let names = if short == fqdn { short.to_owned() } else { format!("{fqdn} {short}") };
    format!(
        "127.0.0.1 localhost\n127.0.1.1 {names}\n\
         ::1 localhost ip6-localhost ip6-loopback\n\
         ff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n"
    )
}

/// Files with credentials are for root alone.
pub(super) fn mode(path: &str) -> &'static str {
    let secret = ["/etc/cloud/", "/etc/netplan/"].iter().any(|folder| path.starts_with(folder));
    if secret { "0600" } else { "0644" }
}

fn short_name(fqdn: &str) -> &str {
    fqdn.split('.').next().unwrap_or(fqdn)
}

#[cfg(test)]
mod tests {
    use super::{hostname, hosts, mode};

    #[test]
    fn names_with_and_without_domain() {
        assert_eq!(hostname("web-1.maas"), "web-1\n");
        assert!(hosts("web-1.maas").contains("127.0.1.1 web-1.maas web-1\n"));
        assert!(hosts("web-1").contains("127.0.1.1 web-1\n"));
    }

    #[test]
    fn credentials_are_for_root_alone() {
        assert_eq!(mode("/etc/cloud/cloud.cfg.d/90_maas.cfg"), "0600");
        assert_eq!(mode("/etc/motd"), "0644");
    }
}
