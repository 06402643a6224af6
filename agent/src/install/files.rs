//! The files that make an unpacked image this machine's: names and boot loader settings. What says how disks are
//! mounted is made with their plan.

/// What the first menu of GRUB names.
pub(super) struct Menu<'a> {
    /// What the kernel is told besides.
    pub kernel_options: &'a str,
    /// The UUID of the root file system.
    pub root_uuid: String,
    /// The UUID of the file system with the kernel.
    pub boot_uuid: String,
    /// Whether that is another one than the root.
    pub has_own_boot: bool,
}

/// What every kernel is told: it talks to the screen and to the first serial port.
const CONSOLES: &str = "console=tty0 console=ttyS0,115200n8";

/// Settings of GRUB, for a system whose kernel is told more than usual. Boot loader and kernel talk to the screen and
/// to the first serial port: servers are watched over serial lines. Kernel packages run `update-grub`, so the settings
/// have to stay.
pub(super) fn grub_defaults(kernel_options: &str) -> String {
    // `update-grub` puts the words into the menu as they stand here, so they are quoted for both.
    let arguments = for_shell(&kernel_arguments(kernel_options));
    format!(
        "\
# Written by Ironraft at deployment.
GRUB_TIMEOUT=1
GRUB_DISABLE_OS_PROBER=true
GRUB_CMDLINE_LINUX_DEFAULT=\"\"
GRUB_CMDLINE_LINUX={arguments}
GRUB_TERMINAL=\"console serial\"
GRUB_SERIAL_COMMAND=\"serial --unit=0 --speed=115200\"
"
    )
}

/// What a kernel is told, as GRUB's language has it: of contradictions, a kernel takes the last.
fn kernel_arguments(options: &str) -> String {
    if options.is_empty() {
        CONSOLES.to_owned()
    } else {
        format!("{CONSOLES} {}", for_grub(options))
    }
}

/// Words so that GRUB takes them as they are. Double quotes stay: GRUB and the kernel both hold together what is
/// between two of them.
fn for_grub(words: &str) -> String {
    let are_pairs = words.matches('"').count().is_multiple_of(2);
    let (mut quoted, mut is_inside) = (String::new(), false);
    for letter in words.chars() {
        is_inside ^= letter == '"' && are_pairs;
        let is_special = match letter {
            '\\' | '$' => true,
            '"' => !are_pairs,
            '\'' | '&' | ';' | '|' | '<' | '>' | '{' | '}' => !is_inside,
            _ => false,
        };
        if is_special {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted
}

/// A word of a shell that is this text.
fn for_shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A shell script that writes the first menu of GRUB.
///
/// With the usual links to kernel and initramfs, the menu is written as it is: `update-grub` would
/// examine the disk for as long as unpacking takes on a slow machine. It replaces this menu when
/// the system gets a new kernel.
pub(super) fn grub_menu(menu: &Menu<'_>) -> String {
    let Menu { root_uuid, boot_uuid, kernel_options, .. } = menu;
    let arguments = for_shell(&kernel_arguments(kernel_options));
    // GRUB sees one file system, and follows no link out of it.
    let outside = if menu.has_own_boot { "/boot" } else { "" };
    format!(
        "set -e
arguments={arguments}
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
    linux ${{kernel#{outside}}} root=UUID={root_uuid} ro $arguments
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
    use super::{Menu, kernel_arguments};
    use super::{for_grub, grub_defaults, grub_menu, hostname, hosts, mode};

    /// What a shell makes of a script, which prints what it is about.
    fn told_by_shell(script: &str) -> String {
        let output = std::process::Command::new("sh").args(["-ec", script]).output();
        String::from_utf8(output.expect("a shell runs").stdout).expect("text")
    }

    const OPTIONS: &str = r#"a.b="c;d" x=`id`;$HOME it's \z"#;
    const FOR_GRUB: &str = r#"a.b="c;d" x=`id`\;\$HOME it\'s \\z"#;

    #[test]
    fn kernel_options_are_words_for_grub_and_none_for_the_shell() {
        assert_eq!(for_grub(OPTIONS), FOR_GRUB);
        assert_eq!(for_grub(r#"a"b"#), r#"a\"b"#);
        let all = kernel_arguments(OPTIONS);
        assert_eq!(all, format!("console=tty0 console=ttyS0,115200n8 {FOR_GRUB}"));
        let defaults = format!("{}printf %s \"$GRUB_CMDLINE_LINUX\"", grub_defaults(OPTIONS));
        assert_eq!(told_by_shell(&defaults), all);
        let menu = Menu {
            kernel_options: OPTIONS,
            root_uuid: "r".to_owned(),
            boot_uuid: "b".to_owned(),
            has_own_boot: false,
        };
        let script = grub_menu(&menu);
        let arguments = script.lines().nth(1).expect("they stand before all else");
        assert_eq!(told_by_shell(&format!("{arguments}\ncat <<END\n$arguments\nEND")), all + "\n");
    }

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
