//! Which machines can run a deployed system in memory.

/// What the ephemeral OS, the running programs and what they write need beside the files of the image, in MiB.
pub const BESIDE_MIB: u64 = 512;

/// The least memory in MiB that a machine needs to run an image of so many bytes. Unpacked it is larger, by how much
/// shows only when it is unpacked: what has less is refused before it is tried.
#[must_use]
pub const fn memory_min_mib(image_bytes: u64) -> u64 {
    image_bytes.div_ceil(1 << 20) + BESIDE_MIB
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_mebibyte_counts() {
        assert_eq!(memory_min_mib(0), BESIDE_MIB);
        assert_eq!(memory_min_mib(1), 1 + BESIDE_MIB);
        assert_eq!(memory_min_mib(3 << 20), 3 + BESIDE_MIB);
    }
}
