//! A region that decides by the rules of `model`, in memory and at once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use dhcp::leases::commit::{CommitRequest, Outcome};
use dhcp::leases::family::Family;
use model::id::{BlockId, SystemId};
use model::lease::binding::Binding;
use model::lease::block::Block;
use model::lease::commit::{self, Situation};
use model::lease::grant::{self, Applicant};
use model::lease::policy::Policy;
use model::mac::MacAddress;
use model::time::Timestamp;

/// What the region holds of one family.
#[derive(Debug)]
pub struct Region<A = Ipv4Addr> {
    policy: Policy,
    /// Counts its changes.
    pub revision: u64,
    /// Who may use which address.
    pub bindings: BTreeMap<A, Binding>,
    /// From which racks give addresses.
    pub blocks: BTreeMap<BlockId, Block>,
    /// Addresses that are kept for a client; they never change.
    pub reserved: BTreeMap<A, MacAddress>,
    decided: BTreeSet<[u8; 16]>,
}

impl<A> Default for Region<A> {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            revision: 0,
            bindings: BTreeMap::new(),
            blocks: BTreeMap::new(),
            reserved: BTreeMap::new(),
            decided: BTreeSet::new(),
        }
    }
}

impl<A: Family> Region<A> {
    /// Decides a request; one that was decided before is refused, because its answer may be wrong
    /// by now.
    pub fn commit(
        &mut self,
        applicant: &Applicant<'_>,
        request: &CommitRequest<A>,
        now: Timestamp,
    ) -> Outcome {
        if !self.decided.insert(request.request_id) {
            return Outcome::Refused { revision: self.revision, taken: false };
        }
        let ip: IpAddr = request.ip.into();
        let situation = Situation {
            applicant: *applicant,
            binding: self.bindings.get(&request.ip),
            block: self.blocks.values().find(|block| block.first <= ip && ip <= block.last),
            registered: 0,
            reserved: self
                .reserved
                .get(&request.ip)
                .is_some_and(|own| Some(*own) != request.client.mac()),
            now,
        };
        let asked = commit::Request {
            change: request.change,
            vlan: request.vlan,
            subnet: request.subnet,
            ip,
            client: request.client.clone(),
            hardware: request.hardware,
            prefix_length: request.prefix_length,
            hostname: request.hostname.clone(),
            told_ms: request.told_ms,
            block: request.block,
        };
        let decided = commit::decide(&self.policy, &situation, &asked);
        self.revision += 1;
        let revision = self.revision;
        match decided {
            Ok(binding) => {
                let told_ms = binding.told_until.since_ms(now);
                self.bindings.insert(request.ip, binding);
                Outcome::Committed { revision, told_ms }
            }
            Err(refusal) => Outcome::refused(revision, &refusal),
        }
    }

    /// Grants a process all blocks that it may have.
    pub fn grant(&mut self, rack: &SystemId, incarnation: u64, now: Timestamp) {
        let applicant = Applicant { rack, incarnation };
        for block in self.blocks.values_mut() {
            if let Some(granted) = grant::grant(&self.policy, block, &applicant, now) {
                self.revision += 1;
                *block = granted;
            }
        }
    }
}
