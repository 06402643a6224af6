//! What networks may be called: MAAS's rules for the names of fabrics, spaces, VLANs and subnets.

/// What is said of a name that is none.
const INVALID: &str = "Enter a valid value.";

/// Whether a text can be the name of a fabric, a space or a VLAN.
///
/// # Errors
/// MAAS's words.
pub(crate) fn check(name: &str) -> Result<(), &'static str> {
    check_with(name, "")
}

/// Whether a text can be the name of a subnet, which may look like a prefix.
///
/// # Errors
/// MAAS's words.
pub(crate) fn check_of_subnet(name: &str) -> Result<(), &'static str> {
    check_with(name, ".:/")
}

fn check_with(name: &str, more: &str) -> Result<(), &'static str> {
    let is_part = |c: char| c.is_alphanumeric() || " _-".contains(c) || more.contains(c);
    if !name.is_empty() && name.chars().all(is_part) { Ok(()) } else { Err(INVALID) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_blanks_and_hyphens() {
        for right in ["fabric-0", "Räck 7", "a_b", "-"] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        for wrong in ["", "a.b", "a/b", "a\nb", "<b>", "a,b", "a:b"] {
            assert_eq!(check(wrong), Err(INVALID), "{wrong}");
        }
        for right in ["10.0.0.0/24", "fd00::/64", "lab"] {
            assert_eq!(check_of_subnet(right), Ok(()), "{right}");
        }
        assert_eq!(check_of_subnet("a\tb"), Err(INVALID));
    }
}
