//! Which modules the text of a file names: its `use` declarations, and the paths in its code.
//!
//! Reads tokens and no grammar, which is enough for paths, and also finds those in macros. What is
//! compiled for tests only is passed over: it may name everything, and stands in for what it names.

/// What one file names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// Its `use` declarations, one for each name they bring in.
    pub uses: Vec<Use>,
    /// The paths in its code that have more than one segment, with the inline modules around them.
    pub mentions: Vec<(Vec<String>, Vec<String>)>,
    /// The modules that it declares as files of their own.
    pub modules: Vec<String>,
}

/// One name that a `use` declaration brings in.
#[derive(Debug, PartialEq, Eq)]
pub struct Use {
    /// The inline modules around the declaration.
    pub within: Vec<String>,
    /// The path as it is written.
    pub path: Vec<String>,
    /// What it is called in this file.
    pub name: String,
}

/// Reads a file.
#[must_use]
pub fn read(text: &str) -> Paths {
    let tokens = without_tests(&tokens(text));
    let mut paths = Paths::default();
    // The inline modules that are open, with the depth of braces at which each one ends.
    let mut within: Vec<(String, usize)> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while at < tokens.len() {
        let inline = || within.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        match tokens[at] {
            Token::Word("use") => {
                let mut uses = Vec::new();
                at = read_tree(&tokens, at + 1, &[], &mut uses);
                let named = |(path, name)| Use { within: inline(), path, name };
                paths.uses.extend(uses.into_iter().map(named));
                continue;
            }
            Token::Word("mod") => match (tokens.get(at + 1), tokens.get(at + 2)) {
                (Some(Token::Word(name)), Some(Token::Sign(';'))) => {
                    paths.modules.push((*name).to_owned());
                }
                (Some(Token::Word(name)), Some(Token::Sign('{'))) => {
                    within.push(((*name).to_owned(), depth));
                }
                _ => {}
            },
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => {
                depth = depth.saturating_sub(1);
                if within.last().is_some_and(|(_, outside)| *outside == depth) {
                    within.pop();
                }
            }
            Token::Word(_) if at == 0 || tokens[at - 1] != Token::Colons => {
                let path = read_path(&tokens[at..]);
                if path.len() > 1 {
                    at += 2 * path.len() - 1;
                    paths.mentions.push((inline(), path));
                    continue;
                }
            }
            Token::Word(_) | Token::Colons | Token::Sign(_) | Token::Text(_) => {}
        }
        at += 1;
    }
    paths
}

/// The segments at the beginning of the tokens.
fn read_path(tokens: &[Token<'_>]) -> Vec<String> {
    let mut path = Vec::new();
    let mut rest = tokens;
    while let [Token::Word(word), after @ ..] = rest {
        path.push((*word).to_owned());
        let [Token::Colons, next @ ..] = after else { break };
        rest = next;
    }
    path
}

/// Reads a tree of a `use` declaration from `at` on; returns where it ended.
fn read_tree(
    tokens: &[Token<'_>],
    mut at: usize,
    prefix: &[String],
    uses: &mut Vec<(Vec<String>, String)>,
) -> usize {
    let mut path = prefix.to_vec();
    let mut name = None;
    let mut is_leaf = false;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            Token::Word("as") => {
                if let Some(Token::Word(alias)) = tokens.get(at) {
                    name = Some((*alias).to_owned());
                    at += 1;
                }
            }
            Token::Word(word) => {
                is_leaf = true;
                // `a::{self}` names `a`.
                if *word != "self" || path.is_empty() {
                    path.push((*word).to_owned());
                }
            }
            Token::Sign('*') => {
                is_leaf = true;
                name = Some("*".to_owned());
            }
            Token::Sign('{') => {
                is_leaf = false;
                loop {
                    at = read_tree(tokens, at, &path, uses);
                    if tokens.get(at - 1) != Some(&Token::Sign(',')) {
                        break;
                    }
                }
            }
            Token::Sign(_) => break,
            Token::Colons | Token::Text(_) => {}
        }
    }
    if is_leaf {
        let name = name.or_else(|| path.last().cloned()).unwrap_or_default();
        uses.push((path, name));
    }
    at
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Colons,
    Sign(char),
    /// What stands between quotes.
    Text(&'a str),
}

/// The tokens of a text, without comments, lifetimes and characters.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(hashes) = raw_string(rest) {
            let end = format!("\"{}", "#".repeat(hashes));
            let from = rest.find('"').unwrap_or(0) + 1;
            let until = rest[from..].find(&end).map_or(rest.len(), |at| from + at);
            tokens.push(Token::Text(&rest[from..until]));
            (until + end.len()).min(rest.len())
        } else if first == '"' {
            let until = end_of_string(rest);
            tokens.push(Token::Text(&rest[1..until]));
            (until + 1).min(rest.len())
        } else if first == '\'' {
            length_of_character(rest)
        } else if first.is_alphanumeric() || first == '_' {
            let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
            let length = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
            tokens.push(Token::Word(&rest[..length]));
            length
        } else if rest.starts_with("::") {
            tokens.push(Token::Colons);
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Sign(first));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// How many `#` a raw string has that begins here.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let quoted = after.trim_start_matches('#');
    quoted.starts_with('"').then_some(after.len() - quoted.len())
}

/// Where the closing quote of the string is that begins here.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            '"' if !escaped => return at,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The length of a character literal; of a lifetime only the quote.
fn length_of_character(text: &str) -> usize {
    let mut letters = text.char_indices().skip(1);
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), Some((after, _))) => {
            let end = text.get(after + 1..).and_then(|rest| rest.find('\''));
            end.map_or(text.len(), |end| after + 1 + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

/// The tokens without the items that are compiled for tests only.
fn without_tests<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match attribute(&tokens[at..]) {
            Some(length) if is_for_tests(&tokens[at..at + length]) => {
                at += length;
                at += length_of_item(&tokens[at..]);
            }
            Some(_) | None => {
                kept.push(tokens[at]);
                at += 1;
            }
        }
    }
    kept
}

/// The length of the attribute that begins here.
fn attribute(tokens: &[Token<'_>]) -> Option<usize> {
    if !tokens.starts_with(&[Token::Sign('#'), Token::Sign('[')]) {
        return None;
    }
    tokens.iter().position(|token| *token == Token::Sign(']')).map(|end| end + 1)
}

fn is_for_tests(attribute: &[Token<'_>]) -> bool {
    let has = |token| attribute.contains(&token);
    let tests = has(Token::Word("test")) || has(Token::Text("testing"));
    has(Token::Word("cfg")) && tests && !has(Token::Word("not"))
}

/// The length of an item or a statement with its attributes, or of a field.
fn length_of_item(tokens: &[Token<'_>]) -> usize {
    let mut at = 0;
    while let Some(length) = attribute(&tokens[at..]) {
        at += length;
    }
    const ITEMS: [&str; 13] = [
        "pub", "fn", "impl", "struct", "enum", "mod", "use", "const", "static", "type", "trait",
        "let", "async",
    ];
    let is_item = matches!(tokens.get(at), Some(Token::Word(word)) if ITEMS.contains(word));
    let mut depth = 0_usize;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            Token::Sign('{' | '(' | '[') => depth += 1,
            // The end of what this is the last part of.
            Token::Sign('}' | ')' | ']') if depth == 0 => return at - 1,
            Token::Sign('}') if depth == 1 && tokens.get(at) != Some(&Token::Sign(';')) => {
                return at;
            }
            Token::Sign('}' | ')' | ']') => depth -= 1,
            Token::Sign(';') if depth == 0 => return at,
            Token::Sign(',') if depth == 0 && !is_item => return at,
            Token::Word(_) | Token::Colons | Token::Sign(_) | Token::Text(_) => {}
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::read;

    #[track_caller]
    fn check_uses(text: &str, expected: &[(&str, &str)]) {
        let found: Vec<_> =
            read(text).uses.into_iter().map(|used| (used.path.join("::"), used.name)).collect();
        let expected: Vec<_> =
            expected.iter().map(|(path, name)| ((*path).to_owned(), (*name).to_owned())).collect();
        assert_eq!(expected, found, "{text}");
    }

    #[track_caller]
    fn check_mentions(text: &str, expected: &[&str]) {
        let found: Vec<_> =
            read(text).mentions.into_iter().map(|(_, path)| path.join("::")).collect();
        assert_eq!(expected, found, "{text}");
    }

    #[test]
    fn every_name_of_a_use_is_found() {
        check_uses("use crate::a::B;", &[("crate::a::B", "B")]);
        check_uses("pub(crate) use super::a as b;", &[("super::a", "b")]);
        check_uses(
            "use crate::{a::{self, B},\n    c,\n};\nuse x::*;",
            &[("crate::a", "a"), ("crate::a::B", "B"), ("crate::c", "c"), ("x", "*")],
        );
        check_uses("use a::{self as b, C};", &[("a", "b"), ("a::C", "C")]);
        check_uses("use a::{b::{C}};\nuse d;", &[("a::b::C", "C"), ("d", "d")]);
    }

    #[test]
    fn paths_in_code_are_found() {
        check_mentions(
            "fn a(b: crate::c::D) -> super::E { f::g(h) }",
            &["crate::c::D", "super::E", "f::g"],
        );
        check_mentions("info!(\"{}\", a::b());", &["a::b"]);
        check_mentions("let x = Vec::<u8>::new();", &[]);
    }

    #[test]
    fn comments_and_strings_name_nothing() {
        check_mentions("/// See [`a::b`].\nfn f() {} // a::b\n/* a::b */", &[]);
        check_mentions("f(\"a::b \\\" c::d\", r#\"e::f \" g::h\"#, '\"', b'\\'', i::j)", &["i::j"]);
        check_mentions("fn a<'a>(b: &'a c::D) {}", &["c::D"]);
    }

    #[test]
    fn what_is_for_tests_names_nothing() {
        check_mentions(
            "#[cfg(test)]\nmod tests { fn f() { a::b(); } }\nfn g() { c::d(); }",
            &["c::d"],
        );
        check_mentions("#[cfg(feature = \"testing\")]\nlet on = a::b();\nc::d();", &["c::d"]);
        check_mentions("#[cfg(not(feature = \"testing\"))]\nlet on = a::b();", &["a::b"]);
        check_mentions("struct A {\n #[cfg(test)]\n b: c::D,\n e: f::G,\n}", &["f::G"]);
        check_uses(
            "#[cfg(any(test, feature = \"testing\"))]\nuse a::{b, c};\nuse d::e;",
            &[("d::e", "e")],
        );
        assert!(read("#[cfg(test)]\nmod golden;\n").modules.is_empty());
    }

    #[test]
    fn modules_and_what_stands_in_them_are_found() {
        let found = read("mod a;\nmod b {\n fn f() { super::c(); }\n}\nfn g() { self::a::h(); }");
        assert_eq!(["a"], found.modules[..]);
        let within: Vec<_> = found.mentions.iter().map(|(within, _)| within.join("::")).collect();
        assert_eq!(["b", ""], within[..]);
    }
}
