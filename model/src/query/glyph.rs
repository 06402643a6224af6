//! The letters of a filter, each with its end and whether it was quoted: only what is not quoted has a meaning.

use crate::query::bounds::TEXT_BYTES_MAX;
use crate::query::error::{Problem, QueryError};

/// A letter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glyph {
    pub(crate) letter: char,
    pub(crate) quoted: bool,
    /// Where what follows it stands, in bytes.
    pub(crate) end: usize,
}

/// A part of a filter.
#[derive(Debug)]
pub(crate) enum Token {
    Open(usize),
    Close(usize),
    /// A `-` or `!` before a term.
    Minus(usize),
    Word(Word),
}

/// Letters without space between them.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) glyphs: Vec<Glyph>,
    /// Where it stands: its quotation marks belong to it.
    pub(crate) at: usize,
    pub(crate) end: usize,
}

impl Glyph {
    /// Whether it has the meaning of that letter.
    pub(crate) fn means(&self, letter: char) -> bool {
        !self.quoted && self.letter == letter
    }
}

/// The text of some letters.
pub(crate) fn text_of(glyphs: &[Glyph]) -> String {
    glyphs.iter().map(|glyph| glyph.letter).collect()
}

/// The parts of a filter.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, QueryError> {
    if text.len() > TEXT_BYTES_MAX {
        let problem = Problem::TooLong(TEXT_BYTES_MAX);
        return Err(QueryError { offset: 0, length: text.len(), problem });
    }
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some(&(at, letter)) = rest.peek() {
        match letter {
            '(' | ')' => {
                rest.next();
                tokens.push(if letter == '(' { Token::Open(at) } else { Token::Close(at) });
            }
            '-' | '!' => {
                rest.next();
                tokens.push(Token::Minus(at));
            }
            _ if letter.is_whitespace() => {
                rest.next();
            }
            _ => tokens.push(Token::Word(word(text, at, &mut rest)?)),
        }
    }
    Ok(tokens)
}

fn word(
    text: &str,
    at: usize,
    rest: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
) -> Result<Word, QueryError> {
    let mut glyphs = Vec::new();
    let mut quote: Option<usize> = None;
    let mut end = text.len();
    while let Some(&(here, letter)) = rest.peek() {
        if quote.is_none() && (letter.is_whitespace() || matches!(letter, '(' | ')')) {
            end = here;
            break;
        }
        rest.next();
        match (letter, quote) {
            ('"', None) => quote = Some(here),
            ('"', Some(_)) => quote = None,
            ('\\', Some(open)) => {
                let Some((_, letter)) = rest.next() else { return Err(open_quote(text, open)) };
                let end = rest.peek().map_or(text.len(), |(at, _)| *at);
                glyphs.push(Glyph { letter, quoted: true, end });
            }
            _ => {
                let end = here + letter.len_utf8();
                glyphs.push(Glyph { letter, quoted: quote.is_some(), end });
            }
        }
    }
    match quote {
        Some(open) => Err(open_quote(text, open)),
        None => Ok(Word { glyphs, at, end }),
    }
}

fn open_quote(text: &str, open: usize) -> QueryError {
    QueryError { offset: open, length: text.len() - open, problem: Problem::OpenQuote }
}
