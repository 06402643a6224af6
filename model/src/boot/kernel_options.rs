//! Kernel options that operators write: of the site, and of tags. Machines get them when they boot the ephemeral
//! OS, and the systems that are installed on them.
//!
//! They become words of one line of a boot script, in which iPXE finds commands by words of its own
//! (`||`, `&&`, `;`), comments (`#`) and settings (`${…}`): none of these may be an option, or it
//! would be a line of the script. They are refused when they are set, and left out when what an
//! earlier version stored is used.

use std::collections::BTreeMap;

/// The longest text, in bytes: x86 kernels take 2,048 for all of their options.
pub const OPTIONS_BYTES_MAX: usize = 1_024;

/// Whether a text can be kernel options.
///
/// # Errors
/// What is wrong with it.
pub fn check(text: &str) -> Result<(), String> {
    if text.len() > OPTIONS_BYTES_MAX {
        let (most, length) = (OPTIONS_BYTES_MAX, text.len());
        return Err(format!("Ensure this value has at most {most} characters (it has {length})."));
    }
    if text.chars().any(char::is_control) {
        return Err("Kernel options are one line without control characters.".to_owned());
    }
    match text.split_whitespace().find(|word| !is_option(word)) {
        Some(word) => Err(format!("'{word}' cannot be a kernel option: it is a word of iPXE.")),
        None => Ok(()),
    }
}

/// The options of a machine: the site's, then those of the tags that it carries, each with its name, in the order of
/// the names: of options that contradict each other, a kernel takes the last.
#[must_use]
pub fn of_machine(site: &str, tags: BTreeMap<&str, &str>) -> String {
    let texts = std::iter::once(site).chain(tags.into_values());
    texts.flat_map(options).collect::<Vec<_>>().join(" ")
}

/// The options in a text, without what cannot be one.
pub fn options(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().filter(|word| is_option(word))
}

fn is_option(word: &str) -> bool {
    !matches!(word, "||" | "&&" | ";")
        && !word.starts_with('#')
        && !word.contains("${")
        && !word.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_of_tags_follow_those_of_the_site_in_the_order_of_their_names() {
        let tags = BTreeMap::from([("b", "x=2 || y"), ("a", "x=1"), ("c", "")]);
        assert_eq!(of_machine(" quiet ", tags), "quiet x=1 x=2 y");
        assert_eq!(of_machine("", BTreeMap::new()), "");
    }

    #[test]
    fn what_would_be_a_line_of_the_script_is_refused_and_left_out() {
        assert_eq!(check(""), Ok(()));
        assert_eq!(check("quiet console=ttyS0,115200n8 a.b=\"c d\" x=#1 y=a;b"), Ok(()));
        for wrong in ["a\nshell", "a\rb", "a\u{0}", "a || shell", "a && b", "a ; b", "# a"] {
            assert!(check(wrong).is_err(), "{wrong:?}");
        }
        assert!(check("a=${net0/mac}").is_err_and(|message| message.contains("${net0/mac}")));
        assert!(check(&"x".repeat(OPTIONS_BYTES_MAX + 1)).is_err());
        let left: Vec<&str> = options("a\nshell || b ${x} c").collect();
        assert_eq!(left, ["a", "shell", "b", "c"]);
    }
}
