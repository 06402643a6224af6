//! Definitions of options: `option NAME code N = TYPE;`.

use crate::dhcp::error::{Reason, SnippetError};
use crate::dhcp::option::{Definition, OptionType, standard};
use crate::dhcp::parse::Parser;
use crate::dhcp::token::Token;
use crate::dhcp::value::whole_number;

/// How many values a record has.
const FIELDS_MAX: usize = 16;

impl Parser {
    /// What follows `code`.
    pub(super) fn definition(&mut self, name: &str, token: &Token) -> Result<(), SnippetError> {
        let (word, number) = self.reader.word("the option's code")?;
        let code = whole_number(&word).and_then(|code| u8::try_from(code).ok());
        let code = code.filter(|code| (1..=254).contains(code));
        let code = code.ok_or_else(|| number.refused(Reason::Expected("a code from 1 to 254")))?;
        self.reader.needs('=', "`=`")?;
        let begin = self.reader.peek().clone();
        let format = self.format()?;
        if OptionType::of_format(&format).is_none() {
            return Err(begin.refused(Reason::Unknown("type")));
        }
        let definition = Definition { name: name.to_owned(), code, format };
        let differs = |other: &&Definition| **other != definition;
        let others = self.own.get(name).or_else(|| self.known.get(name));
        if let Some(other) = others.filter(differs) {
            return Err(token.refused(Reason::Defined { code: other.code }));
        }
        // A standard option may be given another type, and no other code.
        if let Some(other) = standard(name).filter(|other| other.code != code) {
            return Err(token.refused(Reason::Defined { code: other.code }));
        }
        self.own.insert(name.to_owned(), definition);
        Ok(())
    }

    /// A type, as format codes.
    fn format(&mut self) -> Result<String, SnippetError> {
        let array = self.array()?;
        let mut format = String::new();
        if self.reader.takes('{') {
            loop {
                let last_is_array = self.array()?;
                format.push(self.atom()?);
                if last_is_array {
                    format.push('a');
                }
                if format.len() > FIELDS_MAX {
                    return Err(self.too_much("values in a record", FIELDS_MAX));
                }
                if !self.reader.takes(',') {
                    break;
                }
            }
            self.reader.needs('}', "`}`")?;
        } else {
            format.push(self.atom()?);
        }
        if array {
            format.push('A');
        }
        Ok(format)
    }

    /// Whether `array of` stands here.
    fn array(&mut self) -> Result<bool, SnippetError> {
        if !self.reader.takes_word("array") {
            return Ok(false);
        }
        if self.reader.takes_word("of") {
            return Ok(true);
        }
        Err(self.reader.peek().refused(Reason::Expected("`of`")))
    }

    fn atom(&mut self) -> Result<char, SnippetError> {
        let (word, token) = self.reader.word("a type")?;
        match word.as_str() {
            "ip-address" => Ok('I'),
            "text" => Ok('t'),
            "string" => Ok('X'),
            "boolean" => Ok('f'),
            "domain-name" => Ok('d'),
            "domain-list" => {
                // Clients read names without compression as well.
                self.reader.takes_word("compressed");
                Ok('D')
            }
            "integer" => self.integer(true),
            "signed" | "unsigned" => {
                if !self.reader.takes_word("integer") {
                    return Err(self.reader.peek().refused(Reason::Expected("`integer`")));
                }
                self.integer(word == "signed")
            }
            "encapsulate" => {
                let instead = "there are no option spaces: define it as `string`, and write bytes";
                Err(token.refused(Reason::Unsupported { instead }))
            }
            "ip6-address" => {
                let instead = "these are options of DHCPv4: define it as `string`, and write bytes";
                Err(token.refused(Reason::Unsupported { instead }))
            }
            _ => Err(token.refused(Reason::Unknown("type"))),
        }
    }

    fn integer(&mut self, signed: bool) -> Result<char, SnippetError> {
        let (bits, token) = self.reader.word("8, 16 or 32")?;
        match (bits.as_str(), signed) {
            ("8", true) => Ok('b'),
            ("8", false) => Ok('B'),
            ("16", true) => Ok('s'),
            ("16", false) => Ok('S'),
            ("32", true) => Ok('l'),
            ("32", false) => Ok('L'),
            _ => Err(token.refused(Reason::Expected("8, 16 or 32"))),
        }
    }
}
