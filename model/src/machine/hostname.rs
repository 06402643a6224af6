//! Names of machines: generated ones, and which ones are valid (RFC 1123 §2.1).

const ADJECTIVES: &[&str] = &[
    "able", "amber", "azure", "bold", "brave", "brisk", "bright", "calm", "civil", "clean",
    "clear", "clever", "cosmic", "crisp", "daring", "deep", "eager", "early", "easy", "fair",
    "fancy", "fast", "fine", "firm", "fond", "frank", "free", "fresh", "gentle", "glad", "golden",
    "grand", "great", "green", "happy", "honest", "humble", "ideal", "jolly", "keen", "kind",
    "large", "light", "live", "lucky", "merry", "mild", "modern", "neat", "nimble", "noble",
    "open", "patient", "plain", "polite", "prime", "proud", "quick", "quiet", "rapid", "ready",
    "regal", "rosy", "royal", "sharp", "shiny", "silver", "simple", "smart", "smooth", "solid",
    "sound", "steady", "stout", "strong", "sunny", "super", "sure", "swift", "tidy", "top",
    "trusty", "vital", "vivid", "warm", "wise", "witty", "worthy", "young", "zesty",
];

const ANIMALS: &[&str] = &[
    "adder", "ant", "bass", "bat", "bear", "beetle", "bird", "bison", "boar", "buck", "bunny",
    "camel", "carp", "cat", "cobra", "cod", "colt", "condor", "coral", "cow", "crab", "crane",
    "cricket", "crow", "deer", "dingo", "dodo", "dog", "dove", "drake", "duck", "eagle", "eel",
    "elk", "falcon", "fawn", "ferret", "finch", "fish", "flea", "fly", "fox", "frog", "gecko",
    "gibbon", "goat", "goose", "grouse", "gull", "hare", "hawk", "hen", "heron", "hippo", "horse",
    "hound", "husky", "ibex", "jackal", "jay", "kid", "kite", "koala", "lamb", "lark", "lemur",
    "lion", "lizard", "llama", "lynx", "macaw", "mantis", "mink", "mole", "moose", "moth", "mouse",
    "mule", "newt", "ocelot", "orca", "otter", "owl", "ox", "panda", "parrot", "perch", "pigeon",
    "pony", "puma", "python", "quail", "rabbit", "ram", "raven", "robin", "salmon", "seal",
    "shark", "sheep", "skunk", "sloth", "snail", "spider", "stag", "stork", "swan", "tapir",
    "tiger", "toad", "trout", "tuna", "turkey", "turtle", "viper", "wasp", "weasel", "whale",
    "wolf", "wombat", "worm", "wren", "yak", "zebra",
];

/// The name for a number, `swift-otter`; the caller draws the number and tries another one when
/// the name is taken. From one round over all names on, a counter follows.
#[must_use]
pub fn generated_hostname(number: u64) -> String {
    let pick = |words: &'static [&'static str], at: u64| {
        let position = usize::try_from(at % words.len() as u64).unwrap_or_default();
        words[position]
    };
    let pairs = (ADJECTIVES.len() * ANIMALS.len()) as u64;
    let adjective = pick(ADJECTIVES, number);
    let animal = pick(ANIMALS, number / ADJECTIVES.len() as u64);
    match number / pairs % 100 {
        0 => format!("{adjective}-{animal}"),
        round => format!("{adjective}-{animal}-{round}"),
    }
}

/// Whether a text is one label of a host name: letters, digits and inner hyphens, up to 63.
#[must_use]
pub fn is_hostname(text: &str) -> bool {
    let inner = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    inner && (1..=63).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn generated_names_are_valid_and_differ() {
        let names: BTreeSet<String> = (0..30_000).map(generated_hostname).collect();
        assert_eq!(names.len(), 30_000);
        assert!(names.iter().all(|name| is_hostname(name)));
    }

    #[test]
    fn names_with_dots_spaces_or_outer_hyphens_are_refused() {
        for wrong in ["", "a.b", "a b", "-a", "a-", "ä", &"a".repeat(64)] {
            assert!(!is_hostname(wrong), "{wrong}");
        }
    }
}
