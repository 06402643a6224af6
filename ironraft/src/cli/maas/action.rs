//! `maas PROFILE HANDLER ACTION …`: one request, and its answer.

use api::describe::Description;
use client::{Answer, Body, Client, Exchange};
use http::Method;

use crate::cli::maas::body::{self, Pair};
use crate::cli::maas::catalogue::{ActionCommand, HandlerCommand};
use crate::cli::maas::end::End;
use crate::cli::maas::parser::{Count, Given, Opt, Parser};
use crate::cli::maas::profiles::{Profile, Profiles};
use crate::cli::maas::{login, printed, upload};

/// The header by which regions say what they describe.
const HASH_HEADER: &str = "x-maas-api-hash";

/// What is said when a description is old and cannot be refreshed.
const OLD: &str = "\
**********************************************************************
*** WARNING! The API on the server differs from the description that
*** is cached locally. This may result in failed API calls. Refresh
*** the local API description with `maas refresh`.
**********************************************************************";

/// What stands before the parameters in the help of a command that has some.
const PAIRS: &str = "\
This method accepts keyword arguments: key=value, as many as needed, behind
the positional arguments. key@=path sends the content of a file.
";

/// What the command of an operation takes.
pub(crate) fn parser(
    program: &str,
    handler: &HandlerCommand<'_>,
    action: &ActionCommand<'_>,
) -> Parser {
    let mut parser = Parser::new(program, &action.doc.title);
    parser.options = vec![
        Opt::flag(&["--help", "-h"], "Show this help message and exit."),
        Opt::flag(&["-d", "--debug"], "Display more information about API responses."),
        Opt::flag(&["-k", "--insecure"], "Disable SSL certificate check"),
    ];
    for param in handler.params {
        parser = parser.with(param, Count::One, "");
    }
    if action.takes_pairs() {
        parser = parser.with("data", Count::Any, "");
    }
    parser.epilog.clone_from(&action.doc.body);
    parser
}

/// The help of an operation's command, which is laid out in its own way.
pub(crate) fn help(parser: &Parser) -> String {
    let mut lines = vec![parser.usage().trim_end().to_owned(), String::new()];
    lines.push(parser.description.clone());
    let params = parser.positionals.iter().filter(|it| it.count == Count::One);
    let params: Vec<String> = params.map(|it| format!("\t{}", it.name)).collect();
    if !params.is_empty() {
        lines.extend([String::new(), String::new(), "Positional arguments:".to_owned()]);
        lines.extend(params);
    }
    let body = parser.epilog.trim_end();
    if !body.is_empty() {
        lines.extend([String::new(), String::new()]);
        if body.contains(":param ") {
            lines.push(PAIRS.to_owned());
        }
        lines.push(body.to_owned());
    }
    lines.extend([String::new(), String::new(), "Common command-line options:".to_owned()]);
    for option in &parser.options {
        lines.push(format!("    {}", option.flags.join(", ")));
        lines.push(format!("\t{}", option.help));
    }
    lines.join("\n") + "\n"
}

/// What is asked of whom.
pub(crate) struct Call<'a> {
    /// The profile's name.
    pub(crate) name: &'a str,
    /// The profile.
    pub(crate) profile: &'a Profile,
    /// The handler.
    pub(crate) handler: &'a HandlerCommand<'a>,
    /// The operation.
    pub(crate) action: &'a ActionCommand<'a>,
    /// The hash of the description that the command was made from.
    pub(crate) description: &'a Description,
}

/// An operation's arguments, read.
#[derive(Debug)]
pub(crate) struct Arguments {
    path: String,
    pub(crate) pairs: Vec<Pair>,
    is_debug: bool,
    is_insecure: bool,
}

impl Call<'_> {
    /// Reads the arguments before anybody is asked.
    ///
    /// # Errors
    /// One is no `key=value`.
    pub(crate) fn arguments(&self, given: &Given) -> Result<Arguments, End> {
        let (values, data) = given.positionals.split_at(self.handler.params.len());
        let mut path = self.handler.path.to_owned();
        for (param, value) in self.handler.params.iter().zip(values) {
            path = path.replace(&format!("{{{param}}}"), &body::in_path(value));
        }
        let pair = |text: &String| {
            // `sshkeys import` takes `lp:user` or `gh:user` as it is.
            if self.is("sshkeys", "import") && !text.contains('=') {
                return Pair::read(&format!("keysource={text}"));
            }
            Pair::read(text)
        };
        let pairs: Result<Vec<Pair>, String> = data.iter().map(pair).collect();
        Ok(Arguments {
            path,
            pairs: pairs.map_err(End::said)?,
            is_debug: given.has("--debug"),
            is_insecure: given.has("--insecure"),
        })
    }

    /// Whether this is the command of these names.
    fn is(&self, handler: &str, action: &str) -> bool {
        self.handler.name == handler && self.action.name == action
    }

    /// Asks, and prints what is answered.
    ///
    /// # Errors
    /// No region answers, or what was answered is a refusal.
    pub(crate) async fn carry_out(&self, arguments: &Arguments) -> Result<(), End> {
        let client = self.profile.client(arguments.is_insecure)?;
        if self.is("boot-resources", "create") {
            return upload::carry_out(self, &client, arguments).await;
        }
        let answer = self.ask(&client, arguments, &arguments.pairs).await?;
        self.look_at_hash(&answer, arguments).await;
        self.conclude(&answer, arguments)
    }

    /// One request with these parameters.
    pub(crate) async fn ask(
        &self,
        client: &Client,
        arguments: &Arguments,
        pairs: &[Pair],
    ) -> Result<Answer, End> {
        let method: Method = self.action.method.parse().unwrap_or(Method::GET);
        let mut query: Vec<(String, String)> = Vec::new();
        query.extend(self.action.op.map(|op| ("op".to_owned(), op.to_owned())));
        let mut body = Body::Nothing;
        if method == Method::GET || method == Method::DELETE {
            query.extend(body::query(pairs)?);
        } else {
            body = body::form(pairs)?;
        }
        let path = arguments.path.clone();
        Ok(client.exchange(&Exchange { method, path, query, headers: Vec::new(), body }).await?)
    }

    /// Prints an answer.
    ///
    /// # Errors
    /// It is a refusal.
    pub(crate) fn conclude(&self, answer: &Answer, arguments: &Arguments) -> Result<(), End> {
        if arguments.is_debug {
            eprint!("{}", printed::summary(answer));
        }
        printed::print(answer);
        if answer.status.is_success() { Ok(()) } else { Err(End::Refused) }
    }

    /// Refreshes the description when the region says that it has another one.
    async fn look_at_hash(&self, answer: &Answer, arguments: &Arguments) {
        let Some(hash) = answer.header(HASH_HEADER) else { return };
        if hash == self.description.hash {
            return;
        }
        let refreshed = async {
            let mut profiles = Profiles::read()?;
            login::refresh_one(&mut profiles, self.name, arguments.is_insecure).await?;
            profiles.write().map_err(End::from)
        };
        if refreshed.await.is_err() {
            eprintln!("{OLD}");
        }
    }
}
