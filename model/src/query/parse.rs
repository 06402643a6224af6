//! How a filter is understood: from its letters to what is asked for.

use crate::query::bounds::{DEPTH_MAX, PATTERNS_MAX, TERMS_MAX, VALUES_MAX};
use crate::query::error::{Problem, QueryError, unknown_field};
use crate::query::expression::Expression;
use crate::query::field::Field;
use crate::query::glyph::{Glyph, Token, Word, text_of, tokens};
use crate::query::pattern::Pattern;
use crate::query::term::{Term, Values};
use crate::query::value::{Value, address_of_either_kind};

/// Understands a filter; none when it asks for nothing.
pub(crate) fn expression(text: &str, fields: &[Field]) -> Result<Option<Expression>, QueryError> {
    let tokens = tokens(text)?;
    let end = text.len();
    let mut reader = Reader { tokens: &tokens, next: 0, end, fields, terms: 0, values: 0 };
    if reader.tokens.is_empty() {
        return Ok(None);
    }
    let found = reader.any(0)?;
    match reader.tokens.get(reader.next) {
        None => Ok(Some(found)),
        Some(token) => Err(wrong(token, Problem::StrayParenthesis)),
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    next: usize,
    end: usize,
    fields: &'a [Field],
    terms: usize,
    values: usize,
}

impl Reader<'_> {
    /// Alternatives.
    fn any(&mut self, depth: usize) -> Result<Expression, QueryError> {
        let mut any = vec![self.all(depth)?];
        while self.takes("OR") {
            any.push(self.all(depth)?);
        }
        Ok(Expression::any(any))
    }

    /// What must hold together.
    fn all(&mut self, depth: usize) -> Result<Expression, QueryError> {
        let mut all = vec![self.term(depth)?];
        loop {
            let is_more = match self.tokens.get(self.next) {
                None | Some(Token::Close(_)) => false,
                Some(Token::Word(word)) => !word.says("OR"),
                Some(Token::Open(_) | Token::Minus(_)) => true,
            };
            if !is_more {
                break;
            }
            self.takes("AND");
            all.push(self.term(depth)?);
        }
        Ok(Expression::all(all))
    }

    fn term(&mut self, depth: usize) -> Result<Expression, QueryError> {
        let Some(token) = self.tokens.get(self.next) else {
            let problem = Problem::NoTerm("at the end");
            return Err(QueryError { offset: self.end, length: 0, problem });
        };
        if depth > DEPTH_MAX {
            return Err(wrong(token, Problem::TooDeep(DEPTH_MAX)));
        }
        self.next += 1;
        match token {
            Token::Close(_) => Err(wrong(token, Problem::NoTerm("before the parenthesis"))),
            Token::Open(_) => {
                let inner = self.any(depth + 1)?;
                match self.tokens.get(self.next) {
                    Some(Token::Close(_)) => self.next += 1,
                    Some(_) | None => return Err(wrong(token, Problem::OpenParenthesis)),
                }
                Ok(inner)
            }
            Token::Minus(at) => {
                if self.tokens.get(self.next).is_none_or(|next| place(next).0 != at + 1) {
                    return Err(wrong(token, Problem::NoTerm("directly after the sign")));
                }
                Ok(Expression::not(self.term(depth + 1)?))
            }
            Token::Word(word) if word.says("NOT") => Ok(Expression::not(self.term(depth + 1)?)),
            Token::Word(word) if word.says("OR") || word.says("AND") => {
                Err(wrong(token, Problem::NoTerm("before the word")))
            }
            Token::Word(word) => self.word(word),
        }
    }

    fn takes(&mut self, keyword: &str) -> bool {
        let found = self.tokens.get(self.next);
        let takes = matches!(found, Some(Token::Word(word)) if word.says(keyword));
        self.next += usize::from(takes);
        takes
    }

    fn word(&mut self, word: &Word) -> Result<Expression, QueryError> {
        let (offset, length) = (word.at, word.end - word.at);
        self.terms += 1;
        if self.terms > TERMS_MAX {
            let problem = Problem::TooManyTerms(TERMS_MAX);
            return Err(QueryError { offset, length, problem });
        }
        let Some(colon) = word.field_ends() else { return free(word) };
        let name = text_of(&word.glyphs[..colon]);
        match self.fields.iter().position(|field| field.is_called(&name)) {
            Some(field) => self.of_field(word, colon, field).map(Expression::Term),
            // An address has colons, too.
            None if address_of_either_kind(&text_of(&word.glyphs)).is_some() => free(word),
            None => {
                let problem = unknown_field(&name, self.fields);
                Err(QueryError { offset, length: name.len(), problem })
            }
        }
    }

    fn of_field(&mut self, word: &Word, colon: usize, at: usize) -> Result<Term, QueryError> {
        let field = &self.fields[at];
        let name = field.name.to_string();
        let mut term = Term { field: at, name, any: Values::default(), none: Values::default() };
        let mut begins = word.glyphs[colon].end;
        for glyphs in word.glyphs[colon + 1..].split(|glyph| glyph.means(',')) {
            let ends = glyphs.last().map_or(begins, |last| last.end);
            let failed = |problem| QueryError { offset: begins, length: ends - begins, problem };
            self.values += 1;
            if self.values > VALUES_MAX {
                return Err(failed(Problem::TooManyValues(VALUES_MAX)));
            }
            let unwanted = glyphs.first().is_some_and(|first| first.means('!'));
            let written = &glyphs[usize::from(unwanted)..];
            if written.is_empty() {
                return Err(failed(Problem::NoValue { field: field.name.to_string() }));
            }
            let value = Value::read(written, field).map_err(failed)?;
            let of = if unwanted { &mut term.none } else { &mut term.any };
            match value.word() {
                Some(word) => drop(of.words.insert(word)),
                None => of.others.push(value),
            }
            if of.others.len() > PATTERNS_MAX {
                return Err(failed(Problem::TooManyValues(PATTERNS_MAX)));
            }
            begins = ends + 1;
        }
        Ok(term)
    }
}

impl Word {
    /// Whether it is that word, and not quoted.
    fn says(&self, keyword: &str) -> bool {
        self.glyphs.len() == keyword.len()
            && self.glyphs.iter().zip(keyword.chars()).all(|(glyph, letter)| glyph.means(letter))
    }

    /// The colon behind the name of a field, when it begins with one.
    fn field_ends(&self) -> Option<usize> {
        let is_name = |glyph: &Glyph| {
            let letter = glyph.letter;
            !glyph.quoted && (letter.is_ascii_alphanumeric() || "_-.".contains(letter))
        };
        let colon = self.glyphs.iter().position(|glyph| !is_name(glyph))?;
        let begins = self.glyphs[0].letter.is_ascii_alphabetic();
        (begins && self.glyphs[colon].means(':')).then_some(colon)
    }
}

fn free(word: &Word) -> Result<Expression, QueryError> {
    if word.glyphs.is_empty() {
        let problem = Problem::NoTerm("between the quotation marks");
        return Err(QueryError { offset: word.at, length: word.end - word.at, problem });
    }
    if let Some(comma) = word.glyphs.iter().find(|glyph| glyph.means(',')) {
        let problem = Problem::StrayComma;
        return Err(QueryError { offset: comma.end - 1, length: 1, problem });
    }
    Ok(Expression::Free(Pattern::of(&word.glyphs)))
}

fn place(token: &Token) -> (usize, usize) {
    match token {
        Token::Open(at) | Token::Close(at) | Token::Minus(at) => (*at, 1),
        Token::Word(word) => (word.at, word.end - word.at),
    }
}

fn wrong(token: &Token, problem: Problem) -> QueryError {
    let (offset, length) = place(token);
    QueryError { offset, length, problem }
}
