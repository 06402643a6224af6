//! What operators say meanwhile, and how full pools are: snippets come and go, addresses that look like a
//! network's ends are left out or not.

use std::collections::BTreeMap;

use dhcp::v4::engine::Engine;
use model::dhcp::parse::parse;
use model::dhcp::snippet::{Scope, ServedSnippet};
use model::id::{DhcpSnippetId, SubnetId};
use model::lease::policy::Policy;

use crate::draws::Draws;

/// What may stand in a snippet.
const TEXTS: [&str; 8] = [
    "default-lease-time 90; max-lease-time 120; min-lease-time 60;",
    "min-lease-time 600; max-lease-time 600;",
    "option routers 10.0.0.9; option domain-name-servers 9.9.9.9, 8.8.8.8;",
    "filename \"other.efi\"; next-server 10.0.0.9;",
    "option tftp-server-name \"boot.example.com\"; option bootfile-name \"x\";",
    "class \"known\" { match if known; max-lease-time 70; option domain-name \"known.example.com\"; }",
    "if exists user-class { max-lease-time 80; } else { option ntp-servers 10.0.0.3; }",
    "option log-servers 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6, 10.0.0.7;",
];
/// How many snippets there are at most.
const SNIPPETS: u32 = 3;

/// What they said last.
#[derive(Debug, Default)]
pub(crate) struct Operators {
    snippets: BTreeMap<DhcpSnippetId, ServedSnippet>,
    leave_out_ends: bool,
    pools: BTreeMap<SubnetId, u32>,
}

impl Operators {
    /// They say something else, or a pool fills up or empties.
    pub(crate) fn act(&mut self, draws: &mut Draws) {
        let number =
            |draws: &mut Draws, below: usize| u32::try_from(draws.below(below)).unwrap_or_default();
        match draws.below(10) {
            0..=5 => {
                let id = DhcpSnippetId(number(draws, 3) + 1);
                let subnet = SubnetId(number(draws, 2) + 1);
                let scope = *draws.pick(&[None, Some(subnet)]);
                let text = *draws.pick(&TEXTS);
                self.snippets.remove(&id);
                if draws.percent(70)
                    && let Some(snippet) = snippet(id, scope, text)
                {
                    self.snippets.insert(id, snippet);
                }
            }
            6 => self.leave_out_ends = !self.leave_out_ends,
            7 => {
                self.pools.insert(SubnetId(1), *draws.pick(&[0, 875, 950, 1_000]));
            }
            _ => self.pools.clear(),
        }
    }

    /// A rack hears of it.
    pub(crate) fn tell(&self, engine: &mut Engine) {
        engine.set_pools(self.pools.clone());
        engine.update(|view| {
            view.set_leaves_out_ends(self.leave_out_ends);
            for id in (1..=SNIPPETS).map(DhcpSnippetId) {
                match self.snippets.get(&id) {
                    Some(snippet) => view.put_snippet(snippet.clone()),
                    None => view.remove_snippet(id),
                }
            }
        });
    }
}

fn snippet(id: DhcpSnippetId, subnet: Option<SubnetId>, text: &str) -> Option<ServedSnippet> {
    let program = parse(text, &[], &Policy::default()).ok()?.program;
    Some(ServedSnippet { id, scope: subnet.map_or(Scope::Global, Scope::Subnet), program })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_a_snippet() {
        for text in TEXTS {
            assert!(snippet(DhcpSnippetId(1), None, text).is_some(), "{text}");
        }
    }
}
