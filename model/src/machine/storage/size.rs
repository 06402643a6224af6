//! Sizes: what is aligned to what, what is kept for tables and headers, how sizes are written and read.

/// A mebibyte.
pub const MIB: u64 = 1 << 20;
/// A gibibyte.
pub const GIB: u64 = 1 << 30;

/// Partitions and logical volumes are whole numbers of this.
pub const ALIGNMENT: u64 = 4 * MIB;
/// The least partition.
pub const PARTITION_MIN: u64 = ALIGNMENT;
/// The least block device.
pub const DEVICE_MIN: u64 = 4 * MIB;
/// The least logical block of a device.
pub const BLOCK_MIN: u64 = 512;
/// Where the first partition begins.
pub const FIRST_PARTITION_AT: u64 = 4 * MIB;
/// What is left free behind the last partition, for the other copy of the table.
pub const END_OF_TABLE: u64 = MIB;
/// The partition that firmware of POWER boots from.
pub const PREP: u64 = 8 * MIB;
/// The partition that GRUB has its core in where a BIOS boots from a GPT.
pub const BIOS_GRUB: u64 = MIB;
/// A physical extent of LVM.
pub const EXTENT: u64 = 4 * MIB;
/// What a RAID takes for its superblock, at most.
pub const RAID_SUPERBLOCK: u64 = 128 * 1024;
/// How many sectors a master boot record can tell of.
pub const MBR_SECTORS_MAX: u64 = (1 << 32) - 1;
/// The greatest partition of a master boot record.
pub const MBR_PARTITION_MAX: u64 = aligned(((1 << 32) - 1) * 512 - MIB);

/// The EFI system partition of a layout.
pub const EFI: u64 = 512 * MIB;
/// The least `/boot` of a layout.
pub const BOOT_MIN: u64 = 512 * MIB;
/// The least root file system of a layout.
pub const ROOT_MIN: u64 = 3 * GIB;

/// Rounded down to what partitions are aligned to.
#[must_use]
pub const fn aligned(bytes: u64) -> u64 {
    bytes / ALIGNMENT * ALIGNMENT
}

/// For people, in powers of 1000: `20.0 GB`.
#[must_use]
pub fn human(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    let mut rest = bytes as f64;
    let mut unit = "";
    for next in UNITS {
        rest /= 1000.0;
        unit = next;
        if rest < 1000.0 {
            break;
        }
    }
    format!("{rest:.1} {unit}")
}

/// What is said of a text that is no value of its field.
pub const NOT_VALID: &str = "Enter a valid value.";

/// A size as it was sent: bytes, or with a unit in powers of 1000.
fn bytes_of(text: &str) -> Option<i128> {
    let (digits, factor) = match text.chars().last()?.to_ascii_uppercase() {
        'K' => (&text[..text.len() - 1], 1_000_i128.pow(1)),
        'M' => (&text[..text.len() - 1], 1_000_i128.pow(2)),
        'G' => (&text[..text.len() - 1], 1_000_i128.pow(3)),
        'T' => (&text[..text.len() - 1], 1_000_i128.pow(4)),
        'P' => (&text[..text.len() - 1], 1_000_i128.pow(5)),
        'E' => (&text[..text.len() - 1], 1_000_i128.pow(6)),
        _ => (text, 1),
    };
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    let is_number = !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse::<i128>().ok()?.checked_mul(factor)).flatten()
}

/// A size between bounds.
///
/// # Errors
/// What MAAS says of another one.
pub fn parse(text: &str, min: Option<u64>, max: Option<u64>) -> Result<u64, String> {
    let bytes = bytes_of(text).ok_or(NOT_VALID)?;
    if let Some(min) = min
        && bytes < i128::from(min)
    {
        return Err(format!("Ensure this value is greater than or equal to {min}."));
    }
    let max = max.unwrap_or(i64::MAX.unsigned_abs());
    if bytes > i128::from(max) {
        return Err(format!("Ensure this value is less than or equal to {max}."));
    }
    u64::try_from(bytes).map_err(|_| "Ensure this value is greater than or equal to 0.".to_owned())
}

/// A size of a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Bytes.
    Bytes(u64),
    /// A part of something: so many, of so many.
    Part(u128, u128),
}

impl Wanted {
    /// Reads `512M`, or `12.5%`.
    ///
    /// # Errors
    /// What MAAS says of another text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(percent) = text.strip_suffix('%') else {
            return parse(text, None, None).map(Self::Bytes);
        };
        let (whole, fraction) = percent.split_once('.').unwrap_or((percent, ""));
        let digits = format!("{whole}{fraction}");
        let is_number = !whole.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let places = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
        if !is_number || digits.len() > 18 {
            return Err(NOT_VALID.to_owned());
        }
        let part = digits.parse().map_err(|_| NOT_VALID)?;
        Ok(Self::Part(part, 100 * 10_u128.pow(places)))
    }

    /// Bytes, rounded up where it is a part of `whole`.
    #[must_use]
    pub fn of(self, whole: u64) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Part(part, of) => {
                u64::try_from((u128::from(whole) * part).div_ceil(of)).unwrap_or(u64::MAX)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_in_powers_of_1000() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (4_999_610_368, "5.0 GB"),
            (19_994_247_168, "20.0 GB"),
            (12_075_401_216, "12.1 GB"),
            (999_999, "1000.0 kB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(human(bytes), text);
        }
    }

    #[test]
    fn sizes_are_read_with_units_and_refused_beyond_bounds() {
        let (min, max) = (Some(PARTITION_MIN), Some(20_000_000_000));
        let least = "Ensure this value is greater than or equal to 4194304.";
        let most = "Ensure this value is less than or equal to 20000000000.";
        for (text, size) in [
            ("4194304", Ok(4_194_304)),
            ("5G", Ok(5_000_000_000)),
            ("5g", Ok(5_000_000_000)),
            ("100M", Ok(100_000_000)),
            ("4194303", Err(least)),
            ("-1", Err(least)),
            ("1T", Err(most)),
            ("99999999999E", Err(most)),
            ("5 G", Err(NOT_VALID)),
            ("5GB", Err(NOT_VALID)),
            ("G", Err(NOT_VALID)),
            ("ü", Err(NOT_VALID)),
            ("", Err(NOT_VALID)),
        ] {
            assert_eq!(parse(text, min, max), size.map_err(str::to_owned), "{text:?}");
        }
    }

    #[test]
    fn a_size_of_a_layout_may_be_a_percentage() {
        for (text, bytes) in
            [("50%", 500), ("33.3%", 333), ("0.05%", 1), ("100%", 1000), ("1k", 1000), ("7", 7)]
        {
            assert_eq!(Wanted::parse(text).map(|wanted| wanted.of(1000)), Ok(bytes), "{text}");
        }
        for text in ["%", "x%", "-5%", "5%%", ".5%", "1.x%", ""] {
            assert_eq!(Wanted::parse(text), Err(NOT_VALID.to_owned()), "{text}");
        }
    }

    #[test]
    fn partitions_are_whole_numbers_of_4_mib() {
        assert_eq!(aligned(20_000_000_000), 19_998_441_472);
        assert_eq!(aligned(4 * MIB - 1), 0);
        assert_eq!(MBR_PARTITION_MAX, 2_199_019_061_248);
    }
}
