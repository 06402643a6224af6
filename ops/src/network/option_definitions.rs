//! Options that snippets define for each other: a snippet for all clients defines them, every other one
//! may use them.
//!
//! A text must go on saying what it said, and be taken when it is sent again. So nothing is changed that
//! another snippet would be read otherwise for.

use model::dhcp::option::Definition;
use model::dhcp::parse::parse;
use model::dhcp::snippet::{DhcpSnippet, Scope};
use model::error::Kind;
use model::id::DhcpSnippetId;
use model::lease::policy::Policy;

use crate::error::Refusal;
use tables::options::{GLOBAL, GLOBAL_SNIPPETS};
use tables::read::Reads;
use tables::tx::Tx;

/// How many snippets a refusal names.
const NAMED_MAX: usize = 5;

/// The definitions of others that a text uses.
///
/// # Errors
/// [`Refusal::Fields`] when it cannot be read.
pub(crate) fn used(tx: &Tx, own: DhcpSnippetId, text: &str) -> Result<Vec<Definition>, Refusal> {
    let mut known = Vec::new();
    for other in tx.list_by(&GLOBAL_SNIPPETS, &GLOBAL)? {
        if other.id != own {
            known.extend(defined(&other));
        }
    }
    let parsed = parse(text, &known, &Policy::default());
    Ok(parsed.map_err(|error| Refusal::field("value", error.to_string()))?.used)
}

/// Whether all other snippets mean the same with `after` in place of `before`, in a transaction that
/// guards the snippets.
///
/// # Errors
/// 409 that names those that would not.
pub(crate) fn keep_others(
    tx: &Tx,
    before: Option<&DhcpSnippet>,
    after: Option<&DhcpSnippet>,
) -> Result<(), Refusal> {
    let of = |snippet: Option<&DhcpSnippet>| snippet.map(defined).unwrap_or_default();
    let (was, will) = (of(before), of(after));
    if was == will {
        return Ok(());
    }
    let changed = before.or(after).map(|snippet| snippet.id);
    let all: Vec<DhcpSnippet> = tx.list()?;
    let others = || all.iter().filter(|other| Some(other.id) != changed);
    let known: Vec<(DhcpSnippetId, Vec<Definition>)> =
        others().map(|other| (other.id, defined(other))).collect();
    let policy = Policy::default();
    let mut differing = Vec::new();
    for other in others() {
        let of_third = known.iter().filter(|(id, _)| *id != other.id).flat_map(|(_, it)| it);
        let of_third: Vec<Definition> = of_third.cloned().collect();
        let with = |own: &[Definition]| [of_third.as_slice(), own].concat();
        let Ok(now) = parse(other.value(), &with(&was), &policy) else { continue };
        match parse(other.value(), &with(&will), &policy) {
            Ok(then) if then.used == now.used => {}
            Ok(_) => differing.push(format!("{} would mean another option", other.name)),
            Err(error) => differing.push(format!("{} ({error})", other.name)),
        }
    }
    if differing.is_empty() {
        return Ok(());
    }
    let more = differing.len().saturating_sub(NAMED_MAX);
    differing.truncate(NAMED_MAX);
    if more > 0 {
        differing.push(format!("{more} more"));
    }
    let message = format!(
        "Other DHCP snippets rest on the options that this one defines. Change them first: {}.",
        differing.join(", ")
    );
    Err(Refusal::with_message(Kind::Conflict, message))
}

/// What a snippet defines for others: nothing unless it is for all clients, and switched on.
fn defined(snippet: &DhcpSnippet) -> Vec<Definition> {
    if !snippet.enabled || snippet.scope != Scope::Global {
        return Vec::new();
    }
    // One that a newer version wrote may not be understood, and then defines nothing here.
    let parsed = parse(snippet.value(), &snippet.uses, &Policy::default());
    parsed.map(|parsed| parsed.defined).unwrap_or_default()
}
