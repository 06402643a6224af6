//! What sysfs tells of the hardware behind an interface or a disk.

use std::path::Path;

use super::tools::read;

/// The NUMA node that a device of sysfs is at: that of the nearest device up its path which says so. Machines with one
/// node, and devices that belong to none, say -1, which is the first one.
#[must_use]
pub fn numa_node(device: &Path) -> u32 {
    let told = device.ancestors().map(|path| read(path.join("numa_node")));
    told.filter(|text| !text.is_empty()).find_map(|text| text.parse().ok()).unwrap_or(0)
}

/// How many virtual functions (SR-IOV) the PCI function behind an interface can have.
#[must_use]
pub fn virtual_functions_max(device: &Path) -> u32 {
    read(device.join("sriov_totalvfs")).parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{numa_node, virtual_functions_max};

    #[test]
    fn the_nearest_device_that_knows_its_node_tells_it() {
        let root = tempfile::tempdir().expect("folder");
        let card = root.path().join("pci0000:80/0000:80:01.0/0000:81:00.0");
        let disk = card.join("host0/target0:0:0/0:0:0:0/block/sda");
        fs::create_dir_all(&disk).expect("folders");
        assert_eq!((numa_node(&disk), virtual_functions_max(&card)), (0, 0), "nobody says");
        fs::write(root.path().join("pci0000:80/0000:80:01.0/numa_node"), "1\n").expect("file");
        assert_eq!(numa_node(&disk), 1, "the bridge says");
        fs::write(card.join("numa_node"), "-1\n").expect("file");
        assert_eq!(numa_node(&disk), 1, "the card belongs to none");
        fs::write(card.join("numa_node"), "2\n").expect("file");
        fs::write(card.join("sriov_totalvfs"), "63\n").expect("file");
        assert_eq!((numa_node(&disk), virtual_functions_max(&card)), (2, 63));
    }
}
