//! Memory and NUMA nodes.

use std::fs;

use model::machine::hardware::NumaNode;

use super::tools::read;

/// Installed memory in MiB: the sum of the SMBIOS memory devices, or what the kernel manages,
/// which is less, when the firmware does not tell.
#[must_use]
pub fn total_mib(dmidecode: &str, meminfo: &str) -> u64 {
    let installed = installed_mib(dmidecode);
    if installed > 0 { installed } else { kib_of(meminfo, "MemTotal:") / 1024 }
}

/// The memory that programs can be given, in MiB, by `/proc/meminfo`.
#[must_use]
pub fn available_mib(meminfo: &str) -> u64 {
    kib_of(meminfo, "MemAvailable:") / 1024
}

/// The NUMA nodes with their CPUs, as the kernel shows them below `/sys/devices/system/node`.
#[must_use]
pub fn numa_nodes() -> Vec<NumaNode> {
    let Ok(entries) = fs::read_dir("/sys/devices/system/node") else {
        return Vec::new();
    };
    let mut nodes: Vec<NumaNode> = entries
        .flatten()
        .filter_map(|entry| {
            let index = entry.file_name().to_str()?.strip_prefix("node")?.parse().ok()?;
            let path = entry.path();
            let meminfo = read(path.join("meminfo"));
            let memory_mib = kib_of(&meminfo, "MemTotal:") / 1024;
            Some(NumaNode { index, memory_mib, cores: cpu_list(&read(path.join("cpulist"))) })
        })
        .collect();
    nodes.sort_by_key(|node| node.index);
    nodes
}

/// Adds the sizes of all memory devices (SMBIOS type 17) in the output of `dmidecode`.
fn installed_mib(dmidecode: &str) -> u64 {
    let mut total = 0;
    let mut in_device = false;
    for line in dmidecode.lines() {
        if !line.starts_with(char::is_whitespace) {
            in_device = line == "Memory Device" || (in_device && line.is_empty());
        } else if in_device && let Some(size) = line.trim().strip_prefix("Size: ") {
            total += size_mib(size);
        }
    }
    total
}

/// `16 GB` as dmidecode prints it, in MiB; `No Module Installed` is 0.
fn size_mib(size: &str) -> u64 {
    let Some((number, unit)) = size.split_once(' ') else {
        return 0;
    };
    let number: u64 = number.parse().unwrap_or(0);
    match unit.trim() {
        "TB" | "TiB" => number * 1024 * 1024,
        "GB" | "GiB" => number * 1024,
        "MB" | "MiB" => number,
        "kB" | "KiB" => number / 1024,
        _ => 0,
    }
}

/// The number after a name, in lines such as `Node 0 MemTotal:  1004 kB`.
fn kib_of(meminfo: &str, name: &str) -> u64 {
    meminfo
        .lines()
        .find_map(|line| line.split_once(name))
        .and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// `0-3,8,10-11` as numbers.
fn cpu_list(text: &str) -> Vec<u32> {
    text.split(',')
        .filter_map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(first.trim().parse::<u32>().ok()?..=last.trim().parse::<u32>().ok()?)
        })
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{cpu_list, installed_mib, kib_of, size_mib, total_mib};

    #[test]
    fn memory_devices_are_added_up() {
        let text = "Handle 0x1100, DMI type 17, 40 bytes\nMemory Device\n\tSize: 16 GB\n\
            \nHandle 0x1101, DMI type 17, 40 bytes\nMemory Device\n\tSize: No Module Installed\n\
            \nHandle 0x0700, DMI type 7, 27 bytes\nCache Information\n\tSize: 32 GB\n\
            \nHandle 0x1102, DMI type 17, 40 bytes\nMemory Device\n\tSize: 512 MB\n";
        assert_eq!(installed_mib(text), 16 * 1024 + 512);
        assert_eq!(installed_mib(include_str!("samples/dmidecode.txt")), 1024);
    }

    #[test]
    fn kernels_view_stands_in_for_silent_firmware() {
        assert_eq!(total_mib("", "MemTotal:        1004 kB\nMemFree: 5 kB"), 0);
        assert_eq!(total_mib("", "MemTotal:     2097152 kB"), 2048);
        assert_eq!(kib_of("Node 0 MemTotal:  77 kB", "MemTotal:"), 77);
    }

    #[test]
    fn sizes_and_cpu_lists() {
        assert_eq!((size_mib("2 TB"), size_mib("1024 kB"), size_mib("Unknown")), (2 << 20, 1, 0));
        assert_eq!(cpu_list("0-3,8,10-11"), [0, 1, 2, 3, 8, 10, 11]);
        assert_eq!(cpu_list(""), Vec::<u32>::new());
    }
}
