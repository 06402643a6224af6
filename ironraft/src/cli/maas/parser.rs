//! What a command takes, how it says so, and how arguments are read: as Python's argparse does it, because that is
//! what people who know MAAS's command are used to.

use crate::cli::maas::layout::{self, Entry, Section};

/// A level of the command line.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    /// The words before it: `maas admin machines`.
    pub(crate) program: String,
    /// What it is.
    pub(crate) description: String,
    /// What stands below everything else in its help.
    pub(crate) epilog: String,
    /// What begins with `-`.
    pub(crate) options: Vec<Opt>,
    /// What does not.
    pub(crate) positionals: Vec<Positional>,
    /// The commands below it, with what they do.
    pub(crate) commands: Vec<(String, String)>,
    /// Whether it has commands below it.
    pub(crate) drills_down: bool,
}

/// An option.
#[derive(Debug, Clone)]
pub(crate) struct Opt {
    /// How it is written; usage shows the first.
    pub(crate) flags: Vec<&'static str>,
    /// What stands for its value, if it has one.
    pub(crate) value: Option<&'static str>,
    /// What it does; nothing for one that is not shown.
    pub(crate) help: &'static str,
}

impl Opt {
    /// An option without a value.
    pub(crate) fn flag(flags: &[&'static str], help: &'static str) -> Self {
        Self { flags: flags.to_vec(), value: None, help }
    }

    /// The name by which its value is found: the long one.
    fn name(&self) -> &'static str {
        let long = self.flags.iter().find(|flag| flag.starts_with("--"));
        long.copied().unwrap_or_default()
    }

    fn invocation(&self) -> String {
        let with_value = |flag: &&str| match self.value {
            Some(value) => format!("{flag} {value}"),
            None => (*flag).to_owned(),
        };
        self.flags.iter().map(with_value).collect::<Vec<_>>().join(", ")
    }
}

/// A positional argument.
#[derive(Debug, Clone)]
pub(crate) struct Positional {
    /// Its name.
    pub(crate) name: String,
    /// How often it is given.
    pub(crate) count: Count,
    /// What it is.
    pub(crate) help: &'static str,
}

/// How often a positional argument is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    /// Once.
    One,
    /// Once or not.
    Optional,
    /// Any number of times.
    Any,
}

/// What was given.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Given {
    /// The options by their long names, with their values.
    pub(crate) options: Vec<(&'static str, String)>,
    /// The positional arguments in order.
    pub(crate) positionals: Vec<String>,
}

impl Given {
    /// Whether an option was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(known, _)| *known == name)
    }

    /// The value of an option.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// Why arguments are not read to their end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// Help was asked for.
    Help,
    /// This level refuses them.
    Wrong(String),
    /// Some are nobody's; the whole command says so.
    Unrecognized(Vec<String>),
}

impl Parser {
    /// One with an option for help.
    pub(crate) fn new(program: impl Into<String>, description: &str) -> Self {
        Self {
            program: program.into(),
            description: description.to_owned(),
            options: vec![Opt::flag(&["-h", "--help"], "show this help message and exit")],
            ..Self::default()
        }
    }

    /// With a positional argument.
    pub(crate) fn with(mut self, name: &str, count: Count, help: &'static str) -> Self {
        self.positionals.push(Positional { name: name.to_owned(), count, help });
        self
    }

    /// The line that says what it takes.
    pub(crate) fn usage(&self) -> String {
        let shown = self.options.iter().filter(|option| !option.help.is_empty());
        let options = shown.map(|option| match option.value {
            Some(value) => format!("[{} {value}]", option.flags[0]),
            None => format!("[{}]", option.flags[0]),
        });
        let mut positionals: Vec<String> = self
            .positionals
            .iter()
            .map(|positional| match positional.count {
                Count::One => positional.name.clone(),
                Count::Optional => format!("[{}]", positional.name),
                Count::Any => format!("[{} ...]", positional.name),
            })
            .collect();
        if self.drills_down {
            positionals.extend(["COMMAND".to_owned(), "...".to_owned()]);
        }
        layout::usage(&self.program, &options.collect::<Vec<_>>(), &positionals)
    }

    /// Its help.
    pub(crate) fn help(&self) -> String {
        let positionals = self.positionals.iter().map(|it| Entry::new(it.name.clone(), it.help));
        let shown = self.options.iter().filter(|option| !option.help.is_empty());
        let options = shown.map(|it| Entry::new(it.invocation(), it.help));
        let mut sections = vec![
            Section::new("positional arguments", positionals.collect()),
            Section::new("options", options.collect()),
        ];
        if self.drills_down {
            let mut top = Entry::new("COMMAND".to_owned(), "");
            let below = self.commands.iter().map(|(name, help)| Entry::new(name.clone(), help));
            top.below = below.collect();
            sections.push(Section::new("drill down", vec![top]));
        }
        layout::help(&self.usage(), &self.description, &sections, &self.epilog)
    }

    /// Reads all arguments of a command that has none below it.
    ///
    /// # Errors
    /// See [`Unread`].
    pub(crate) fn read(&self, arguments: &[String]) -> Result<Given, Unread> {
        let mut given = Given::default();
        let mut unrecognized = Vec::new();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if argument == "--" {
                given.positionals.extend(rest.by_ref().cloned());
            } else if !is_option(argument) {
                given.positionals.push(argument.clone());
            } else {
                match self.options_of(argument, &mut rest)? {
                    Some(options) => given.options.extend(options),
                    None => unrecognized.push(argument.clone()),
                }
                if given.has("--help") {
                    return Err(Unread::Help);
                }
            }
        }
        let needed = self.positionals.iter().filter(|it| it.count == Count::One);
        let missing: Vec<&str> =
            needed.skip(given.positionals.len()).map(|it| it.name.as_str()).collect();
        if !missing.is_empty() {
            let message = "the following arguments are required:";
            return Err(Unread::Wrong(format!("{message} {}", missing.join(", "))));
        }
        if !self.positionals.iter().any(|it| it.count == Count::Any) {
            let surplus = self.positionals.len().min(given.positionals.len());
            unrecognized.splice(0..0, given.positionals.split_off(surplus));
        }
        if unrecognized.is_empty() { Ok(given) } else { Err(Unread::Unrecognized(unrecognized)) }
    }

    /// The command that is meant, after options of this level.
    ///
    /// # Errors
    /// See [`Unread`].
    pub(crate) fn drill_down<'a>(
        &self,
        arguments: &'a [String],
    ) -> Result<(&'a str, &'a [String]), Unread> {
        let mut unrecognized = Vec::new();
        for (number, argument) in arguments.iter().enumerate() {
            if !is_option(argument) {
                let is_known = self.commands.iter().any(|(name, _)| name == argument);
                let rest = &arguments[number + 1..];
                return if is_known { Ok((argument, rest)) } else { Err(self.no_choice(argument)) };
            }
            match self.options_of(argument, &mut [].iter())? {
                Some(options) if options.iter().any(|(name, _)| *name == "--help") => {
                    return Err(Unread::Help);
                }
                Some(_) => {}
                None => unrecognized.push(argument.clone()),
            }
        }
        if unrecognized.is_empty() {
            return Err(Unread::Wrong("too few arguments".to_owned()));
        }
        Err(Unread::Unrecognized(unrecognized))
    }

    fn no_choice(&self, argument: &str) -> Unread {
        let choices: Vec<String> =
            self.commands.iter().map(|(name, _)| format!("'{name}'")).collect();
        Unread::Wrong(format!(
            "argument COMMAND: invalid choice: '{argument}' (choose from {})",
            choices.join(", ")
        ))
    }

    /// The options that an argument stands for; none when it is not known.
    fn options_of(
        &self,
        argument: &str,
        rest: &mut std::slice::Iter<'_, String>,
    ) -> Result<Option<Vec<(&'static str, String)>>, Unread> {
        if argument.starts_with("--") {
            return self.long(argument, rest).map(|found| found.map(|option| vec![option]));
        }
        let mut options = Vec::new();
        for letter in argument.chars().skip(1) {
            let flag = format!("-{letter}");
            let found = self.options.iter().find(|option| option.flags.contains(&flag.as_str()));
            let Some(option) = found else { return Ok(None) };
            options.push((option.name(), String::new()));
        }
        Ok(Some(options))
    }

    fn long(
        &self,
        argument: &str,
        rest: &mut std::slice::Iter<'_, String>,
    ) -> Result<Option<(&'static str, String)>, Unread> {
        let (flag, value) = match argument.split_once('=') {
            Some((flag, value)) => (flag, Some(value.to_owned())),
            None => (argument, None),
        };
        let exact = self.options.iter().filter(|option| option.name() == flag);
        let begun = self.options.iter().filter(|option| option.name().starts_with(flag));
        let mut found: Vec<&Opt> = exact.collect();
        if found.is_empty() {
            found = begun.collect();
        }
        let [option] = found.as_slice() else {
            if found.is_empty() {
                return Ok(None);
            }
            let matches: Vec<&str> = found.iter().map(|option| option.name()).collect();
            let matches = matches.join(", ");
            return Err(Unread::Wrong(format!("ambiguous option: {flag} could match {matches}")));
        };
        let flags = option.flags.join("/");
        match (option.value, value) {
            (None, Some(value)) => {
                let message = format!("argument {flags}: ignored explicit argument '{value}'");
                Err(Unread::Wrong(message))
            }
            (None, None) => Ok(Some((option.name(), String::new()))),
            (Some(_), Some(value)) => Ok(Some((option.name(), value))),
            (Some(_), None) => match rest.next() {
                Some(value) => Ok(Some((option.name(), value.clone()))),
                None => Err(Unread::Wrong(format!("argument {flags}: expected one argument"))),
            },
        }
    }
}

/// Whether an argument is an option. A negative number is none, and `-` alone is neither.
fn is_option(argument: &str) -> bool {
    argument.len() > 1 && argument.starts_with('-') && argument.parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parser() -> Parser {
        let mut parser = Parser::new("maas admin machine deploy", "Deploy a machine")
            .with("system_id", Count::One, "")
            .with("data", Count::Any, "");
        parser.options.push(Opt::flag(&["-d", "--debug"], "say more"));
        parser.options.push(Opt::flag(&["-k", "--insecure"], "trust everybody"));
        parser
    }

    fn read(arguments: &str) -> Result<Given, Unread> {
        let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
        parser().read(&arguments)
    }

    #[test]
    fn options_stand_anywhere_together_and_shortened() {
        let given = read("-dk abc to=-1 --ins x=1").unwrap();
        assert!(given.has("--debug") && given.has("--insecure"));
        assert_eq!(given.positionals, ["abc", "to=-1", "x=1"]);
        assert_eq!(read("abc -- -x").unwrap().positionals, ["abc", "-x"]);
        assert_eq!(read("abc -1").unwrap().positionals, ["abc", "-1"]);
        assert_eq!(read("abc -h --nonsense"), Err(Unread::Help));
    }

    #[test]
    fn what_is_wrong_is_said_as_argparse_says_it() {
        let required = "the following arguments are required: system_id";
        assert_eq!(read(""), Err(Unread::Wrong(required.to_owned())));
        assert_eq!(read("a --nope"), Err(Unread::Unrecognized(vec!["--nope".to_owned()])));
        let mut level = Parser::new("maas", "");
        level.commands =
            vec![("list".to_owned(), String::new()), ("login".to_owned(), String::new())];
        level.drills_down = true;
        let choice = "argument COMMAND: invalid choice: 'x' (choose from 'list', 'login')";
        let drill = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            level.drill_down(&words).map(|(name, _)| name.to_owned())
        };
        assert_eq!(drill(&["x"]), Err(Unread::Wrong(choice.to_owned())));
        assert_eq!(drill(&[]), Err(Unread::Wrong("too few arguments".to_owned())));
        assert_eq!(drill(&["login", "-h"]), Ok("login".to_owned()));
    }
}
