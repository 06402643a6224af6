//! Conditions: comparisons of what a client sent, with `and`, `or` and `not`.

use crate::dhcp::condition::{Bytes, Condition};
use crate::dhcp::error::{Reason, SnippetError};
use crate::dhcp::parse::{DEPTH_MAX, Parser, TERMS_MAX, unsupported};
use crate::dhcp::token::{Kind, Token};
use crate::dhcp::value::{hexadecimal, whole_number};

impl Parser {
    /// A condition: `and` binds closer than `or`.
    pub(super) fn condition(&mut self, depth: usize) -> Result<Condition, SnippetError> {
        let mut any = vec![self.all_of(depth)?];
        while self.reader.takes_word("or") {
            any.push(self.all_of(depth)?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Condition::Any(any) })
    }

    fn all_of(&mut self, depth: usize) -> Result<Condition, SnippetError> {
        let mut all = vec![self.term(depth)?];
        while self.reader.takes_word("and") {
            all.push(self.term(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Condition::All(all) })
    }

    fn term(&mut self, depth: usize) -> Result<Condition, SnippetError> {
        self.deeper(depth)?;
        if self.reader.takes_word("not") {
            return Ok(Condition::Not(Box::new(self.term(depth + 1)?)));
        }
        if self.reader.takes('(') {
            let inner = self.condition(depth + 1)?;
            self.reader.needs(')', "`)`")?;
            return Ok(inner);
        }
        if self.reader.takes_word("known") {
            return Ok(Condition::Known);
        }
        if self.reader.takes_word("unknown") {
            return Ok(Condition::Not(Box::new(Condition::Known)));
        }
        if self.reader.takes_word("exists") {
            self.reader.takes_word("option");
            return Ok(Condition::Exists(self.asked_option()?));
        }
        self.comparison(depth)
    }

    fn comparison(&mut self, depth: usize) -> Result<Condition, SnippetError> {
        let left = self.bytes(depth + 1)?;
        let unequal = self.reader.takes('!');
        if !unequal && self.reader.peek().kind == Kind::Mark('~') {
            let instead = "patterns are not matched: compare a `substring` or `suffix`";
            return Err(self.reader.peek().refused(Reason::Unsupported { instead }));
        }
        self.reader.needs('=', "`=` or `!=`")?;
        let equal = Condition::Equal(left, self.bytes(depth + 1)?);
        Ok(if unequal { Condition::Not(Box::new(equal)) } else { equal })
    }

    fn bytes(&mut self, depth: usize) -> Result<Bytes, SnippetError> {
        self.deeper(depth)?;
        let token = self.reader.take();
        let word = match &token.kind {
            Kind::Text(text) => return Ok(Bytes::Literal(text.clone())),
            Kind::Word(word) => word.to_ascii_lowercase(),
            Kind::Mark(_) | Kind::End => {
                return Err(token.refused(Reason::Expected("something to compare")));
            }
        };
        match word.as_str() {
            "option" => Ok(Bytes::Option(self.asked_option()?)),
            "hardware" => Ok(Bytes::Hardware),
            "substring" => {
                let of = self.argument(depth)?;
                let (from, len) = (self.next_number()?, self.next_number()?);
                self.closed(Bytes::Substring { of, from, len })
            }
            "suffix" => {
                let of = self.argument(depth)?;
                let len = self.next_number()?;
                self.closed(Bytes::Suffix { of, len })
            }
            "lcase" => {
                let of = self.argument(depth)?;
                self.closed(Bytes::Lower(of))
            }
            "ucase" => {
                let of = self.argument(depth)?;
                self.closed(Bytes::Upper(of))
            }
            _ => literal(&word, &token),
        }
    }

    /// The option that a client is asked for.
    fn asked_option(&mut self) -> Result<u8, SnippetError> {
        let (name, token) = self.option_name()?;
        Ok(self.named(&name, &token)?.code)
    }

    /// `(` and what a function is applied to.
    fn argument(&mut self, depth: usize) -> Result<Box<Bytes>, SnippetError> {
        self.reader.needs('(', "`(`")?;
        self.bytes(depth + 1).map(Box::new)
    }

    /// A comma and a number.
    fn next_number(&mut self) -> Result<u32, SnippetError> {
        self.reader.needs(',', "`,`")?;
        let (word, token) = self.reader.word("a number")?;
        let number = whole_number(&word).and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| token.refused(Reason::Expected("a number")))
    }

    fn closed(&mut self, bytes: Bytes) -> Result<Bytes, SnippetError> {
        self.reader.needs(')', "`)`")?;
        Ok(bytes)
    }

    fn deeper(&mut self, depth: usize) -> Result<(), SnippetError> {
        self.terms += 1;
        if self.terms > TERMS_MAX {
            return Err(self.too_much("terms in conditions", TERMS_MAX));
        }
        if depth > DEPTH_MAX {
            return Err(self.too_much("levels in a condition", DEPTH_MAX));
        }
        Ok(())
    }
}

fn literal(word: &str, token: &Token) -> Result<Bytes, SnippetError> {
    if let Some(instead) = unsupported::function(word) {
        return Err(token.refused(Reason::Unsupported { instead }));
    }
    let bytes = hexadecimal(word).map(Bytes::Literal);
    bytes.ok_or_else(|| token.refused(Reason::Unknown("expression")))
}
