//! Reads a snippet: the part of ISC's `dhcpd.conf` that says what clients are told.
//!
//! Everything else of that file is refused by name. Whatever the text is, reading it ends, takes memory
//! in proportion to it, and does not nest deeper than [`DEPTH_MAX`].

mod condition;
mod definition;
mod lease_times;
mod unsupported;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::dhcp::condition::Condition;
use crate::dhcp::error::{Reason, SnippetError};
use crate::dhcp::option::{
    CLASSLESS_ROUTES, CLASSLESS_ROUTES_WINDOWS, Definition, OptionType, owned, standard, unfit,
};
use crate::dhcp::parse::lease_times::LeaseTimes;
use crate::dhcp::program::{Class, LeaseBound, Program, Statement};
use crate::dhcp::token::{Kind, Reader, Token};
use crate::dhcp::{routes, value};
use crate::lease::policy::Policy;

/// How deep blocks and conditions nest.
pub const DEPTH_MAX: usize = 8;
/// How many statements a snippet has.
pub const STATEMENTS_MAX: usize = 256;
/// How many terms the conditions of a snippet have.
pub const TERMS_MAX: usize = 256;
/// How many classes a snippet has.
pub const CLASSES_MAX: usize = 64;
/// How long the name of a boot file may be, in bytes.
pub const BOOT_FILE_BYTES_MAX: usize = 255;

/// A snippet that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed {
    /// What it says.
    pub program: Program,
    /// The options that it defines.
    pub defined: Vec<Definition>,
    /// The definitions of others that it uses.
    pub used: Vec<Definition>,
}

/// Reads a snippet. `known` are the options that others define; lease times have to keep to the policy.
///
/// # Errors
/// [`SnippetError`] at the first word that cannot be taken.
pub fn parse(text: &str, known: &[Definition], policy: &Policy) -> Result<Parsed, SnippetError> {
    let mut parser = Parser::new(text, known, policy)?;
    let mut program = Program::default();
    while parser.reader.peek().kind != Kind::End {
        if parser.reader.takes_word("class") {
            program.classes.push(parser.class()?);
            if program.classes.len() > CLASSES_MAX {
                return Err(parser.too_much("classes", CLASSES_MAX));
            }
        } else {
            program.statements.extend(parser.statement(0)?);
        }
    }
    parser.lease_times.agree()?;
    let Parser { own, used, .. } = parser;
    Ok(Parsed { program, defined: own.into_values().collect(), used: used.into_values().collect() })
}

#[derive(Debug)]
struct Parser {
    reader: Reader,
    known: BTreeMap<String, Definition>,
    own: BTreeMap<String, Definition>,
    used: BTreeMap<String, Definition>,
    lease_min_s: u32,
    lease_max_s: u32,
    /// The lease times of the block that is read.
    lease_times: LeaseTimes,
    statements: usize,
    terms: usize,
}

impl Parser {
    fn new(text: &str, known: &[Definition], policy: &Policy) -> Result<Self, SnippetError> {
        let (lease_min_s, lease_max_s) = policy.lease_bounds_s();
        let named = |definition: &Definition| (definition.name.clone(), definition.clone());
        Ok(Self {
            reader: Reader::of(text)?,
            known: known.iter().map(named).collect(),
            own: BTreeMap::new(),
            used: BTreeMap::new(),
            lease_min_s,
            lease_max_s,
            lease_times: LeaseTimes::default(),
            statements: 0,
            terms: 0,
        })
    }

    fn too_much(&self, what: &'static str, max: usize) -> SnippetError {
        self.reader.peek().refused(Reason::TooMuch { what, max })
    }

    /// `{ … }`.
    fn block(&mut self, depth: usize) -> Result<Vec<Statement>, SnippetError> {
        self.reader.needs('{', "`{`")?;
        if depth >= DEPTH_MAX {
            return Err(self.too_much("levels of braces", DEPTH_MAX));
        }
        let mut statements = Vec::new();
        let outside = self.lease_times.enter();
        while !self.reader.takes('}') {
            if self.reader.peek().kind == Kind::End {
                return Err(self.reader.peek().refused(Reason::Expected("`}`")));
            }
            statements.extend(self.statement(depth + 1)?);
        }
        std::mem::replace(&mut self.lease_times, outside).agree()?;
        Ok(statements)
    }

    /// One statement; none when it is empty or only defines something.
    fn statement(&mut self, depth: usize) -> Result<Option<Statement>, SnippetError> {
        if self.reader.takes(';') {
            return Ok(None);
        }
        self.statements += 1;
        if self.statements > STATEMENTS_MAX {
            return Err(self.too_much("statements", STATEMENTS_MAX));
        }
        let (word, token) = self.reader.word("a statement")?;
        let statement = match word.as_str() {
            "if" => return self.conditional(depth).map(Some),
            "option" => self.option()?,
            "default-lease-time" => Some(self.lease_time(LeaseBound::Default)?),
            "max-lease-time" => Some(self.lease_time(LeaseBound::Max)?),
            "min-lease-time" => Some(self.lease_time(LeaseBound::Min)?),
            "next-server" => Some(Statement::NextServer(self.address()?)),
            "filename" => Some(Statement::BootFile(self.boot_file()?)),
            _ => {
                let instead = unsupported::statement(&word);
                let unknown = Reason::Unknown("statement");
                return Err(token
                    .refused(instead.map_or(unknown, |instead| Reason::Unsupported { instead })));
            }
        };
        self.reader.needs(';', "`;`")?;
        Ok(statement)
    }

    /// What follows `if`.
    fn conditional(&mut self, depth: usize) -> Result<Statement, SnippetError> {
        let mut branches = vec![(self.condition(0)?, self.block(depth)?)];
        loop {
            if self.reader.takes_word("elsif") {
                branches.push((self.condition(0)?, self.block(depth)?));
            } else if self.reader.takes_word("else") {
                if self.reader.takes_word("if") {
                    branches.push((self.condition(0)?, self.block(depth)?));
                } else {
                    let otherwise = self.block(depth)?;
                    return Ok(Statement::If { branches, otherwise });
                }
            } else {
                return Ok(Statement::If { branches, otherwise: Vec::new() });
            }
        }
    }

    /// What follows `class`.
    fn class(&mut self) -> Result<Class, SnippetError> {
        let token = self.reader.take();
        let named = |token: &Token| token.refused(Reason::Expected("the class's name in quotes"));
        let Kind::Text(name) = &token.kind else { return Err(named(&token)) };
        let name = String::from_utf8(name.clone()).map_err(|_| named(&token))?;
        self.reader.needs('{', "`{`")?;
        let mut condition: Option<Condition> = None;
        let mut statements = Vec::new();
        let outside = self.lease_times.enter();
        while !self.reader.takes('}') {
            if self.reader.takes_word("match") {
                if !self.reader.takes_word("if") {
                    let instead = "there are no subclasses: write `match if …`";
                    return Err(self.reader.peek().refused(Reason::Unsupported { instead }));
                }
                let more = self.condition(0)?;
                self.reader.needs(';', "`;`")?;
                if condition.replace(more).is_some() {
                    let one = Reason::Expected("one `match if …;` and not two");
                    return Err(token.refused(one));
                }
            } else if self.reader.peek().kind == Kind::End {
                return Err(self.reader.peek().refused(Reason::Expected("`}`")));
            } else {
                statements.extend(self.statement(1)?);
            }
        }
        std::mem::replace(&mut self.lease_times, outside).agree()?;
        let without = || token.refused(Reason::Expected("a class with `match if …;`"));
        Ok(Class { name, condition: condition.ok_or_else(without)?, statements })
    }

    /// What follows `option`: a definition, or a value.
    fn option(&mut self) -> Result<Option<Statement>, SnippetError> {
        let (name, token) = self.option_name()?;
        if self.reader.takes_word("code") {
            self.definition(&name, &token)?;
            return Ok(None);
        }
        let Definition { code, format, .. } = self.named(&name, &token)?;
        if let Some(instead) = owned(code) {
            return Err(token.refused(Reason::Owned { instead }));
        }
        if self.reader.peek().kind == Kind::Mark('=') {
            let instead = "values are not computed: write the value without `=`";
            return Err(self.reader.peek().refused(Reason::Unsupported { instead }));
        }
        let kind = OptionType::of_format(&format);
        let kind = kind.ok_or_else(|| token.refused(Reason::Unknown("type")))?;
        let begin = self.reader.peek().clone();
        let value = value::read(&mut self.reader, &kind)?;
        if let Some(form) = unfit(code, &value) {
            return Err(begin.refused(Reason::Value(form)));
        }
        let is_routes = matches!(code, CLASSLESS_ROUTES | CLASSLESS_ROUTES_WINDOWS);
        if is_routes && routes::decode(&value).is_none() {
            let form = "prefix length, significant bytes and router of each route (RFC 3442)";
            return Err(token.refused(Reason::Value(form.to_owned())));
        }
        Ok(Some(Statement::Option { code, value }))
    }

    fn option_name(&mut self) -> Result<(String, Token), SnippetError> {
        let (name, token) = self.reader.word("an option's name")?;
        if name == "space" || name.contains('.') {
            let instead = "there are no option spaces: write the bytes of the whole option, as in \
                           `option vendor-encapsulated-options 06:01:08`";
            return Err(token.refused(Reason::Unsupported { instead }));
        }
        Ok((name, token))
    }

    /// The option that a name means.
    fn named(&mut self, name: &str, token: &Token) -> Result<Definition, SnippetError> {
        if let Some(own) = self.own.get(name) {
            return Ok(own.clone());
        }
        if let Some(known) = self.known.get(name) {
            self.used.insert(name.to_owned(), known.clone());
            return Ok(known.clone());
        }
        standard(name).ok_or_else(|| token.refused(Reason::Unknown("option")))
    }

    fn lease_time(&mut self, bound: LeaseBound) -> Result<Statement, SnippetError> {
        let token = self.reader.take();
        let (min, max) = (self.lease_min_s, self.lease_max_s);
        let seconds = match &token.kind {
            Kind::Word(word) => value::whole_number(word),
            Kind::Text(_) | Kind::Mark(_) | Kind::End => None,
        };
        let seconds = seconds.and_then(|seconds| u32::try_from(seconds).ok());
        let seconds = seconds.filter(|seconds| (min..=max).contains(seconds));
        let refused = || token.refused(Reason::LeaseTime { min, max });
        let seconds = seconds.ok_or_else(refused)?;
        self.lease_times.set(bound, seconds, token);
        Ok(Statement::LeaseTime { bound, seconds })
    }

    fn address(&mut self) -> Result<Ipv4Addr, SnippetError> {
        let token = self.reader.take();
        let ip = match &token.kind {
            Kind::Word(word) => word.parse().ok(),
            Kind::Text(_) | Kind::Mark(_) | Kind::End => None,
        };
        ip.ok_or_else(|| token.refused(Reason::Value("an IPv4 address".to_owned())))
    }

    fn boot_file(&mut self) -> Result<String, SnippetError> {
        let token = self.reader.take();
        let form = format!("text in quotes, of at most {BOOT_FILE_BYTES_MAX} bytes");
        let file = match &token.kind {
            Kind::Text(text) => String::from_utf8(text.clone()).ok(),
            Kind::Word(_) | Kind::Mark(_) | Kind::End => None,
        };
        let file = file.filter(|file| {
            let printable = !file.contains(char::is_control);
            (1..=BOOT_FILE_BYTES_MAX).contains(&file.len()) && printable
        });
        file.ok_or_else(|| token.refused(Reason::Value(form)))
    }
}

#[cfg(test)]
mod tests;
