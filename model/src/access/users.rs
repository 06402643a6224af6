//! What users may do: superusers all that users do, others what their groups give, and what goes with their own.

use crate::access::{Object, Permission};
use crate::entitlement::{Entitlement, Entitlements};
use crate::user::User;

/// Whether a user with these entitlements may do something that users do.
pub(super) fn may(
    user: &User,
    given: &Entitlements,
    permission: Permission,
    object: &Object<'_>,
) -> bool {
    use Permission as P;
    let is_locked = matches!(object, Object::Machine { locked: true, .. });
    // Nobody passes a lock but to open it, and administrators read behind it.
    let is_barred = is_locked
        && matches!(
            permission,
            P::EditMachine | P::CommissionMachine | P::OperateMachine | P::InterruptMachine
        );
    (user.is_superuser || is_entitled(user, given, permission, object)) && !is_barred
}

/// What a user is to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// It has it. The site stands for any of its objects.
    Own,
    /// Nobody has it.
    Free,
    /// Another user has it, or it is nothing that users have.
    Others,
}

impl Hold {
    fn of(user: &User, object: &Object<'_>) -> Self {
        let owner = match object {
            Object::Site => return Self::Own,
            Object::Machine { owner, .. } | Object::Device { owner } => owner,
            Object::Range { owner } => {
                // A range that nobody made is nobody's to take.
                return if *owner == Some(user.id) { Self::Own } else { Self::Others };
            }
            Object::Pool { .. }
            | Object::Link { .. }
            | Object::Rack { .. }
            | Object::Region { .. } => return Self::Others,
        };
        match owner {
            None => Self::Free,
            Some(owner) if *owner == user.id => Self::Own,
            Some(_) => Self::Others,
        }
    }
}

fn is_entitled(
    user: &User,
    given: &Entitlements,
    permission: Permission,
    object: &Object<'_>,
) -> bool {
    use Entitlement as E;
    use Permission as P;
    let hold = Hold::of(user, object);
    let has = |entitlement| match object {
        Object::Site => given.anywhere(entitlement),
        Object::Machine { pool, .. } | Object::Pool { id: pool } => {
            given.in_pool(entitlement, *pool)
        }
        Object::Device { .. }
        | Object::Range { .. }
        | Object::Link { .. }
        | Object::Rack { .. }
        | Object::Region { .. } => given.on_site(entitlement),
    };
    let site = |any: &[E]| any.iter().any(|entitlement| given.on_site(*entitlement));
    let (is_own, is_free) = (hold == Hold::Own, hold == Hold::Free);
    match permission {
        P::Discover
        | P::View
        | P::ManageOwnKeys
        | P::ManageOwnFiles
        | P::CreateReservedRange
        | P::ReserveAddress
        | P::EnlistMachine
        | P::QueryPower
        | P::ScanNetworks => true,
        P::ReadMachine => {
            is_own || (is_free && has(E::ViewAvailableMachines)) || has(E::ViewMachines)
        }
        P::ReadMachineEvents => is_own || has(E::ViewAvailableMachines),
        P::AllocateMachine => has(E::DeployMachines),
        // A machine that is nobody's is for whoever may take it; so is its power switch.
        P::OperateMachine | P::LockMachine => {
            is_own || (is_free && has(E::DeployMachines)) || has(E::EditMachines)
        }
        P::InterruptMachine => is_own || has(E::EditMachines),
        P::EditMachine | P::CommissionMachine | P::ReadMachineSecrets | P::EditPool => {
            has(E::EditMachines)
        }
        P::ManagePools => site(&[E::EditMachines]),
        P::ReadPool => is_own || has(E::ViewAvailableMachines),
        P::ReadDevice => is_own || is_free || has(E::ViewDevices) || has(E::ViewGlobalEntities),
        P::EditDevice => is_own || is_free || site(&[E::EditMachines]),
        P::EditRange => is_own || site(&[E::EditGlobalEntities]),
        P::ReadSite => site(&[E::ViewGlobalEntities]),
        P::ReadDns => site(&[E::ViewGlobalEntities, E::ViewDnsRecords]),
        P::ReadSettings => site(&[E::ViewGlobalEntities, E::ViewConfigurations]),
        P::ManageGroups
        | P::ManageNetwork
        | P::ManageDns
        | P::CreateDynamicRange
        | P::ClearDiscoveries
        | P::ReleaseAnyAddress => site(&[E::EditGlobalEntities]),
        P::ListAllAddresses => site(&[E::ViewIpAddresses]),
        P::ManageSettings => site(&[E::EditConfigurations]),
        P::ManageUsers => site(&[E::EditIdentities]),
        P::ReadUserGroups => site(&[E::ViewIdentities]),
        P::ManageNotifications => site(&[E::EditNotifications]),
        P::ReadAllNotifications => site(&[E::ViewNotifications]),
        P::ManageControllers => site(&[E::EditControllers]),
        P::ReadControllers => site(&[E::ViewControllers]),
        P::ManageImages | P::ManageBootSources => site(&[E::EditBootEntities]),
        P::ReadBootSources => site(&[E::ViewBootEntities]),
        P::ManageLicenses => site(&[E::EditLicenseKeys]),
        P::ReadLicenses => site(&[E::ViewLicenseKeys]),
        // For superusers alone.
        P::ReadAudit | P::ManageSuperusers | P::ManageWebhooks | P::ManageOperations => false,
        // For nodes and machines, whoever asks.
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
        | P::Reconcile => false,
    }
}

#[cfg(test)]
mod tests;
