//! Every command in the documents is one that this program understands, with parameters that there are. Most of them are also run,
//! by the tests of the crate `testkit`.

use std::path::{Path, PathBuf};

use crate::cli::native::grammar::chosen;
use crate::cli::native::values;
use crate::commands::whole;

/// Files below the root of the project whose commands are tried; folders with all below them.
const DOCUMENTS: &[&str] = &["README.md", "docs", "deploy/README.md"];

/// What stands for something that a reader has; here it is some word.
const PLACEHOLDER: &str = "…";

fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut open: Vec<PathBuf> = DOCUMENTS.iter().map(|name| root.join(name)).collect();
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The lines of a document that are code. A line that ends in `\` goes on with the next one.
fn code(text: &str) -> Vec<String> {
    let (mut lines, mut is_fenced, mut open) = (Vec::new(), false, None::<String>);
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
            continue;
        }
        if !is_fenced {
            continue;
        }
        let whole = format!("{}{}", open.take().unwrap_or_default(), line.trim());
        match whole.strip_suffix('\\') {
            Some(begun) => open = Some(begun.to_owned()),
            None => lines.push(whole),
        }
    }
    lines
}

/// The words of the commands of `ironraft` in a line of code: behind a prompt, in a pipe, in `$(…)`, after others.
fn commands(line: &str) -> Vec<Vec<String>> {
    let line = line.strip_prefix("$ ").unwrap_or(line);
    let words = words(line);
    let is_begin = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| words.get(before)).map(String::as_str);
        matches!(before, None | Some("sudo" | "until" | "|" | "&&" | ";" | "do" | "exec" | "--"))
    };
    let starts = words.iter().enumerate().filter(|(at, word)| {
        (*word == "ironraft" && is_begin(*at)) || word.ends_with("$(ironraft")
    });
    let command = |(at, _): (usize, &String)| {
        let is_end =
            |word: &&String| ["|", "||", "&&", ";", "#", "&", ")"].contains(&word.as_str());
        let own = words[at + 1..].iter().take_while(|word| !is_end(word));
        own.map(|word| word.trim_end_matches(')').to_owned()).collect()
    };
    starts.map(command).collect()
}

/// Words as a shell parts them, without what is sent into files.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None::<char>);
    for letter in line.chars() {
        match (letter, quote) {
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (letter, Some(open)) if letter == open => quote = None,
            (letter, None) if letter.is_whitespace() => words.extend(word.take()),
            (letter, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    let redirected = words.iter().position(|word| {
        word.trim_start_matches(|letter: char| letter.is_ascii_digit()).starts_with(['>', '<'])
    });
    if let Some(at) = redirected {
        words.drain(at..(at + 2).min(words.len()));
    }
    words
}

/// Why a command is none. What only a shell knows is not judged.
fn fault(words: &[String]) -> Option<String> {
    let is_open = words.iter().any(|word| word == "maas" || word.contains('$'));
    if is_open || words.is_empty() {
        return None;
    }
    let is_wanted = |name: &str| words.iter().any(|word| word == name);
    let parsed = whole(is_wanted)
        .try_get_matches_from(std::iter::once("ironraft").chain(words.iter().map(String::as_str)));
    if let Some(filter) = words.iter().find(|word| has_quoted_star(word)) {
        return Some(format!("{filter}: between quotation marks * is a star, and finds nothing"));
    }
    let matches = match parsed {
        Ok(matches) => matches,
        Err(error) if !error.use_stderr() => return None,
        Err(error) => return error.to_string().lines().next().map(str::to_owned),
    };
    let chosen = chosen(&matches)?;
    let (given, _) = values::parted(chosen.deed, &chosen.given());
    let in_words = given.into_iter().filter(|(_, value)| !value.starts_with('@')).collect();
    values::read(chosen.deed, in_words).err().map(|failure| format!("{failure:?}"))
}

/// Whether a word is a filter with a `*` between quotation marks, where it means nothing.
fn has_quoted_star(word: &str) -> bool {
    let field = word.split_once(":\"").map(|(_, quoted)| quoted);
    field.is_some() && word.split('"').skip(1).step_by(2).any(|quoted| quoted.contains('*'))
}

#[test]
fn a_star_between_quotation_marks_is_a_fault() {
    let fault = |filter: &str| fault(&["event", "list", filter].map(str::to_owned));
    assert!(fault(r#"level:warning type:"DHCP pool*""#).is_some());
    assert_eq!(fault(r#"level:warning type:"DHCP pool"*"#), None);
}

#[test]
fn commands_in_documents_are_understood() {
    let (mut tried, mut faults) = (0, String::new());
    for path in documents() {
        let text = std::fs::read_to_string(&path).unwrap();
        for line in code(&text) {
            for words in commands(&line.replace(PLACEHOLDER, "x")) {
                tried += 1;
                if let Some(fault) = fault(&words) {
                    faults += &format!("{}: {line}\n    {fault}\n", path.display());
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
    assert!(tried > 80, "only {tried} commands were found");
}

#[test]
fn commands_are_found_wherever_they_stand_in_a_line() {
    let found = |line: &str| -> Vec<String> {
        commands(line).into_iter().map(|words| words.join(" ")).collect()
    };
    assert_eq!(found("$ sudo ironraft cluster status    # who leads"), ["cluster status"]);
    assert_eq!(found("KEY=$(ironraft apikey)"), ["apikey"]);
    assert_eq!(found("ironraft export > site.yaml"), ["export"]);
    assert_eq!(found("ironraft rack run 2>k1.log &"), ["rack run"]);
    assert_eq!(
        found("ironraft machine list 'status:ready x' | wc -l"),
        ["machine list status:ready x"]
    );
    assert_eq!(found("ssh ironraft"), Vec::<String>::new());
    assert_eq!(code("text\n```sh\na \\\n  b\n```\n"), ["a b"]);
}
