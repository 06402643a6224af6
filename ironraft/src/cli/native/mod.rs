//! The operator's commands over the native API, `/api/v1/`: what can be done follows from its table of resources.

pub(crate) mod change;
mod changing;
mod columns;
pub(crate) mod complete;
mod edit;
pub(crate) mod exchange;
pub(crate) mod explained;
pub(crate) mod fields;
pub(crate) mod grammar;
mod history;
mod named;
pub(crate) mod noun;
mod operation;
pub(crate) mod path;
pub(crate) mod plan;
mod power;
pub(crate) mod problem;
pub(crate) mod progress;
pub(crate) mod question;
mod reading;
pub(crate) mod run;
mod selected;
mod trace;
pub(crate) mod values;
mod waiting;
pub(crate) mod watch;
mod why;
