//! Which passwords users may have: Django's rules, which MAAS's users know from elsewhere.
//!
//! A password that is set is checked; one that is presented is not, so that users keep what they have.

use std::collections::BTreeMap;

/// The fewest characters of a password.
pub const LENGTH_MIN: usize = 8;

/// The most characters of a password: hashing a longer one would only take longer.
pub const LENGTH_MAX: usize = 1024;

/// How many tenths of the letters of a password and a name are in both when they are too similar.
const SIMILAR_TENTHS: usize = 7;

/// What is wrong with a password. The texts are Django's where it has the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum WeakPassword {
    /// It has few characters.
    #[error("This password is too short. It must contain at least {LENGTH_MIN} characters.")]
    Short,
    /// It has very many characters.
    #[error("This password is too long. It must contain at most {LENGTH_MAX} characters.")]
    Long,
    /// Many others have it.
    #[error("This password is too common.")]
    Common,
    /// It is a number.
    #[error("This password is entirely numeric.")]
    Numeric,
    /// It is nearly the user's name.
    #[error("The password is too similar to the username.")]
    LikeUsername,
    /// It is nearly the user's mail address.
    #[error("The password is too similar to the email address.")]
    LikeEmail,
}

/// Everything that is wrong with a new password of that user; nothing when it may be set.
#[must_use]
pub fn weaknesses(password: &str, username: &str, email: &str) -> Vec<WeakPassword> {
    let length = password.chars().count();
    let lower = password.to_lowercase();
    let checks = [
        (length < LENGTH_MIN, WeakPassword::Short),
        (length > LENGTH_MAX, WeakPassword::Long),
        (is_similar(&lower, username), WeakPassword::LikeUsername),
        (is_similar(&lower, email), WeakPassword::LikeEmail),
        (is_common(&lower), WeakPassword::Common),
        (length > 0 && lower.chars().all(char::is_numeric), WeakPassword::Numeric),
    ];
    checks.into_iter().filter(|(found, _)| *found).map(|(_, weakness)| weakness).collect()
}

/// Whether a password is nearly a name, or a part of one between signs, as Django's `UserAttributeSimilarityValidator` has it.
fn is_similar(lower: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    let parts = name.split(|letter: char| !letter.is_alphanumeric());
    // What is before the @ is often written alone, and Django has no part that is that.
    let parts = std::iter::once(name.as_str()).chain(name.split('@')).chain(parts);
    let password: Vec<char> = lower.chars().take(LENGTH_MAX).collect();
    let is_near = |part: &str| {
        let part: Vec<char> = part.chars().take(LENGTH_MAX).collect();
        let length = password.len() + part.len();
        length > 0 && 2 * in_both(&password, &part) * 10 >= length * SIMILAR_TENTHS
    };
    parts.filter(|part| !part.is_empty()).any(is_near)
}

/// How many letters two texts have in common, wherever they stand: what Python's `quick_ratio` is made of.
fn in_both(one: &[char], other: &[char]) -> usize {
    let mut left = BTreeMap::new();
    for letter in other {
        *left.entry(*letter).or_insert(0_usize) += 1;
    }
    let take = |letter: &&char| match left.get_mut(*letter) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        Some(_) | None => false,
    };
    one.iter().filter(take).count()
}

/// Whether it is a common word, as it is or with some digits and signs behind it, or one group of characters
/// over and over.
fn is_common(lower: &str) -> bool {
    let stem = lower.trim_end_matches(|letter: char| !letter.is_alphabetic());
    let plain: String = stem.chars().map(plain_letter).collect();
    let is_known = |text: &str| COMMON.split(' ').any(|word| word == text);
    is_known(lower) || is_known(stem) || is_known(&plain) || repeats(lower)
}

/// The letter that a digit or sign is written for.
fn plain_letter(letter: char) -> char {
    match letter {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// Whether a text is a group of at most four characters, again and again.
fn repeats(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let again =
        |length: usize| (length..letters.len()).all(|at| letters[at] == letters[at - length]);
    letters.len() >= LENGTH_MIN && (1..=4).any(again)
}

/// Words that lists of stolen passwords begin with, and what installations are delivered with.
const COMMON: &str = "\
    abc123abc abcd1234 abcdefgh access admin adminadmin administrator alexander asdfasdf \
    asdfghjk asdfghjkl babygirl barcelona baseball basketball batman butterfly calvin changeit \
    changeme charlie chocolate christian christopher computer danielle default dragon elizabeth \
    estrella flower football freedom fuckyou garfield guest hannah hello helloworld iloveyou \
    internet ironraft jennifer jessica jordan juventus letmein liverpool login lovely maas \
    maasadmin manager maradona master michael michelle midnight monkey mustang mypassword \
    nicholas ninja oracle pass passpass passphrase passwd password passwort pokemon princess \
    private public purple q1w2e3r4 q1w2e3r4t5 qazwsx qazwsxedc qwer1234 qwert qwerty qwertyui \
    qwertyuiop rainbow rockyou root rootroot samantha secret secretsecret server shadow starwars \
    sunshine superman superuser supervisor sysadmin system target temppass test testing testtest \
    thomas trustno ubuntu unknown user veronica victoria welcome whatever william yellow \
    zaq12wsx zxcvbnm";

#[cfg(test)]
mod tests {
    use super::*;
    use WeakPassword::{Common, LikeEmail, LikeUsername, Long, Numeric, Short};

    #[track_caller]
    fn check(password: &str, expected: &[WeakPassword]) {
        assert_eq!(weaknesses(password, "joanna", "jo.smith@example.com"), expected, "{password}");
    }

    #[test]
    fn what_is_short_common_numeric_or_near_the_user_is_refused() {
        check("correct horse", &[]);
        check("tr0ubador&3", &[]);
        check("Ünïcödé✓", &[]);
        check("short7!", &[Short]);
        check("7492", &[Short, Numeric]);
        check("8317490256", &[Numeric]);
        check(&"long enough ".repeat(100), &[Long]);
        for common in
            ["password", "Password123!", "P@ssw0rd", "qwertyuiop", "letmein2026", "aaaaaaaaa"]
        {
            check(common, &[Common]);
        }
        check("joanna12", &[LikeUsername]);
        check("xJOANNAx", &[LikeUsername]);
        check("example1", &[LikeEmail]);
        check("jo.smith", &[LikeEmail]);
        // Near, and not in it: letters are left out, changed or turned around.
        check("exmaple.com!", &[LikeEmail]);
        check("jo.smth@exmple.com", &[LikeEmail]);
        check("j0anna12", &[LikeUsername]);
        check("joanna likes long sentences", &[]);
    }

    #[test]
    fn an_empty_password_is_short_and_a_user_without_names_is_like_nothing() {
        assert_eq!(weaknesses("", "", ""), [Short]);
        assert_eq!(weaknesses("correct horse", "", ""), []);
    }
}
