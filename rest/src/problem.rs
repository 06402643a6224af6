//! Failures as MAAS's REST API shows them: a status and a body of one of three forms.
//!
//! This is the one file that turns a [`Kind`] of failure into a status, and failures of operations, of
//! permissions and of authentication into MAAS's answers. Form errors are JSON objects of lists by field name;
//! everything else is plain text, as MAAS's clients expect.

use api::field_errors::FieldErrors;
use model::access::{Denied, Permission, Role};
use model::error::Kind;
use ops::error::{Duplicate, Refusal};

use crate::auth::caller::AuthenticateError;

/// How long clients are asked to wait before they try again, in seconds.
pub const RETRY_AFTER_SECONDS: u32 = 10;

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

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fields(errors) => Self::fields(errors),
            Refusal::NotFound { model } => Self::not_found(model),
            Refusal::Denied(denied) => denied.into(),
            Refusal::Message { kind, message } => Self::text(kind, message),
            refusal @ Refusal::Tables(_) => of_tables(&refusal),
        }
    }
}

/// What MAAS says of a missing permission where it says anything.
const DENIED_MESSAGES: &[(Permission, &str)] = &[
    (Permission::ManageBootSources, "User is not allowed access to this API."),
    (Permission::ReadBootSources, "User is not allowed access to this API."),
    (Permission::ManageLicenses, "User is not allowed access to this API."),
    (Permission::ReadLicenses, "User is not allowed access to this API."),
    (
        Permission::CreateDynamicRange,
        "Unable to create dynamic IP range. You don't have sufficient privileges.",
    ),
    (Permission::EditRange, "Unable to change an IP range that another user owns."),
    (
        Permission::ListAllAddresses,
        "Listing another user's IP addresses requires admin privileges.",
    ),
    (Permission::ClearDiscoveries, "Must be an administrator to clear discovery entries."),
    (Permission::ReleaseAnyAddress, "Force-releasing an IP address requires admin privileges."),
];

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        let known = DENIED_MESSAGES.iter().find(|(permission, _)| *permission == denied.permission);
        match (denied.role, known) {
            (Role::Anonymous, _) => Self::text(denied.kind(), "Forbidden"),
            (Role::Machine | Role::System, _) => {
                Self::text(denied.kind(), "User is not allowed access to this API.")
            }
            (Role::User | Role::Superuser, Some((_, message))) => {
                Self::text(denied.kind(), *message)
            }
            (Role::User | Role::Superuser, None) => Self::empty(status_of(denied.kind())),
        }
    }
}

/// MAAS's message for a unique index: the field it names, and the text.
const UNIQUE_MESSAGES: &[(&str, &str, &str)] = &[
    ("fabric.name", "name", "Fabric with this Name already exists."),
    ("vlan.vid", "__all__", "VLAN with this Fabric and Vid already exists."),
    ("space.name", "name", "Space with this Name already exists."),
    ("subnet.cidr", "cidr", "Subnet with this Cidr already exists."),
    ("address", "ip_address", "IP address is already in use."),
    ("domain.name", "name", "Domain with this Name already exists."),
    ("dnsresource.name", "name", "DNSResource with this Domain and Name already exists."),
    ("machine.hostname", "hostname", "Node with this Hostname already exists."),
    (
        "staticroute.route",
        "__all__",
        "Static route with this Source, Destination and Gateway IP already exists.",
    ),
    ("zone.name", "name", "Physical zone with this Name already exists."),
    ("pool.name", "name", "Resource pool with this Name already exists."),
    ("bootsource.url", "url", "Boot source with this Url already exists."),
    (
        "bootsourceselection.release",
        "__all__",
        "Boot source selection with this Boot source, Os and Release already exists.",
    ),
    ("notification.ident", "ident", "Notification with this Ident already exists."),
    ("usergroup.name", "name", "User group with this Name already exists."),
    ("user.name", "username", "A user with that username already exists."),
];

/// What a client should do when nobody knows whether its change was made.
const OUTCOME_OPEN: &str = "\nThe change may still be made. Look before you repeat it.";

/// A failure of the tables; one inside is logged here, because nobody else hears of it.
fn of_tables(refusal: &Refusal) -> Problem {
    if let Some(taken) = refusal.duplicate() {
        return duplicate(taken);
    }
    if refusal.kind() == Kind::Internal {
        tracing::error!(error = %refusal, "a request failed inside");
    }
    let hint = if refusal.is_outcome_open() { OUTCOME_OPEN } else { "" };
    Problem::text(refusal.kind(), format!("{refusal}{hint}"))
}

impl From<AuthenticateError> for Problem {
    fn from(error: AuthenticateError) -> Self {
        if let AuthenticateError::Refused(refusal) = error {
            return refusal.into();
        }
        Self::text(Kind::Unauthenticated, error.to_string())
            .with_header("WWW-Authenticate", "OAuth realm=\"OAuth\"")
    }
}

fn duplicate(Duplicate { index, key, holder }: Duplicate<'_>) -> Problem {
    if index == "mac" {
        let holder = holder.rsplit('/').next().unwrap_or_default();
        let mac: Vec<&str> =
            (0..key.len()).step_by(2).filter_map(|at| key.get(at..at + 2)).collect();
        let message = format!("MAC address {} already in use on {holder}.", mac.join(":"));
        return Problem::field("mac_addresses", message);
    }
    match UNIQUE_MESSAGES.iter().find(|(name, _, _)| *name == index) {
        Some((_, field, message)) => Problem::field(*field, *message),
        None => Problem::field("__all__", format!("{index} {key} exists already.")),
    }
}
