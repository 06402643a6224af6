//! Who may do what. Doors find out who calls, operations ask here, and nothing else decides.
//!
//! Pure: the caller passes what it knows of the object. Where an object belongs to somebody, the
//! operation asks again with the object at hand, in the transaction that changes it.

mod users;

use std::fmt;
use std::sync::Arc;

use crate::entitlement::Entitlements;
use crate::error::Kind;
use crate::id::{ResourcePoolId, SystemId, UserId};
use crate::machine::{Machine, Placement};
use crate::user::User;

/// Who does something; its text is what the history of changes names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody that we know.
    Anonymous,
    /// A user, by one of its API keys or its password, with what its groups give it.
    User(User, Arc<Entitlements>),
    /// The system that was deployed to a machine, by the machine's key.
    Machine(SystemId),
    /// The ephemeral OS on a machine: named by the address it booted from until it is known which
    /// machine that is, then by the machine's id.
    Agent(String),
    /// A rack, by its certificate.
    Rack(SystemId),
    /// A region node, by its certificate: also the operator on its host.
    Region(u64),
    /// A node that is to join, by its token.
    Joining,
    /// The command that makes a cluster, before there is anybody else.
    Setup,
    /// A reconciler of the leader, by its name.
    Reconciler(&'static str),
}

macro_rules! permissions {
    ($($(#[doc = $doc:literal])+ $name:ident),+ $(,)?) => {
        /// What somebody wants to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Permission {
            /// All permissions.
            pub const ALL: &[Self] = &[$(Self::$name),+];
        }
    };
}

permissions! {
    /// Read what is for everybody: the API's description, whether an address is known.
    Discover,
    /// Read what is no network, without secrets: users, images, events, the own things.
    View,
    /// Read networks, zones and tags.
    ReadSite,
    /// Read domains and their names.
    ReadDns,
    /// Read settings and package repositories, without passwords.
    ReadSettings,
    /// Read and change the own API keys and SSH keys.
    ManageOwnKeys,
    /// Keep, read and delete the own files.
    ManageOwnFiles,
    /// Write, change and delete messages to users.
    ManageNotifications,
    /// Read messages to others.
    ReadAllNotifications,
    /// Make, change and delete webhooks, and see what became of their deliveries.
    ManageWebhooks,
    /// Make and delete users, and change groups.
    ManageUsers,
    /// Make, change and delete superusers.
    ManageSuperusers,
    /// Read groups, who is in them and what they give.
    ReadUserGroups,
    /// Read who changed what.
    ReadAudit,
    /// See and cancel the operations on many objects that others asked for.
    ManageOperations,
    /// Change settings.
    ManageSettings,
    /// Change zones and tags, and which machines carry a tag.
    ManageGroups,
    /// Read a resource pool.
    ReadPool,
    /// Change what a resource pool is called.
    EditPool,
    /// Make and delete resource pools.
    ManagePools,
    /// Forget racks.
    ManageControllers,
    /// Change images and the ephemeral OS.
    ManageImages,
    /// Read where images could be imported from, without passwords.
    ReadBootSources,
    /// Change where images could be imported from.
    ManageBootSources,
    /// Read licence keys.
    ReadLicenses,
    /// Change licence keys.
    ManageLicenses,
    /// Change fabrics, VLANs, spaces and subnets.
    ManageNetwork,
    /// Have racks search their links for hosts.
    ScanNetworks,
    /// Forget which hosts racks saw.
    ClearDiscoveries,
    /// Change domains and their names.
    ManageDns,
    /// Make IP ranges that are left alone.
    CreateReservedRange,
    /// Make IP ranges for DHCP.
    CreateDynamicRange,
    /// Change and delete an IP range.
    EditRange,
    /// Reserve addresses, list and give back the own ones.
    ReserveAddress,
    /// List the addresses that others reserved.
    ListAllAddresses,
    /// Give back an address that somebody else reserved.
    ReleaseAnyAddress,
    /// Read a machine.
    ReadMachine,
    /// Read what happened to a machine, whoever has it.
    ReadMachineEvents,
    /// Read a device.
    ReadDevice,
    /// See racks and regions.
    ReadControllers,
    /// Make devices, edit and delete the own ones and those that are nobody's.
    EditDevice,
    /// Present a machine by its addresses: it waits as New until it is accepted.
    EnlistMachine,
    /// Make, edit and delete machines.
    EditMachine,
    /// Read power parameters and credentials of machines.
    ReadMachineSecrets,
    /// Have a machine examined, and put a broken one back into use.
    CommissionMachine,
    /// Get a free machine.
    AllocateMachine,
    /// Deploy, release, switch, annotate.
    OperateMachine,
    /// Lock and unlock.
    LockMachine,
    /// End what a machine does, mark it as broken.
    InterruptMachine,
    /// Have a machine's power state asked for.
    QueryPower,
    /// Read what a deployed system is told, and report its boot.
    BootMachine,
    /// Present a machine that booted the ephemeral OS.
    PresentMachine,
    /// Report on the job of a machine, and get its next one.
    ReportAsAgent,
    /// Report power and boots.
    ServeMachines,
    /// Commit leases of a link, and get blocks of its addresses.
    LeaseAddresses,
    /// Say which certificate a node has.
    ReportCertificate,
    /// Get a new certificate for a node.
    RenewCertificate,
    /// Say which contents of images a node holds.
    HoldImages,
    /// Become a node of the cluster.
    JoinCluster,
    /// Make join tokens, remove regions, replace the certificate authority, see how far that is.
    ManageCluster,
    /// Make the first objects of a cluster.
    InitCluster,
    /// Bring what is observed in line with what is intended.
    Reconcile,
}

/// What it is to be done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object<'a> {
    /// The site as a whole, or an object that belongs to nobody.
    Site,
    /// A machine.
    Machine {
        /// Its id.
        id: &'a SystemId,
        /// Its resource pool.
        pool: ResourcePoolId,
        /// The user it is allocated to.
        owner: Option<UserId>,
        /// Whether it is locked against changes.
        locked: bool,
    },
    /// A resource pool, or a machine that is to be in it.
    Pool {
        /// Its id.
        id: ResourcePoolId,
    },
    /// A device.
    Device {
        /// The user that made it.
        owner: Option<UserId>,
    },
    /// An IP range.
    Range {
        /// The user that made it.
        owner: Option<UserId>,
    },
    /// A link.
    Link {
        /// The racks that serve it, or have addresses of it to give.
        racks: &'a [SystemId],
    },
    /// A rack itself.
    Rack {
        /// Its id.
        id: &'a SystemId,
    },
    /// A region node itself.
    Region {
        /// Its node id.
        node_id: u64,
    },
}

/// Somebody may not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("permission denied: {permission:?}")]
pub struct Denied {
    /// What was asked for.
    pub permission: Permission,
    /// Who asked.
    pub role: Role,
}

/// What an actor is, whoever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nobody that we know.
    Anonymous,
    /// A user that is no superuser.
    User,
    /// A superuser.
    Superuser,
    /// The system on a machine, deployed or ephemeral.
    Machine,
    /// A node, or what acts for the cluster itself.
    System,
}

impl<'a> Object<'a> {
    /// A machine as it is now.
    #[must_use]
    pub fn of(machine: &'a Machine) -> Self {
        let Placement { pool, owner, locked, .. } = machine.placement;
        Self::Machine { id: &machine.system_id, pool, owner, locked }
    }
}

impl Denied {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.role {
            Role::Anonymous => Kind::Unauthenticated,
            Role::User | Role::Superuser | Role::Machine | Role::System => Kind::Forbidden,
        }
    }
}

impl Actor {
    /// A user for whom no group is asked: superusers need none, and the own things of others neither.
    #[must_use]
    pub fn without_groups(user: User) -> Self {
        Self::User(user, Arc::default())
    }

    /// What it is.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Self::Anonymous => Role::Anonymous,
            Self::User(user, _) if user.is_superuser => Role::Superuser,
            Self::User(..) => Role::User,
            Self::Machine(_) | Self::Agent(_) => Role::Machine,
            Self::Rack(_) | Self::Region(_) | Self::Joining | Self::Setup | Self::Reconciler(_) => {
                Role::System
            }
        }
    }

    /// The user that acts.
    ///
    /// # Errors
    /// [`Denied`] for anybody else.
    pub fn user(&self, permission: Permission) -> Result<&User, Denied> {
        match self {
            Self::User(user, _) => Ok(user),
            Self::Anonymous
            | Self::Machine(_)
            | Self::Agent(_)
            | Self::Rack(_)
            | Self::Region(_)
            | Self::Joining
            | Self::Setup
            | Self::Reconciler(_) => Err(Denied { permission, role: self.role() }),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::User(user, _) => write!(f, "user:{}", user.username),
            Self::Machine(id) => write!(f, "machine:{id}"),
            Self::Agent(name) => write!(f, "agent:{name}"),
            Self::Rack(id) => write!(f, "rack:{id}"),
            Self::Region(node_id) => write!(f, "region:{node_id}"),
            Self::Joining => f.write_str("join"),
            Self::Setup => f.write_str("bootstrap"),
            Self::Reconciler(name) => write!(f, "reconciler:{name}"),
        }
    }
}

/// Whether `actor` may do something to an object. Asked with [`Object::Site`] about what belongs to
/// somebody, or lies in a pool, it says whether the actor may do so to any of them; where it may not be so of all, the
/// operation asks again with the object.
///
/// # Errors
/// [`Denied`].
pub fn permits(actor: &Actor, permission: Permission, object: &Object<'_>) -> Result<(), Denied> {
    use Permission as P;
    let allowed = match actor {
        Actor::Anonymous => matches!(permission, P::Discover | P::EnlistMachine),
        Actor::User(user, given) => {
            is_for_users(permission) && users::may(user, given, permission, object)
        }
        Actor::Machine(own) => match (permission, object) {
            (P::BootMachine, Object::Machine { id, .. }) => *id == own,
            (permission, _) => permission == P::Discover,
        },
        Actor::Agent(own) => match (permission, object) {
            (P::ReportAsAgent, Object::Machine { id, .. }) => id.as_str() == own,
            (permission, _) => permission == P::PresentMachine,
        },
        Actor::Rack(own) => rack_may(own, permission, object),
        Actor::Region(own) => match (permission, object) {
            (P::ReportCertificate | P::RenewCertificate, Object::Region { node_id }) => {
                node_id == own
            }
            (permission, _) => matches!(permission, P::HoldImages | P::ManageCluster),
        },
        Actor::Joining => permission == P::JoinCluster,
        Actor::Setup => matches!(permission, P::InitCluster | P::ManageCluster),
        Actor::Reconciler(_) => matches!(permission, P::Reconcile | P::QueryPower),
    };
    if allowed { Ok(()) } else { Err(Denied { permission, role: actor.role() }) }
}

/// What users do, superusers all of it. The rest is for nodes and machines, whoever asks.
fn is_for_users(permission: Permission) -> bool {
    use Permission as P;
    !matches!(
        permission,
        P::BootMachine
            | P::PresentMachine
            | P::ReportAsAgent
            | P::ServeMachines
            | P::LeaseAddresses
            | P::ReportCertificate
            | P::RenewCertificate
            | P::HoldImages
            | P::JoinCluster
            | P::ManageCluster
            | P::InitCluster
            | P::Reconcile
    )
}

fn rack_may(own: &SystemId, permission: Permission, object: &Object<'_>) -> bool {
    use Permission as P;
    match (permission, object) {
        (P::LeaseAddresses, Object::Link { racks }) => racks.contains(own),
        (P::ReportCertificate | P::RenewCertificate, Object::Rack { id }) => *id == own,
        (permission, _) => permission == P::ServeMachines,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::time::Timestamp;

    const POOL: ResourcePoolId = ResourcePoolId(7);

    fn user(id: u32, is_superuser: bool) -> Actor {
        let user = User {
            id: UserId(id),
            username: format!("user-{id}"),
            email: String::new(),
            is_superuser,
            password_hash: None,
            created: Timestamp::default(),
        };
        // Superusers need no groups.
        let given =
            if is_superuser { Entitlements::default() } else { Entitlements::of_everybody() };
        Actor::User(user, Arc::new(given))
    }

    /// Every object there is for a permission: its own machine, range, link or node, another's,
    /// nobody's.
    fn objects<'a>(
        own: &'a [SystemId; 1],
        other: &'a [SystemId; 1],
    ) -> Vec<(&'static str, Object<'a>)> {
        let (own_link, other_link) = (own, other);
        let ([own], [other]) = (own, other);
        let (mine, others) = (Some(UserId(1)), Some(UserId(2)));
        let machine = |id, owner, locked| Object::Machine { id, pool: POOL, owner, locked };
        vec![
            ("the site", Object::Site),
            ("a free machine", machine(other, None, false)),
            ("its machine", machine(own, mine, false)),
            ("its locked machine", machine(own, mine, true)),
            ("another's machine", machine(other, others, false)),
            ("a pool", Object::Pool { id: POOL }),
            ("its device", Object::Device { owner: mine }),
            ("another's device", Object::Device { owner: others }),
            ("its range", Object::Range { owner: mine }),
            ("another's range", Object::Range { owner: others }),
            ("its link", Object::Link { racks: own_link }),
            ("another's link", Object::Link { racks: other_link }),
            ("itself, a rack", Object::Rack { id: own }),
            ("another rack", Object::Rack { id: other }),
            ("itself, a region", Object::Region { node_id: 1 }),
            ("another region", Object::Region { node_id: 2 }),
        ]
    }

    #[test]
    fn table_of_actor_and_permission() {
        let (own, other): ([SystemId; 1], [SystemId; 1]) =
            (["abcdef".parse().unwrap()], ["bcdefg".parse().unwrap()]);
        let actors = [
            ("nobody", Actor::Anonymous),
            ("user", user(1, false)),
            ("super", user(3, true)),
            ("machine", Actor::Machine(own[0].clone())),
            ("booting", Actor::Agent("52:54:00:00:00:01".to_owned())),
            ("agent", Actor::Agent("abcdef".to_owned())),
            ("rack", Actor::Rack(own[0].clone())),
            ("region", Actor::Region(1)),
            ("joining", Actor::Joining),
            ("setup", Actor::Setup),
            ("reconc.", Actor::Reconciler("power")),
        ];
        let mut table = format!("{:40}", "");
        for (name, _) in &actors {
            let _ = write!(table, "{name:>9}");
        }
        table.push('\n');
        for permission in Permission::ALL {
            let mut before = String::new();
            for (object_name, object) in objects(&own, &other) {
                let mut row = String::new();
                for (_, actor) in &actors {
                    let may = permits(actor, *permission, &object).is_ok();
                    let _ = write!(row, "{:>9}", if may { "yes" } else { "-" });
                }
                // Objects are told apart only where it makes a difference.
                if row != before {
                    let name = format!("{permission:?}");
                    let _ = writeln!(table, "{name:21} {object_name:18}{row}");
                    before = row;
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn nobody_is_asked_to_authenticate_and_others_are_forbidden() {
        let kind = |actor: &Actor| permits(actor, Permission::ManageUsers, &Object::Site);
        assert_eq!(kind(&Actor::Anonymous).unwrap_err().kind(), Kind::Unauthenticated);
        assert_eq!(kind(&user(1, false)).unwrap_err().kind(), Kind::Forbidden);
        assert_eq!(kind(&user(1, true)), Ok(()));
    }
}
