//! Letting nodes into the cluster: join tokens, node ids, certificates.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use identity::authority::IssuedCertificate;
use identity::token::{JoinRole, TokenRecord, TokenRefused};
use identity::{CertificateAuthority, IdentityError, JoinToken, PeerIdentity, Role};
use model::access::{Actor, Denied, Permission};
use model::controller::{RackController, RegionController};
use model::error::Kind;
use model::id::SystemId;
use raft_store::status::MembershipError;

use crate::authorize::{authorize, permit_for_node};
use tables::cluster::{CURRENT, StoredAuthority, StoredToken};
use tables::error::TableError;
use tables::read::Reads;
use tables::site::REGION_BY_NODE_ID;
use tables::tx::Tx;
use tables::update::Tables;

/// The replicated counter that node ids come from; a number is never given twice.
const NODE_ID_COUNTER: &str = "node-id";

/// How long a join token is valid at most: a year.
pub const TOKEN_VALID_MAX: Duration = Duration::from_secs(366 * 24 * 3600);

/// Why a node is not let in, or its certificate not renewed.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The token is not known: mistyped, of another cluster, or removed.
    #[error("the join token is not known")]
    UnknownToken,
    /// The token does not let this node in.
    #[error(transparent)]
    Token(#[from] TokenRefused),
    /// The node was removed from the cluster, or never was in it.
    #[error("node {name} is not a member of the cluster")]
    NotMember {
        /// The name in its certificate.
        name: String,
    },
    /// Another region has its address.
    #[error(
        "{address} is the address of region node {node_id} ({hostname}): give another one, or take that region \
         out first (`ironraft cluster remove {node_id}`)"
    )]
    AddressTaken {
        /// What was given.
        address: IpAddr,
        /// Who has it.
        node_id: u64,
        /// And what it is called.
        hostname: String,
    },
    /// A token would be valid for longer than anybody remembers it.
    #[error("a join token is valid for {} hours at most", TOKEN_VALID_MAX.as_secs() / 3600)]
    TooLong,
    /// Who asks may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No certificate can be issued.
    #[error(transparent)]
    Certificate(#[from] IdentityError),
    /// The cluster has no authority: it was not initialised.
    #[error("the cluster has no certificate authority")]
    NoAuthority,
    /// The tables refused it.
    #[error(transparent)]
    Tables(#[from] TableError),
}

/// Why a region is not taken out.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// There is no such region.
    #[error("there is no region node {node_id}")]
    Unknown {
        /// What was asked for.
        node_id: u64,
    },
    /// It is the only one.
    #[error("region node {node_id} is the last one of the cluster")]
    Last {
        /// The region.
        node_id: u64,
    },
    /// Who asks may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Raft cannot do without it now.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// The tables refused it.
    #[error(transparent)]
    Tables(#[from] TableError),
}

impl RemoveError {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Unknown { .. } => Kind::NotFound,
            Self::Last { .. } => Kind::Conflict,
            Self::Denied(denied) => denied.kind(),
            Self::Membership(error) => membership_kind(error),
            Self::Tables(error) => error.kind(),
        }
    }
}

/// What a caller can do about a refused change of the members.
#[must_use]
pub fn membership_kind(error: &MembershipError) -> Kind {
    match error {
        MembershipError::NotLeader { .. } => Kind::NotLeader,
        MembershipError::InProgress | MembershipError::Refused { .. } => Kind::Conflict,
        MembershipError::Unavailable { .. } | MembershipError::Unknown { .. } => Kind::Unavailable,
    }
}

/// A region that wants to join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRegion {
    /// Its host's name.
    pub hostname: String,
    /// Where peers, racks and clients reach it.
    pub address: IpAddr,
    /// Its software version.
    pub version: String,
}

/// A rack that wants to join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRack {
    /// Its host's name.
    pub hostname: String,
    /// Its software version.
    pub version: String,
}

impl JoinError {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::UnknownToken | Self::Token(_) => Kind::Unauthenticated,
            Self::NotMember { .. } => Kind::Forbidden,
            Self::AddressTaken { .. } => Kind::Conflict,
            Self::TooLong => Kind::Invalid,
            Self::Denied(denied) => denied.kind(),
            Self::Certificate(IdentityError::Malformed { .. }) => Kind::Invalid,
            Self::Certificate(_) | Self::NoAuthority => Kind::Internal,
            Self::Tables(error) => error.kind(),
        }
    }
}

/// Records the authority and the first region, whose node id must be 1. Called once, by `init`.
///
/// # Errors
/// [`JoinError::Tables`]; the authority must not exist yet.
pub async fn init_cluster(
    tables: &Tables,
    authority: &CertificateAuthority,
    first: &NewRegion,
) -> Result<RegionController, JoinError> {
    let cause = authorize(&Actor::Setup, Permission::InitCluster, "cluster.init")?;
    let stored = StoredAuthority {
        name: CURRENT.to_owned(),
        authority: authority.clone(),
        excused: BTreeSet::new(),
    };
    tables
        .update(&cause, |tx| {
            tx.insert(&stored)?;
            insert_region(tx, first)
        })
        .await
}

/// Makes a token that lets nodes of one kind in for `valid`.
///
/// # Errors
/// See [`JoinError`].
pub async fn create_token(
    tables: &Tables,
    actor: &Actor,
    role: JoinRole,
    valid: Duration,
) -> Result<JoinToken, JoinError> {
    let cause = authorize(actor, Permission::ManageCluster, "cluster.token.create")?;
    if valid > TOKEN_VALID_MAX {
        return Err(JoinError::TooLong);
    }
    let authority = authority(&tables.view().await?)?;
    let token = JoinToken::generate(&authority.certificate_der()?);
    let valid_ms = u64::try_from(valid.as_millis()).unwrap_or(u64::MAX);
    tables
        .update(&cause, |tx| -> Result<(), JoinError> {
            let record = TokenRecord { role, expires_ms: tx.now().plus_ms(valid_ms).unix_ms };
            Ok(tx.insert(&StoredToken { lookup_id: token.lookup_id(), record })?)
        })
        .await?;
    Ok(token)
}

/// Lets a region in: it gets the next node id and a certificate, and the leader will add it.
///
/// # Errors
/// See [`JoinError`].
pub async fn admit_region(
    tables: &Tables,
    token: &JoinToken,
    request_pem: &str,
    new: &NewRegion,
) -> Result<(RegionController, IssuedCertificate), JoinError> {
    let cause = authorize(&Actor::Joining, Permission::JoinCluster, "region.join")?;
    tables
        .update(&cause, |tx| {
            check_token(tx, token, JoinRole::Region)?;
            let authority = authority(tx)?;
            check_address(tx, new.address)?;
            let region = insert_region(tx, new)?;
            let role = Role::Region { node_id: region.node_id };
            Ok((region, authority.issue(request_pem, role)?))
        })
        .await
}

/// Lets a rack in: it gets a system id and a certificate.
///
/// # Errors
/// See [`JoinError`].
pub async fn admit_rack(
    tables: &Tables,
    token: &JoinToken,
    request_pem: &str,
    new: &NewRack,
) -> Result<(RackController, IssuedCertificate), JoinError> {
    let cause = authorize(&Actor::Joining, Permission::JoinCluster, "rack.join")?;
    tables
        .update(&cause, |tx| {
            check_token(tx, token, JoinRole::Rack)?;
            let authority = authority(tx)?;
            let rack = RackController {
                system_id: tx.next_system_id()?,
                hostname: new.hostname.clone(),
                version: new.version.clone(),
                interfaces: Vec::new(),
                session: None,
                last_seen: tx.now(),
                searches_for_hosts: false,
                holds_service_addresses: false,
            };
            tx.insert(&rack)?;
            let role = Role::Rack { system_id: rack.system_id.to_string() };
            Ok((rack, authority.issue(request_pem, role)?))
        })
        .await
}

/// Takes a region out for good: the leader removes it from Raft, its certificate is not renewed, and
/// its node id is never given again. Only the leader can tell whether the others can do without it.
/// Returns what it was.
///
/// # Errors
/// See [`RemoveError`].
pub async fn remove_region(
    tables: &Tables,
    actor: &Actor,
    node_id: u64,
) -> Result<RegionController, RemoveError> {
    let cause = authorize(actor, Permission::ManageCluster, "region.remove")?;
    let known = tables.view().await?.find(&REGION_BY_NODE_ID, &node_id)?;
    known.ok_or(RemoveError::Unknown { node_id })?;
    tables.store().check_removal(node_id).await?;
    tables
        .update(&cause, |tx| {
            // Two removals at once must not take the last two.
            tx.guard("regions");
            let region = tx.find(&REGION_BY_NODE_ID, &node_id)?;
            let region = region.ok_or(RemoveError::Unknown { node_id })?;
            if tx.list::<RegionController>()?.len() < 2 {
                return Err(RemoveError::Last { node_id });
            }
            tx.delete::<RegionController>(&region.system_id)?;
            Ok(region)
        })
        .await
}

/// Gives a member a new certificate with the name that it proved.
///
/// # Errors
/// See [`JoinError`].
pub async fn renew(
    tables: &Tables,
    actor: &Actor,
    peer: &PeerIdentity,
    request_pem: &str,
) -> Result<IssuedCertificate, JoinError> {
    permit_for_node(actor, Permission::RenewCertificate, &peer.role)?;
    let view = tables.view().await?;
    if !is_member(&view, &peer.role)? {
        return Err(JoinError::NotMember { name: peer.to_string() });
    }
    Ok(authority(&view)?.issue(request_pem, peer.role.clone())?)
}

/// Whether a node with this name is recorded as a member of the cluster.
pub(crate) fn is_member(reads: &impl Reads, role: &Role) -> Result<bool, TableError> {
    match role {
        Role::Region { node_id } => Ok(reads.find(&REGION_BY_NODE_ID, node_id)?.is_some()),
        Role::Rack { system_id } => match system_id.parse::<SystemId>() {
            Ok(system_id) => Ok(reads.get::<RackController>(&system_id)?.is_some()),
            Err(_) => Ok(false),
        },
    }
}

/// Two nodes at one address would each get what is meant for the other. Regions are few, and all of them read; who
/// joins at the same time takes the same counter, and is evaluated again.
fn check_address(tx: &Tx, address: IpAddr) -> Result<(), JoinError> {
    let taken = tx.list::<RegionController>()?.into_iter().find(|it| it.address == address);
    match taken {
        Some(RegionController { node_id, hostname, .. }) => {
            Err(JoinError::AddressTaken { address, node_id, hostname })
        }
        None => Ok(()),
    }
}

fn check_token(tx: &Tx, token: &JoinToken, wanted: JoinRole) -> Result<(), JoinError> {
    let stored = tx.get::<StoredToken>(&token.lookup_id())?.ok_or(JoinError::UnknownToken)?;
    Ok(stored.record.admit(wanted, tx.now().unix_ms)?)
}

fn authority(reads: &impl Reads) -> Result<CertificateAuthority, JoinError> {
    let stored = reads.get::<StoredAuthority>(&CURRENT.to_owned())?;
    stored.map(|stored| stored.authority).ok_or(JoinError::NoAuthority)
}

fn insert_region(tx: &mut Tx, new: &NewRegion) -> Result<RegionController, JoinError> {
    let region = RegionController {
        system_id: tx.next_system_id()?,
        node_id: tx.next_number(NODE_ID_COUNTER, 1)?,
        hostname: new.hostname.clone(),
        version: new.version.clone(),
        address: new.address,
    };
    tx.insert(&region)?;
    Ok(region)
}

#[cfg(test)]
mod tests {
    use identity::node::NodeRequest;
    use model::event::Event;
    use raft_store::Store;

    use super::*;
    use crate::authorize::on_behalf_of_node;
    use crate::cluster::authority;

    fn region(last: u8) -> NewRegion {
        NewRegion {
            hostname: format!("r{last}"),
            address: IpAddr::from([127, 0, 0, last]),
            version: "1".to_owned(),
        }
    }

    async fn new_cluster() -> Tables {
        let tables = Tables::new(Store::in_memory());
        let authority = CertificateAuthority::create().unwrap();
        assert_eq!(init_cluster(&tables, &authority, &region(1)).await.unwrap().node_id, 1);
        tables
    }

    #[tokio::test]
    async fn every_region_that_joins_gets_a_node_id_of_its_own() {
        let tables = new_cluster().await;
        let hour = Duration::from_secs(3600);
        let token = create_token(&tables, &Actor::Setup, JoinRole::Region, hour).await.unwrap();
        for last in [8, 9] {
            let csr = NodeRequest::create().unwrap().request_pem;
            let admitted = admit_region(&tables, &token, &csr, &region(last)).await.unwrap();
            assert_eq!(admitted.0.node_id, u64::from(last) - 6);
        }
    }

    #[tokio::test]
    async fn the_address_of_a_region_is_not_given_to_another_one() {
        let tables = new_cluster().await;
        let actor = Actor::Region(1);
        let valid = Duration::from_secs(60);
        let token = create_token(&tables, &actor, JoinRole::Region, valid).await.unwrap();
        let pem = NodeRequest::create().unwrap().request_pem;
        let again = admit_region(&tables, &token, &pem, &region(1)).await.unwrap_err();
        assert!(matches!(again, JoinError::AddressTaken { node_id: 1, .. }), "{again}");
        admit_region(&tables, &token, &pem, &region(2)).await.unwrap();
        let long = TOKEN_VALID_MAX + Duration::from_secs(1);
        let refused = create_token(&tables, &actor, JoinRole::Rack, long).await.unwrap_err();
        assert!(matches!(refused, JoinError::TooLong));
        create_token(&tables, &actor, JoinRole::Rack, TOKEN_VALID_MAX).await.unwrap();
    }

    #[tokio::test]
    async fn unknown_expired_and_foreign_tokens_are_refused() {
        let tables = new_cluster().await;
        let csr = NodeRequest::create().unwrap().request_pem;
        let rack = NewRack { hostname: "k1".to_owned(), version: "1".to_owned() };
        let expired =
            create_token(&tables, &Actor::Setup, JoinRole::Rack, Duration::ZERO).await.unwrap();
        let refused = admit_rack(&tables, &expired, &csr, &rack).await.unwrap_err();
        assert!(matches!(refused, JoinError::Token(TokenRefused::Expired)), "{refused}");
        let hour = Duration::from_secs(3600);
        let wrong = create_token(&tables, &Actor::Setup, JoinRole::Region, hour).await.unwrap();
        let refused = admit_rack(&tables, &wrong, &csr, &rack).await.unwrap_err();
        assert!(matches!(refused, JoinError::Token(TokenRefused::WrongRole { .. })), "{refused}");
        let other =
            create_token(&new_cluster().await, &Actor::Setup, JoinRole::Rack, hour).await.unwrap();
        let refused = admit_rack(&tables, &other, &csr, &rack).await.unwrap_err();
        assert!(matches!(refused, JoinError::UnknownToken), "{refused}");
    }

    #[tokio::test]
    async fn a_removed_region_is_no_member_and_its_id_is_not_given_again() {
        let tables = new_cluster().await;
        let last = remove_region(&tables, &Actor::Region(1), 1).await.unwrap_err();
        assert_eq!(
            (last.kind(), last.to_string().contains("the last one")),
            (Kind::Conflict, true)
        );
        let hour = Duration::from_secs(3600);
        let token = create_token(&tables, &Actor::Setup, JoinRole::Region, hour).await.unwrap();
        let csr = NodeRequest::create().unwrap().request_pem;
        admit_region(&tables, &token, &csr, &region(2)).await.unwrap();
        assert_eq!(remove_region(&tables, &Actor::Region(1), 2).await.unwrap().hostname, "r2");
        let again = remove_region(&tables, &Actor::Region(1), 2).await.unwrap_err();
        assert_eq!(again.to_string(), "there is no region node 2");
        let role = Role::Region { node_id: 2 };
        let peer = PeerIdentity { role, cluster_id: "c1".to_owned() };
        let refused = renew(&tables, &Actor::Region(2), &peer, &csr).await.unwrap_err();
        assert!(matches!(refused, JoinError::NotMember { .. }), "{refused}");
        let back = admit_region(&tables, &token, &csr, &region(2)).await.unwrap();
        assert_eq!(back.0.node_id, 3);
    }

    async fn told(tables: &Tables, operation: &str) -> Event {
        let all = tables.view().await.unwrap().list::<Event>().unwrap();
        let is_it =
            |event: &Event| event.audit.as_ref().is_some_and(|it| it.operation == operation);
        all.into_iter().find(is_it).unwrap()
    }

    #[tokio::test]
    async fn what_an_operator_does_is_told_with_who_and_from_where_and_without_secrets() {
        let tables = new_cluster().await;
        let (actor, from) = (Actor::Region(1), IpAddr::from([127, 0, 0, 1]));
        let own = on_behalf_of_node(&tables, &actor, Some(from));
        let hour = Duration::from_secs(3600);
        let token = create_token(&own, &actor, JoinRole::Region, hour).await.unwrap();
        let event = told(&tables, "cluster.token.create").await;
        assert_eq!(event.username.as_deref(), Some("region:1"));
        let audit = event.audit.unwrap();
        assert_eq!((audit.from, audit.objects.len()), (Some(from), 1));
        let text = serde_json::to_string(&audit).unwrap();
        assert!(text.contains("\"region\"") && !text.contains(&token.to_string()), "{text}");

        let csr = NodeRequest::create().unwrap().request_pem;
        let joined = admit_region(&tables, &token, &csr, &region(2)).await.unwrap().0;
        remove_region(&own, &actor, 2).await.unwrap();
        let event = told(&tables, "region.remove").await;
        assert_eq!((event.node, event.hostname.as_str()), (Some(joined.system_id), "r2"));

        authority::rotate(&own, &actor).await.unwrap();
        let event = told(&tables, "authority.rotate").await;
        let text = serde_json::to_string(&event.audit).unwrap();
        assert!(text.contains("***") && !text.contains("BEGIN"), "{text}");
    }

    #[tokio::test]
    async fn only_members_renew_their_certificates() {
        let tables = new_cluster().await;
        let csr = NodeRequest::create().unwrap().request_pem;
        let peer =
            |node_id| PeerIdentity { role: Role::Region { node_id }, cluster_id: "c1".to_owned() };
        let (first, second) = (Actor::Region(1), Actor::Region(2));
        assert!(renew(&tables, &first, &peer(1), &csr).await.is_ok());
        let refused = renew(&tables, &second, &peer(2), &csr).await.unwrap_err();
        assert!(matches!(refused, JoinError::NotMember { .. }), "{refused}");
        let refused = renew(&tables, &second, &peer(1), &csr).await.unwrap_err();
        assert!(matches!(refused, JoinError::Denied(_)), "{refused}");
    }
}
