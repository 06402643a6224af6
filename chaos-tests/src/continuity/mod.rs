//! Continuity: what clients of a site notice while its nodes fail.
//!
//! A site of real processes ([`site`]) serves thousands of simulated clients of both families on one link ([`fleet`]), which
//! live as clients do: they ask, renew, rebind, leave without a word, and resolve each other's names. Meanwhile
//! faults are done to it, one after the other ([`fault`]). All that clients were told is a [`history`], which is judged by what
//! must never be ([`check`]), and how long each kind of client was without an answer is told by [`report`].

pub mod catalog;
pub mod check;
pub mod fault;
pub mod fleet;
pub mod goal;
pub mod history;
pub mod kind;
pub mod phase;
pub mod plan;
pub mod report;
pub mod run;
pub mod site;
