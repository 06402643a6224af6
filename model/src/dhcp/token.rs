//! The words of a snippet, with their lines.

use crate::dhcp::error::{Reason, SnippetError};

/// How long a snippet may be, in bytes.
pub const TEXT_BYTES_MAX: usize = 16 << 10;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, a number, an address, or bytes in hexadecimal.
    Word(String),
    /// What stood in quotes.
    Text(Vec<u8>),
    /// A brace, bracket or the like.
    Mark(char),
    /// The end of the text.
    End,
}

/// A word with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) line: u32,
}

impl Token {
    /// A refusal of this word.
    pub(super) fn refused(&self, reason: Reason) -> SnippetError {
        let word = match &self.kind {
            Kind::Word(word) => word.clone(),
            Kind::Text(text) => format!("\"{}\"", String::from_utf8_lossy(text)),
            Kind::Mark(mark) => mark.to_string(),
            Kind::End => "end of the snippet".to_owned(),
        };
        SnippetError { line: self.line, word: word.chars().take(64).collect(), reason }
    }
}

/// Reads tokens one by one; at the end there is no end of ends.
#[derive(Debug)]
pub(super) struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    /// The tokens of a text.
    pub(super) fn of(text: &str) -> Result<Self, SnippetError> {
        if text.len() > TEXT_BYTES_MAX {
            let reason = Reason::TooMuch { what: "bytes", max: TEXT_BYTES_MAX };
            return Err(Token { kind: Kind::End, line: 1 }.refused(reason));
        }
        Ok(Self { tokens: tokens(text)?, at: 0 })
    }

    /// The next token, which stays the next one.
    pub(super) fn peek(&self) -> &Token {
        // The last token is the end.
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    /// Takes the next token.
    pub(super) fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    /// Takes the next token if it is this mark.
    pub(super) fn takes(&mut self, mark: char) -> bool {
        let is = self.peek().kind == Kind::Mark(mark);
        self.at += usize::from(is);
        is
    }

    /// Whether the next token is this word, in whatever case.
    pub(super) fn is_word(&self, wanted: &str) -> bool {
        matches!(&self.peek().kind, Kind::Word(word) if word.eq_ignore_ascii_case(wanted))
    }

    /// Takes the next token if it is this word, in whatever case.
    pub(super) fn takes_word(&mut self, wanted: &str) -> bool {
        let is = self.is_word(wanted);
        self.at += usize::from(is);
        is
    }

    /// Takes this mark, which must be there.
    pub(super) fn needs(&mut self, mark: char, named: &'static str) -> Result<(), SnippetError> {
        if self.takes(mark) {
            return Ok(());
        }
        Err(self.peek().refused(Reason::Expected(named)))
    }

    /// Takes a word, which must be there.
    pub(super) fn word(&mut self, named: &'static str) -> Result<(String, Token), SnippetError> {
        let token = self.take();
        match &token.kind {
            Kind::Word(word) => Ok((word.to_ascii_lowercase(), token)),
            Kind::Text(_) | Kind::Mark(_) | Kind::End => {
                Err(token.refused(Reason::Expected(named)))
            }
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, SnippetError> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match first {
            '\n' => {
                line += 1;
                rest = &rest[1..];
            }
            '#' => rest = rest.find('\n').map_or("", |end| &rest[end..]),
            '"' => {
                let (text, after) = quoted(&rest[1..], line)?;
                found.push(Token { kind: Kind::Text(text), line });
                rest = after;
            }
            space if space.is_whitespace() => rest = &rest[space.len_utf8()..],
            letter if of_word(letter) => {
                let end = rest.find(|letter| !of_word(letter)).unwrap_or(rest.len());
                found.push(Token { kind: Kind::Word(rest[..end].to_owned()), line });
                rest = &rest[end..];
            }
            mark => {
                found.push(Token { kind: Kind::Mark(mark), line });
                rest = &rest[mark.len_utf8()..];
            }
        }
    }
    found.push(Token { kind: Kind::End, line });
    Ok(found)
}

fn of_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | ':')
}

/// What stands up to the closing quote, on the same line, and what follows it.
fn quoted(text: &str, line: u32) -> Result<(Vec<u8>, &str), SnippetError> {
    let open = |shown: &str| {
        let kind = Kind::Text(shown.as_bytes().to_vec());
        Token { kind, line }.refused(Reason::Expected("a closing quote on the same line"))
    };
    let mut value = Vec::new();
    let mut rest = text;
    loop {
        let shown = text.lines().next().unwrap_or_default();
        let next = rest.chars().next().ok_or_else(|| open(shown))?;
        rest = &rest[next.len_utf8()..];
        match next {
            '"' => return Ok((value, rest)),
            '\n' => return Err(open(shown)),
            '\\' => {
                let (byte, after) = escaped(rest).ok_or_else(|| open(shown))?;
                value.push(byte);
                rest = after;
            }
            letter => value.extend(letter.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
}

/// The byte that stands behind a backslash, as in ISC's lexer, and what follows it.
fn escaped(text: &str) -> Option<(u8, &str)> {
    let bytes = text.as_bytes();
    let number = |digits: &str, base| {
        let value = u32::from_str_radix(digits, base).ok()?;
        u8::try_from(value).ok()
    };
    let octal = bytes.iter().take(3).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
    if octal > 0 {
        return Some((number(&text[..octal], 8)?, &text[octal..]));
    }
    let hex = |skipped: usize| {
        let digits = bytes.iter().skip(skipped).take(2);
        digits.take_while(|digit| digit.is_ascii_hexdigit()).count()
    };
    if bytes.first() == Some(&b'x') && hex(1) > 0 {
        let end = 1 + hex(1);
        return Some((number(&text[1..end], 16)?, &text[end..]));
    }
    let plain = *bytes.first().filter(|byte| byte.is_ascii_graphic() || **byte == b' ')?;
    let byte = match plain {
        b't' => b'\t',
        b'r' => b'\r',
        b'n' => b'\n',
        b'b' => 8,
        other => other,
    };
    Some((byte, &text[1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(Kind, u32)> {
        tokens(text).unwrap().into_iter().map(|token| (token.kind, token.line)).collect()
    }

    #[test]
    fn words_have_their_lines_and_comments_are_none() {
        let word = |text: &str| Kind::Word(text.to_owned());
        let want = vec![
            (word("option"), 1),
            (word("10.0.0.1"), 2),
            (Kind::Mark(','), 2),
            (word("00:07"), 2),
            (Kind::Mark(';'), 2),
            (Kind::End, 3),
        ];
        assert_eq!(kinds("option # a \"comment\n 10.0.0.1,00:07;\n# end"), want);
    }

    #[test]
    fn quotes_have_the_escapes_of_isc() {
        let text = |text: &str| kinds(text)[0].0.clone();
        assert_eq!(text(r#""a\"b\\""#), Kind::Text(b"a\"b\\".to_vec()));
        assert_eq!(text(r#""\x0a\101\t\z""#), Kind::Text(b"\nA\tz".to_vec()));
        assert_eq!(text("\"\u{e4}\""), Kind::Text("\u{e4}".as_bytes().to_vec()));
        for open in ["\"a", "x\n\"a\nb\"", r#""\"#, r#""\777""#] {
            let error = tokens(open).unwrap_err();
            assert_eq!(error.reason, Reason::Expected("a closing quote on the same line"));
        }
        assert_eq!(tokens("x\n\"a\nb\"").unwrap_err().line, 2);
    }
}
