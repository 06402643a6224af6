//! The target *api*: requests at random against a region in memory, by everybody there is. Actions and parameters are
//! those that `describe` is made of, so that what is added is tried without a word here.
//!
//! What must hold: no status above 499 but 503; whoever may not change a thing changes nothing ([`oracle`]); no secret is
//! in an answer or in the log ([`secrets`]).

mod found;
mod log;
mod oracle;
mod requests;
mod roles;
mod secrets;
mod site;
mod stock;
mod values;

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::draws::Draws;
use requests::{Answer, Request};
use roles::Role;
use site::Site;

/// Requests of one case.
const STEPS: usize = 400;
/// After so many of them it is looked up what there is by now.
const SURVEY_STEPS: usize = 200;

thread_local! {
    /// What is asked, to be told when it fails.
    static ASKED: RefCell<Option<Request>> = const { RefCell::new(None) };
}

/// A case: a site, and requests to it.
pub(crate) fn run(draws: &mut Draws, written: bool) {
    log::begin();
    // Time passes at once when everything waits for it.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.expect("a runtime needs nothing that could be missing");
    let told = Told;
    runtime.block_on(ask(draws, written));
    drop(told);
}

/// How many answers there were, by who asked and the first digit of the status.
type Counts = BTreeMap<(Role, u16), usize>;

async fn ask(draws: &mut Draws, written: bool) -> Counts {
    let mut site = Site::new().await;
    let mut counts = Counts::new();
    for step in 0..STEPS {
        if step % SURVEY_STEPS == 0 {
            site.survey().await;
        }
        let request = requests::draw(&site.actions, &site.found, draws);
        if written {
            eprintln!("{request:?}");
        }
        ASKED.set(Some(request.clone()));
        let before = site.revision().await;
        let old = site.view().await;
        let answer = site.send(&request).await;
        if written {
            eprintln!("  {} {}", answer.status, answer.text.chars().take(300).collect::<String>());
        }
        check(&site, &request, &answer);
        oracle::check(&site, &request, &answer, &old, before).await;
        oracle::check_sight(&site, &request, &answer, &old).await;
        site.note(&request, &answer);
        *counts.entry((request.role, answer.status / 100)).or_default() += 1;
    }
    ASKED.set(None);
    counts
}

/// What holds for every answer by itself.
fn check(site: &Site, request: &Request, answer: &Answer) {
    // What is away, and what is refused as MAAS refuses what it has no code for.
    let is_fault = answer.status >= 500 && !matches!(answer.status, 501 | 503);
    assert!(!is_fault, "{}: {}", answer.status, answer.text);
    secrets::check(&site.secrets, request, answer);
    log::check(&site.secrets, request);
}

/// Tells what was asked when it failed.
struct Told;

impl Drop for Told {
    fn drop(&mut self) {
        let asked = ASKED.take();
        if let Some(request) = asked.filter(|_| std::thread::panicking()) {
            eprintln!("at {request:#?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_of_everybody_get_somewhere_and_are_refused() {
        let mut counts = Counts::new();
        for case in 0..4 {
            for (key, count) in ask(&mut Draws::of(1, case), false).await {
                *counts.entry(key).or_default() += count;
            }
        }
        for role in Role::ALL {
            let count = |digit| counts.get(&(role, digit)).copied().unwrap_or_default();
            assert!(count(2) > 0 && count(4) > 20, "{counts:?}");
        }
        let done = |role| counts.get(&(role, 2)).copied().unwrap_or_default();
        assert!(done(Role::Superuser) > 50 && done(Role::Owner) > 30, "{counts:?}");
    }
}
