//! Architectures as MAAS writes them: `amd64/generic`.

/// The architectures that machines may have, without the sub-architecture.
pub const ARCHITECTURES: &[&str] =
    &["amd64", "arm64", "armhf", "i386", "ppc64el", "riscv64", "s390x"];

/// Whether a text is one of [`ARCHITECTURES`] with a sub-architecture, such as `generic`.
#[must_use]
pub fn is_architecture(text: &str) -> bool {
    text.split_once('/').is_some_and(|(name, sub)| {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        ARCHITECTURES.contains(&name) && !sub.is_empty() && sub.bytes().all(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_architecture_has_a_known_name_and_a_sub_architecture() {
        for text in ["amd64/generic", "arm64/xgene-uboot", "amd64/hwe-22.04", "s390x/generic"] {
            assert!(is_architecture(text), "{text}");
        }
        for text in ["", "amd64", "foo", "foo/generic", "amd64/", "/generic", "amd64/a b", "a/b/c"]
        {
            assert!(!is_architecture(text), "{text}");
        }
    }
}
