//! Sizes of a custom layout: a number with a unit in powers of 1000, which may have a fraction.

/// The bytes of `2.5T`.
///
/// # Errors
/// What MAAS says of another text.
pub(super) fn bytes_of(text: &str) -> Result<u64, String> {
    let invalid = || format!("Invalid size '{text}'");
    let unit = text.chars().last().ok_or_else(invalid)?;
    let factor: u128 = match unit {
        'M' => 1000_u128.pow(2),
        'G' => 1000_u128.pow(3),
        'T' => 1000_u128.pow(4),
        _ => return Err(invalid()),
    };
    let number = &text[..text.len() - unit.len_utf8()];
    let unsigned = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || digits.len() > 18 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid());
    }
    let places = u32::try_from(fraction.len()).map_err(|_| invalid())?;
    let parsed: u128 = digits.parse().map_err(|_| invalid())?;
    let bytes = u64::try_from(parsed * factor / 10_u128.pow(places)).map_err(|_| invalid())?;
    if number.starts_with('-') || bytes == 0 {
        return Err(format!("Invalid negative size '{text}'"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::bytes_of;

    #[test]
    fn sizes_have_a_unit_and_perhaps_a_fraction() {
        for (text, bytes) in [
            ("100M", 100_000_000),
            ("2.5T", 2_500_000_000_000),
            ("0.5G", 500_000_000),
            ("7.G", 7_000_000_000),
        ] {
            assert_eq!(bytes_of(text), Ok(bytes), "{text}");
        }
        for text in ["", "5", "5K", "G", "x5G", "1.2.3G", "5 G", "ü", "9999999999999999T"] {
            assert_eq!(bytes_of(text), Err(format!("Invalid size '{text}'")), "{text}");
        }
        for text in ["0M", "-5G"] {
            assert_eq!(bytes_of(text), Err(format!("Invalid negative size '{text}'")));
        }
    }
}
