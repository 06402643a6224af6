//! What commands are called: MAAS's rules, by which names of handlers and operations become words of a command line.

/// The name of an operation's command: `query_power_state` is `query-power-state`.
pub(crate) fn action_name(name: &str) -> String {
    words(name).join("-")
}

/// The name of a handler's command: `SSHKeysHandler` is `sshkeys`, `RackControllerHandler` is `rack-controller`.
pub(crate) fn handler_name(name: &str) -> String {
    let words = words(name).into_iter().map(str::to_ascii_lowercase);
    words.filter(|word| word != "handler").collect::<Vec<_>>().join("-")
}

/// The words of a name: capitals with the small letters and digits behind them, or capitals alone. Everything else
/// stands between words.
fn words(name: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = name;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_alphanumeric()) {
        rest = &rest[start..];
        let capitals = length(rest, |letter| letter.is_ascii_uppercase());
        let small = length(&rest[capitals..], |letter| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit()
        });
        let (word, behind) = rest.split_at(capitals + small);
        words.push(word);
        rest = behind;
    }
    words
}

/// How many letters from the beginning on are of a kind.
fn length(text: &str, is_one: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !is_one(letter)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names as MAAS's own tests have them.
    #[test]
    fn names_are_taken_apart_as_maas_does_it() {
        for (name, handler, action) in [
            ("NodeHandler", "node", "Node-Handler"),
            ("SpadeDiggingHandler", "spade-digging", "Spade-Digging-Handler"),
            ("SPADE_Digging_Handler", "spade-digging", "SPADE-Digging-Handler"),
            ("SpadeHandlerForDigging", "spade-for-digging", "Spade-Handler-For-Digging"),
            ("JamesBond007", "james-bond007", "James-Bond007"),
            ("JamesBOND", "james-bond", "James-BOND"),
            ("James-BOND-007", "james-bond-007", "James-BOND-007"),
            ("a\u{1234}_b\u{5432}_c\u{9876}", "a-b-c", "a-b-c"),
            ("SSHKeysHandler", "sshkeys", "SSHKeys-Handler"),
            ("query_power_state", "query-power-state", "query-power-state"),
        ] {
            assert_eq!(handler_name(name), handler, "{name}");
            assert_eq!(action_name(name), action, "{name}");
        }
    }
}
