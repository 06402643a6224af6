//! iPXE scripts: what a machine that boots from the network is told to do.
//!
//! Pure: text from the boot plan. Values that come from outside are put in only where their form
//! is known (hashes, hardware addresses, the host name that the handler checked).

use model::boot::files::BootFiles;
use model::boot::kernel_options::options;
use model::mac::MacAddress;

/// What the boot script shall lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Boot<'a> {
    /// The kernel and initial RAM disk of the ephemeral OS.
    Ephemeral {
        /// The files.
        files: &'a BootFiles,
        /// More kernel arguments, from the site's settings and the machine's tags.
        kernel_options: String,
    },
    /// The machine's own disk.
    LocalDisk,
    /// Nothing can be said yet; ask again.
    Wait {
        /// Why, for the console.
        reason: &'static str,
    },
    /// The machine did not say who it is.
    Identify,
}

/// A BIOS goes on to the next boot device when iPXE ends well. UEFI goes on only when a boot option
/// fails, and shows its setup menu when it ends well (UEFI 2.10 §3.1.1).
const LOCAL_DISK: &str = "#!ipxe
echo Ironraft: booting from the machine's own disk
iseq ${platform} efi && goto uefi ||
exit
:uefi
exit 1
";

/// The script for a machine that reached the rack as `host` (`address:port`).
#[must_use]
pub fn render(boot: &Boot<'_>, mac: Option<MacAddress>, host: &str) -> String {
    let again = mac.map_or_else(
        || format!("http://{host}/boot.ipxe?mac=${{netX/mac}}&arch=${{buildarch}}"),
        |mac| format!("http://{host}/boot.ipxe?mac={mac}&arch=${{buildarch}}"),
    );
    match boot {
        Boot::Ephemeral { files, kernel_options } => {
            // What is no option would be a command of its own.
            let kernel_options: Vec<&str> = options(kernel_options).collect();
            ephemeral(files, &kernel_options.join(" "), mac, host, &again)
        }
        Boot::LocalDisk => LOCAL_DISK.to_owned(),
        Boot::Wait { reason } => {
            format!(
                "#!ipxe\necho Ironraft: {reason}, trying again\nsleep 5\nchain --replace {again}\n"
            )
        }
        Boot::Identify => format!("#!ipxe\nchain --replace {again}\n"),
    }
}

/// UEFI finds the initial RAM disk by the name in `initrd=`; BIOS ignores it. A download that
/// fails is tried again from the start, because the rack may have moved or restarted.
fn ephemeral(
    files: &BootFiles,
    kernel_options: &str,
    mac: Option<MacAddress>,
    host: &str,
    again: &str,
) -> String {
    let BootFiles { architecture: _, kernel_sha256, initrd_sha256, version, created: _ } = files;
    let mut arguments = format!("initrd=initrd.img ironraft.rack=http://{host}");
    if let Some(mac) = mac {
        arguments.push_str(&format!(" BOOTIF=01-{}", mac.to_string().replace(':', "-")));
    }
    if !kernel_options.is_empty() {
        arguments.push(' ');
        arguments.push_str(kernel_options);
    }
    let version: String = version.chars().filter(|c| c.is_ascii_graphic() && *c != '$').collect();
    format!(
        "#!ipxe\n\
         echo Ironraft: booting the ephemeral system {version}\n\
         kernel http://{host}/images/{kernel_sha256} {arguments} console=tty0 console=ttyS0,115200 || goto failed\n\
         initrd --name initrd.img http://{host}/images/{initrd_sha256} || goto failed\n\
         boot || goto failed\n\
         :failed\n\
         echo Ironraft: the boot failed, trying again\n\
         sleep 5\n\
         imgfree\n\
         chain --replace {again}\n"
    )
}

#[cfg(test)]
mod tests {
    use model::time::Timestamp;

    use super::*;

    #[track_caller]
    fn lines(boot: &Boot<'_>, mac: Option<MacAddress>) -> Vec<String> {
        let script = render(boot, mac, "10.1.0.2:5248");
        assert!(script.starts_with("#!ipxe\n"));
        script.lines().map(str::to_owned).collect()
    }

    #[test]
    fn ephemeral_boot_names_files_rack_and_interface() {
        let files = BootFiles {
            architecture: "amd64".to_owned(),
            kernel_sha256: "aa".repeat(32),
            initrd_sha256: "bb".repeat(32),
            version: "1 ${x}".to_owned(),
            created: Timestamp::default(),
        };
        let mac = MacAddress([0x52, 0x54, 0, 1, 2, 3]);
        let boot = Boot::Ephemeral { files: &files, kernel_options: " quiet\n || ${x}".to_owned() };
        let lines = lines(&boot, Some(mac));
        assert_eq!(
            lines[2],
            format!(
                "kernel http://10.1.0.2:5248/images/{} initrd=initrd.img \
                 ironraft.rack=http://10.1.0.2:5248 BOOTIF=01-52-54-00-01-02-03 quiet \
                 console=tty0 console=ttyS0,115200 || goto failed",
                "aa".repeat(32)
            )
        );
        assert_eq!(
            lines[3],
            format!(
                "initrd --name initrd.img http://10.1.0.2:5248/images/{} || goto failed",
                "bb".repeat(32)
            )
        );
        assert!(!lines[1].contains('$'));
    }

    #[test]
    fn own_disk_is_booted_by_leaving_ipxe_and_by_failing_on_uefi() {
        let lines = lines(&Boot::LocalDisk, None);
        assert_eq!(lines[2..], ["iseq ${platform} efi && goto uefi ||", "exit", ":uefi", "exit 1"]);
    }

    #[test]
    fn machine_without_a_name_is_asked_for_it() {
        let lines = lines(&Boot::Identify, None);
        assert_eq!(
            lines[1],
            "chain --replace http://10.1.0.2:5248/boot.ipxe?mac=${netX/mac}&arch=${buildarch}"
        );
    }
}
