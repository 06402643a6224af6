//! Many at once: as many succeed as there is something for, and nobody is refused for another's sake.

use std::collections::BTreeSet;

use futures::future::join_all;
use model::id::{IpRangeId, SubnetId, SystemId, UserId};
use model::machine::lifecycle::{Lifecycle, Phase};
use model::machine::{Machine, Placement};
use model::net::iprange::{IpRange, Purpose};
use model::net::range::AddressRange;
use model::net::reserved::ReservedAddress;
use model::time::Timestamp;
use model::user::User;
use ops::error::Refusal;
use ops::machine::allocate::{AllocateRequest, allocate};
use ops::network::ipaddresses::{self, Wish};
use ops::network::ipranges::{self, RangeChange};
use tables::read::Reads;
use tables::update::{Cause, Tables};

use crate::leases::site::Site;

fn user() -> User {
    User {
        id: UserId(1),
        username: "admin".to_owned(),
        email: String::new(),
        is_superuser: true,
        password_hash: None,
        last_login: None,
        created: Timestamp::default(),
    }
}

fn ready(number: u64) -> Machine {
    Machine {
        system_id: SystemId::from_number(number),
        hostname: format!("m{number}"),
        description: String::new(),
        placement: Placement::default(),
        lifecycle: Lifecycle { phase: Phase::Ready, ..Lifecycle::default() },
        power: Default::default(),
        hardware: Default::default(),
        interfaces: Vec::new(),
        block_devices: Vec::new(),
        deployment: None,
        created: Timestamp::default(),
        updated: Timestamp::default(),
    }
}
