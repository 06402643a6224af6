//! The files that make an unpacked image this machine's: names and boot loader settings. What says how disks are
//! mounted is made with their plan.

/// What the first menu of GRUB names.
pub(super) struct Menu {
    /// The UUID of the root file system.
    pub root_uuid: String,
    /// The UUID of the file system with the kernel.
    pub boot_uuid: String,
    /// Whether that is another one than the root.
    pub has_own_boot: bool,
}

/// Settings of GRUB. Boot loader and kernel talk to the screen and to the first serial port: servers are watched
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
pub(super) fn grub_menu(menu: &Menu) -> String {
    let Menu { root_uuid, boot_uuid, .. } = menu;
    // GRUB sees one file system, and follows no link out of it.
    let outside = if menu.has_own_boot { "/boot" } else { "" };
    format!(
        "set -e
for folder in / /boot/; do
    if [ -e ${{folder}}vmlinuz ] && [ -e ${{folder}}initrd.img ]; then
        kernel=$(readlink -f ${{folder}}vmlinuz)
        initrd=$(readlink -f ${{folder}}initrd.img)
    fi
done
[ -n \"$initrd\" ] || exec update-grub
mkdir -p /boot/grub
cat >/boot/grub/grub.cfg <<END
# Written by Ironraft at deployment; update-grub replaces it.
serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
set timeout=1
search --no-floppy --fs-uuid --set=root {boot_uuid}
menuentry 'Debian GNU/Linux' {{
    linux ${{kernel#{outside}}} root=UUID={root_uuid} ro console=tty0 console=ttyS0,115200n8
    initrd ${{initrd#{outside}}}
}}
END
"
    )
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

pub(super) fn short_name(fqdn: &str) -> &str {
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
