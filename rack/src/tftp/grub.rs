//! What GRUB is configured by, where a machine's firmware loaded it through shim: what a machine that boots
//! from the network is told to do, in GRUB's language.
//!
//! Pure: text from the boot plan, as `http/script.rs` has it for iPXE. Debian's signed GRUB knows TFTP and no
//! HTTP, asks for one file by itself, and takes no modules beside those in it while Secure Boot is on; and what
//! it loads as a file that loads a file has no end in memory. So the first file is the same for all, and asks
//! for the machine's again and again, until that boots.

use std::net::SocketAddr;

use model::boot::files::BootFiles;
use model::boot::kernel_options::options;
use model::mac::MacAddress;

use crate::http::script::Boot;

/// The file that GRUB asks for.
pub(super) const FIRST_NAME: &str = "grub/grub.cfg";

/// The folder of what machines boot, by hardware address.
pub(super) const MACHINES: &str = "grub/machine/";

/// The folder of kernels and initial RAM disks, by hash.
pub(super) const IMAGES: &str = "images/";

/// What is in the first file. Its `source` fails where the rack does not answer, and ends where the machine's
/// file says that nothing can be booted yet.
pub(super) const FIRST: &str = "\
while true; do
    if source $prefix/machine/$net_default_mac; then
        true
    fi
    echo 'Ironraft: trying again in 5 s'
    sleep 5
done
";

/// The system of the machine's own disk is found by the path that firmware takes without a boot entry, and
/// started by its own shim. Where none is there, GRUB can only end well, after which UEFI shows its setup menu
/// (UEFI 2.10 §3.1.1): so the rack is asked again, which may have something else to say by then.
const LOCAL_DISK: &str = "\
echo 'Ironraft: booting from the machine'\\''s own disk'
set network=$root
if search --no-floppy --set=root --file /EFI/BOOT/BOOTX64.EFI; then
    if chainloader /EFI/BOOT/BOOTX64.EFI; then
        boot
    fi
fi
set root=$network
echo 'Ironraft: no disk of the machine boots by /EFI/BOOT/BOOTX64.EFI'
";

/// What a machine is told that asked the rack at the address of `rack`.
#[must_use]
pub(super) fn render(boot: &Boot<'_>, mac: MacAddress, rack: SocketAddr) -> String {
    match boot {
        Boot::Ephemeral { files, kernel_options } => ephemeral(files, kernel_options, mac, rack),
        Boot::LocalDisk => LOCAL_DISK.to_owned(),
        Boot::Wait { reason } => format!("echo {}\n", quoted(&format!("Ironraft: {reason}"))),
        Boot::Identify => "echo 'Ironraft: the machine did not say who it is'\n".to_owned(),
    }
}

/// A download that fails is tried again from the start, because the rack may have moved or restarted.
fn ephemeral(files: &BootFiles, kernel_options: &str, mac: MacAddress, rack: SocketAddr) -> String {
    let BootFiles { architecture: _, kernel_sha256, initrd_sha256, version, created: _ } = files;
    let mut arguments = vec![
        format!("ironraft.rack=http://{rack}"),
        format!("BOOTIF=01-{}", mac.to_string().replace(':', "-")),
    ];
    // What is no option was left out of the script of iPXE, too.
    arguments.extend(words(&options(kernel_options).collect::<Vec<_>>().join(" ")));
    arguments.extend(["console=tty0", "console=ttyS0,115200"].map(str::to_owned));
    let arguments: Vec<String> = arguments.iter().map(|argument| quoted(argument)).collect();
    let arguments = arguments.join(" ");
    let version: String = version.chars().filter(char::is_ascii_graphic).collect();
    let says = quoted(&format!("Ironraft: booting the ephemeral system {version}"));
    format!(
        "echo {says}\n\
         if linux /{IMAGES}{kernel_sha256} {arguments}; then\n\
         \x20   if initrd /{IMAGES}{initrd_sha256}; then\n\
         \x20       boot\n\
         \x20   fi\n\
         fi\n\
         echo 'Ironraft: the boot failed'\n"
    )
}

/// Kernel options as words: between double quotes, which the kernel heeds, spaces are no ends. GRUB puts words
/// with spaces between double quotes itself, and a backslash before those that are told it.
fn words(options: &str) -> Vec<String> {
    let are_pairs = options.matches('"').count().is_multiple_of(2);
    let (mut words, mut word, mut is_inside) = (Vec::new(), String::new(), false);
    for letter in options.chars() {
        match letter {
            '"' if are_pairs => is_inside = !is_inside,
            ' ' if !is_inside => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// A text as one word of GRUB's language, which has the quotes of a shell's.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._=:/,+@%".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use model::time::Timestamp;

    use super::*;

    const MAC: MacAddress = MacAddress([0x52, 0x54, 0, 1, 2, 3]);

    fn configuration(boot: &Boot<'_>, rack: &str) -> String {
        render(boot, MAC, rack.parse().unwrap())
    }

    fn ephemeral(kernel_options: &str, rack: &str) -> String {
        let files = BootFiles {
            architecture: "amd64".to_owned(),
            kernel_sha256: "aa".repeat(32),
            initrd_sha256: "bb".repeat(32),
            version: "1 ${x}' ; exit".to_owned(),
            created: Timestamp::default(),
        };
        let boot = Boot::Ephemeral { files: &files, kernel_options: kernel_options.to_owned() };
        configuration(&boot, rack)
    }

    #[test]
    fn the_ephemeral_system_is_loaded_by_hash_and_told_rack_and_interface() {
        insta::assert_snapshot!(ephemeral("quiet a.b=\"c d\" x=$y;z || ${x}", "10.1.0.2:5248"));
        insta::assert_snapshot!(ephemeral("", "[fd00:1::1]:5248"));
    }

    #[test]
    fn what_is_not_the_ephemeral_system_ends_where_the_rack_is_asked_again() {
        insta::assert_snapshot!(FIRST);
        insta::assert_snapshot!(configuration(&Boot::LocalDisk, "10.1.0.2:5248"));
        let boot = Boot::Wait { reason: "this rack has not heard from a region yet" };
        insta::assert_snapshot!(configuration(&boot, "10.1.0.2:5248"));
    }

    #[test]
    fn words_are_what_the_kernel_takes_for_them() {
        assert_eq!(words(r#"quiet a.b="c d" e="f""#), ["quiet", "a.b=c d", "e=f"]);
        assert_eq!(words(r#"a"b c"#), [r#"a"b"#, "c"]);
        assert_eq!(words(""), Vec::<String>::new());
        assert_eq!(quoted("a'b c"), r"'a'\''b c'");
    }
}
