//! Failures as MAAS's REST API shows them: a status and a body of one of three forms.
//!
//! This is the one file that turns a [`Kind`] of failure into a status. Form errors are JSON
//! objects of lists by field name; everything else is plain text, as MAAS's clients expect.

use std::collections::BTreeMap;

use model::error::Kind;

/// How long clients are asked to wait before they try again, in seconds.
pub const RETRY_AFTER_SECONDS: u32 = 10;

/// What was wrong with a request, by field; `__all__` is about the fields together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(BTreeMap<String, Vec<String>>);

impl FieldErrors {
    /// One error of one field.
    pub fn one(field: impl Into<String>, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    /// Adds an error of a field.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.entry(field.into()).or_default().push(message.into());
    }

    /// Whether a field has an error.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// Fails when an error was added.
    ///
    /// # Errors
    /// The errors themselves.
    pub fn finish(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The messages by field.
    #[must_use]
    pub fn by_field(&self) -> &BTreeMap<String, Vec<String>> {
        &self.0
    }
}

/// The body of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    Empty,
    /// Plain text.
    Text(String),
    /// A JSON object of messages by field.
    Fields(FieldErrors),
}

/// A failure as it goes over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// What it says.
    pub body: Body,
    /// Headers besides the content type.
    pub headers: Vec<(&'static str, String)>,
}

impl Problem {
    /// A failure of that kind with a text.
    pub fn text(kind: Kind, message: impl Into<String>) -> Self {
        let mut problem = Self::status(status_of(kind), message);
        if problem.status == 503 {
            problem = problem.with_header("Retry-After", RETRY_AFTER_SECONDS.to_string());
        }
        problem
    }

    /// A failure with a status that MAAS uses for this one case, and a text.
    pub fn status(status: u16, message: impl Into<String>) -> Self {
        Self { status, body: Body::Text(message.into()), headers: Vec::new() }
    }

    /// A failure with a status and no body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, body: Body::Empty, headers: Vec::new() }
    }

    /// Wrong values of fields.
    #[must_use]
    pub fn fields(errors: FieldErrors) -> Self {
        Self { status: status_of(Kind::Invalid), body: Body::Fields(errors), headers: Vec::new() }
    }

    /// A wrong value of one field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::fields(FieldErrors::one(field, message))
    }

    /// An object that does not exist, by MAAS's name for its kind: `Machine`, `VLAN`.
    #[must_use]
    pub fn not_found(model: &str) -> Self {
        Self::text(Kind::NotFound, format!("No {model} matches the given query."))
    }

    /// The same failure with another header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        Self::fields(errors)
    }
}

/// The HTTP status of a kind of failure. An existing identity is a wrong value to MAAS: 400.
#[must_use]
pub fn status_of(kind: Kind) -> u16 {
    match kind {
        Kind::Invalid | Kind::Exists => 400,
        Kind::Unauthenticated => 401,
        Kind::Forbidden => 403,
        Kind::NotFound => 404,
        Kind::Conflict => 409,
        Kind::Exhausted | Kind::Unavailable | Kind::NotLeader => 503,
        Kind::Internal => 500,
    }
}
