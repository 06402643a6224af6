//! What is set of a bond: several physical interfaces that act as one.

use serde::{Deserialize, Serialize};

worded! {
    /// How packets are spread over the interfaces of a bond.
    BondMode {
        BalanceRr = "balance-rr", "By turns.";
        ActiveBackup = "active-backup", "All over one, until it fails.";
        BalanceXor = "balance-xor", "By a hash of the addresses.";
        Broadcast = "broadcast", "Everything over all.";
        Lacp = "802.3ad", "By a hash, as agreed upon with the switch (LACP).";
        BalanceTlb = "balance-tlb", "What is sent, by load.";
        BalanceAlb = "balance-alb", "What is sent and received, by load.";
    }
}

worded! {
    /// How often the switch shall send its side of LACP.
    LacpRate {
        Fast = "fast", "Each second.";
        Slow = "slow", "Each 30 seconds.";
    }
}

worded! {
    /// What is hashed to choose an interface.
    HashPolicy {
        Layer2 = "layer2", "Hardware addresses.";
        Layer23 = "layer2+3", "Hardware addresses and addresses.";
        Layer34 = "layer3+4", "Addresses and ports.";
        Encap23 = "encap2+3", "As `layer2+3`, of what is inside of tunnels.";
        Encap34 = "encap3+4", "As `layer3+4`, of what is inside of tunnels.";
    }
}

/// What is set of a bond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bond {
    /// How packets are spread.
    pub mode: BondMode,
    /// How often links are looked at, in milliseconds; 0 is never.
    pub miimon_ms: u32,
    /// How long a link must be down before it is not used any more, in milliseconds.
    pub down_delay_ms: u32,
    /// How long a link must be up before it is used again, in milliseconds.
    pub up_delay_ms: u32,
    /// How often neighbours are told of a failover.
    pub peer_notifications: u8,
    /// How often the switch shall send its side of LACP.
    pub lacp_rate: LacpRate,
    /// What is hashed to choose an interface.
    pub hash_policy: HashPolicy,
}

impl Default for Bond {
    fn default() -> Self {
        Self {
            mode: BondMode::default(),
            miimon_ms: 100,
            down_delay_ms: 0,
            up_delay_ms: 0,
            peer_notifications: 1,
            lacp_rate: LacpRate::default(),
            hash_policy: HashPolicy::default(),
        }
    }
}
