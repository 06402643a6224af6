//! What each handler is for, in a line: MAAS's CLI shows it in its list of commands.

/// Handlers by name, and what they are for.
const HANDLERS: &[(&str, &str)] = &[
    ("AccountHandler", "Manage the API keys of the user that calls."),
    ("BcacheCacheSetHandler", "Manage a cache set of a machine."),
    ("BcacheCacheSetsHandler", "Manage the cache sets of a machine."),
    ("BcacheHandler", "Manage a cached device of a machine."),
    ("BcachesHandler", "Manage the cached devices of a machine."),
    ("BlockDeviceHandler", "Manage a block device of a machine."),
    ("BlockDevicesHandler", "Manage the block devices of a machine."),
    ("BootFileHandler", "Manage the ephemeral OS of an architecture."),
    ("BootFilesHandler", "Read which ephemeral OS machines boot."),
    ("BootResourceFileUploadHandler", "Upload the content of an image."),
    ("BootResourceHandler", "Manage an image that can be deployed."),
    ("BootResourcesHandler", "Manage the images that can be deployed."),
    ("BootSourceHandler", "Manage a boot source."),
    ("BootSourceSelectionHandler", "Manage a selection of a boot source."),
    ("BootSourceSelectionsHandler", "Manage the selections of a boot source."),
    ("BootSourcesHandler", "Manage boot sources."),
    ("ContentHandler", "Read and upload a content."),
    ("ContentsHandler", "Begin the upload of contents."),
    ("DHCPSnippetHandler", "Manage a DHCP snippet."),
    ("DHCPSnippetsHandler", "Manage DHCP snippets."),
    ("DNSResourceHandler", "Manage a name and its addresses."),
    ("DNSResourceRecordHandler", "Manage a DNS record."),
    ("DNSResourceRecordsHandler", "Manage DNS records."),
    ("DNSResourcesHandler", "Manage names and their addresses."),
    ("DescribeHandler", "Read the description of the API."),
    ("DeviceHandler", "Manage a device."),
    ("DevicesHandler", "Manage devices: what has a name and addresses, and is not deployed."),
    ("DomainHandler", "Manage a domain."),
    ("DomainsHandler", "Manage domains."),
    ("EventsHandler", "Read what happened to machines and the site."),
    ("FabricHandler", "Manage a fabric."),
    ("FabricsHandler", "Manage fabrics."),
    ("FileHandler", "Manage a file of the user that calls."),
    ("FilesHandler", "Manage the files of the user that calls."),
    ("IPAddressesHandler", "Reserve and release addresses."),
    ("IPRangeHandler", "Manage an IP range."),
    ("IPRangesHandler", "Manage IP ranges."),
    ("InterfaceHandler", "Manage a network interface of a node."),
    ("InterfacesHandler", "Manage the network interfaces of a node."),
    ("LicenseKeyHandler", "Manage the license key of a release."),
    ("LicenseKeysHandler", "Manage license keys."),
    ("MaasHandler", "Read and set the settings of the site."),
    ("MachineHandler", "Manage a machine."),
    ("MachinesHandler", "Manage machines."),
    ("NetworkHandler", "Read a network. Deprecated: use subnets."),
    ("NetworksHandler", "Read networks. Deprecated: use subnets."),
    ("NodeHandler", "Read or delete a machine, device or controller."),
    ("NodesHandler", "Read machines, devices and controllers."),
    ("NotificationHandler", "Manage a notification."),
    ("NotificationsHandler", "Manage notifications to users."),
    ("OidcProviderHandler", "Manage an OpenID Connect provider that users log in at."),
    ("OidcProvidersHandler", "Manage the OpenID Connect providers that users log in at."),
    ("PackageRepositoriesHandler", "Manage package repositories."),
    ("PackageRepositoryHandler", "Manage a package repository."),
    ("PartitionHandler", "Manage a partition of a block device."),
    ("PartitionsHandler", "Manage the partitions of a block device."),
    ("RackControllerHandler", "Manage a rack controller."),
    ("RackControllersHandler", "Manage rack controllers."),
    ("RaidHandler", "Manage a RAID of a machine."),
    ("RaidsHandler", "Manage the RAIDs of a machine."),
    ("RegionControllerHandler", "Manage a region controller."),
    ("RegionControllersHandler", "Read region controllers."),
    ("ReservedIpHandler", "Manage an address that is kept for a client."),
    ("ReservedIpsHandler", "Manage addresses that are kept for clients."),
    ("ResourcePoolHandler", "Manage a resource pool."),
    ("ResourcePoolsHandler", "Manage resource pools."),
    ("SSHKeyHandler", "Manage an SSH key of the user that calls."),
    ("SSHKeysHandler", "Manage the SSH keys of the user that calls."),
    ("SSLKeyHandler", "Manage an SSL key of the user that calls."),
    ("SSLKeysHandler", "Manage the SSL keys of the user that calls."),
    ("SpaceHandler", "Manage a space."),
    ("SpacesHandler", "Manage spaces."),
    ("StaticRouteHandler", "Manage a static route."),
    ("StaticRoutesHandler", "Manage static routes."),
    ("SubnetHandler", "Manage a subnet."),
    ("SubnetsHandler", "Manage subnets."),
    ("TagHandler", "Manage a tag."),
    ("TagsHandler", "Manage tags."),
    ("UserHandler", "Manage a user."),
    ("UsersHandler", "Manage users."),
    ("VersionHandler", "Read the version of the API."),
    ("VlanHandler", "Manage a VLAN of a fabric."),
    ("VlansHandler", "Manage the VLANs of a fabric."),
    ("VmfsDatastoreHandler", "Manage a VMFS datastore of a machine."),
    ("VmfsDatastoresHandler", "Manage the VMFS datastores of a machine."),
    ("VolumeGroupHandler", "Manage a volume group of a machine."),
    ("VolumeGroupsHandler", "Manage the volume groups of a machine."),
    ("ZoneHandler", "Manage a physical zone."),
    ("ZonesHandler", "Manage physical zones."),
];

/// What a handler is for; what its first operation does, when nothing more is said of it.
pub(super) fn purpose(handler: &str, first: &'static str) -> &'static str {
    let known = HANDLERS.iter().find(|(name, _)| *name == handler);
    known.map_or(first, |(_, purpose)| *purpose)
}

#[cfg(test)]
mod tests {
    use super::HANDLERS;

    #[test]
    fn what_is_told_is_told_of_handlers_that_there_are() {
        let all = crate::operations();
        for (name, _) in HANDLERS {
            assert!(all.iter().any(|operation| operation.handler == *name), "{name}");
        }
    }
}
