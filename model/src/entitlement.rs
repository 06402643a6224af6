//! What groups give to their members, on the machines of a resource pool or on the whole site, by MAAS's names.
//!
//! Pure: who is authenticated is passed what its groups give, once per request; [`crate::access`] says what may be done
//! with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::ResourcePoolId;

macro_rules! entitlements {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal),+ $(,)?) => {
        /// Something that a group may give.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum Entitlement {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $name,)+
        }

        impl Entitlement {
            /// All of them, those that can be given on a pool first.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// MAAS's name of it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

entitlements! {
    /// Do everything to machines, whoever has them.
    EditMachines = "can_edit_machines",
    /// Take free machines, and what goes with that: to switch them, to deploy to them.
    DeployMachines = "can_deploy_machines",
    /// See machines, whoever has them.
    ViewMachines = "can_view_machines",
    /// See free machines.
    ViewAvailableMachines = "can_view_available_machines",
    /// Change networks, names, zones and tags.
    EditGlobalEntities = "can_edit_global_entities",
    /// See networks, names, zones, tags, devices and settings.
    ViewGlobalEntities = "can_view_global_entities",
    /// Change racks and regions.
    EditControllers = "can_edit_controllers",
    /// See racks and regions.
    ViewControllers = "can_view_controllers",
    /// Make and delete users, and change groups.
    EditIdentities = "can_edit_identities",
    /// See groups.
    ViewIdentities = "can_view_identities",
    /// Change settings and package repositories.
    EditConfigurations = "can_edit_configurations",
    /// See settings and package repositories.
    ViewConfigurations = "can_view_configurations",
    /// Write messages to users.
    EditNotifications = "can_edit_notifications",
    /// See messages to others.
    ViewNotifications = "can_view_notifications",
    /// Change images and where they could be imported from.
    EditBootEntities = "can_edit_boot_entities",
    /// See where images could be imported from.
    ViewBootEntities = "can_view_boot_entities",
    /// Change licence keys.
    EditLicenseKeys = "can_edit_license_keys",
    /// See licence keys.
    ViewLicenseKeys = "can_view_license_keys",
    /// See all devices.
    ViewDevices = "can_view_devices",
    /// See the addresses that others reserved.
    ViewIpAddresses = "can_view_ipaddresses",
    /// See names and their records.
    ViewDnsRecords = "can_view_dnsrecords",
}

impl Entitlement {
    /// Whether it can be given on a single pool.
    #[must_use]
    pub const fn is_of_pools(self) -> bool {
        matches!(
            self,
            Self::EditMachines
                | Self::DeployMachines
                | Self::ViewMachines
                | Self::ViewAvailableMachines
        )
    }

    /// What else who has it has.
    #[must_use]
    pub const fn implied(self) -> &'static [Self] {
        match self {
            Self::EditMachines => {
                &[Self::DeployMachines, Self::ViewMachines, Self::ViewAvailableMachines]
            }
            Self::DeployMachines | Self::ViewMachines => &[Self::ViewAvailableMachines],
            Self::EditGlobalEntities => &[Self::ViewGlobalEntities],
            Self::EditControllers => &[Self::ViewControllers],
            Self::EditIdentities => &[Self::ViewIdentities],
            Self::EditConfigurations => &[Self::ViewConfigurations],
            Self::EditNotifications => &[Self::ViewNotifications],
            Self::EditBootEntities => &[Self::ViewBootEntities],
            Self::EditLicenseKeys => &[Self::ViewLicenseKeys],
            Self::ViewAvailableMachines
            | Self::ViewGlobalEntities
            | Self::ViewControllers
            | Self::ViewIdentities
            | Self::ViewConfigurations
            | Self::ViewNotifications
            | Self::ViewBootEntities
            | Self::ViewLicenseKeys
            | Self::ViewDevices
            | Self::ViewIpAddresses
            | Self::ViewDnsRecords => &[],
        }
    }
}

impl fmt::Display for Entitlement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text is the name of no entitlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such entitlement")]
pub struct UnknownEntitlement;

impl FromStr for Entitlement {
    type Err = UnknownEntitlement;

    fn from_str(text: &str) -> Result<Self, UnknownEntitlement> {
        let found = Self::ALL.iter().find(|known| known.name() == text);
        found.copied().ok_or(UnknownEntitlement)
    }
}

/// What an entitlement is given on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything: MAAS's resource `maas` with the id 0.
    Site,
    /// The machines of a resource pool.
    Pool(ResourcePoolId),
}

/// An entitlement that a group has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grant {
    /// On what.
    pub scope: Scope,
    /// What.
    pub entitlement: Entitlement,
}

/// What somebody has by all its groups, with all that it implies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entitlements {
    site: BTreeSet<Entitlement>,
    pools: BTreeMap<ResourcePoolId, BTreeSet<Entitlement>>,
}

impl Entitlements {
    /// What users have that no group was ever asked about: what users had before there were groups.
    #[must_use]
    pub fn of_everybody() -> Self {
        on_site(EVERYBODY).collect()
    }

    /// Whether it is given on the site.
    #[must_use]
    pub fn on_site(&self, entitlement: Entitlement) -> bool {
        self.site.contains(&entitlement)
    }

    /// Whether it is given on a pool, by itself or with the site.
    #[must_use]
    pub fn in_pool(&self, entitlement: Entitlement, pool: ResourcePoolId) -> bool {
        self.on_site(entitlement)
            || self.pools.get(&pool).is_some_and(|given| given.contains(&entitlement))
    }

    /// Whether it is given on the site or on any pool.
    #[must_use]
    pub fn anywhere(&self, entitlement: Entitlement) -> bool {
        self.on_site(entitlement) || self.pools.values().any(|given| given.contains(&entitlement))
    }
}

impl FromIterator<Grant> for Entitlements {
    fn from_iter<I: IntoIterator<Item = Grant>>(grants: I) -> Self {
        let mut all = Self::default();
        for Grant { scope, entitlement } in grants {
            let given = match scope {
                Scope::Site => &mut all.site,
                Scope::Pool(pool) => all.pools.entry(pool).or_default(),
            };
            given.insert(entitlement);
            given.extend(entitlement.implied());
        }
        all
    }
}

/// What the group of ordinary users begins with: in MAAS as here, what they had before there were groups.
pub const EVERYBODY: &[Entitlement] = &[
    Entitlement::DeployMachines,
    Entitlement::ViewAvailableMachines,
    Entitlement::ViewGlobalEntities,
];

/// Entitlements given on the site.
pub fn on_site(given: &[Entitlement]) -> impl Iterator<Item = Grant> {
    given.iter().map(|&entitlement| Grant { scope: Scope::Site, entitlement })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for entitlement in Entitlement::ALL {
            assert_eq!(entitlement.name().parse(), Ok(*entitlement));
            let stored = serde_json::to_string(entitlement).unwrap();
            assert_eq!(stored, format!("\"{entitlement}\""));
        }
        assert_eq!("can_edit_operations".parse::<Entitlement>(), Err(UnknownEntitlement));
    }

    #[test]
    fn what_is_implied_is_implied_at_once() {
        for entitlement in Entitlement::ALL {
            for further in entitlement.implied().iter().flat_map(|implied| implied.implied()) {
                assert!(entitlement.implied().contains(further), "{entitlement}: {further}");
            }
        }
    }

    #[test]
    fn a_pool_has_what_the_site_has_and_no_other_pool_what_one_has() {
        let (web, lab) = (ResourcePoolId(1), ResourcePoolId(2));
        let grant = |scope, entitlement| Grant { scope, entitlement };
        let found: Entitlements = [
            grant(Scope::Site, Entitlement::ViewMachines),
            grant(Scope::Pool(web), Entitlement::EditMachines),
        ]
        .into_iter()
        .collect();
        for (entitlement, on_site, in_web, in_lab) in [
            (Entitlement::EditMachines, false, true, false),
            (Entitlement::DeployMachines, false, true, false),
            (Entitlement::ViewMachines, true, true, true),
            (Entitlement::ViewAvailableMachines, true, true, true),
            (Entitlement::EditGlobalEntities, false, false, false),
        ] {
            assert_eq!(found.on_site(entitlement), on_site, "{entitlement}");
            assert_eq!(found.in_pool(entitlement, web), in_web, "{entitlement}");
            assert_eq!(found.in_pool(entitlement, lab), in_lab, "{entitlement}");
            assert_eq!(found.anywhere(entitlement), in_web, "{entitlement}");
        }
    }
}
