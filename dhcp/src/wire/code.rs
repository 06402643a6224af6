//! The option codes that are read or written (IANA BOOTP/DHCP parameters).

/// Subnet mask (RFC 2132 §3.3).
pub const SUBNET_MASK: u8 = 1;
/// Routers (RFC 2132 §3.5).
pub const ROUTER: u8 = 3;
/// Domain name servers (RFC 2132 §3.8).
pub const DOMAIN_NAME_SERVER: u8 = 6;
/// Host name (RFC 2132 §3.14).
pub const HOST_NAME: u8 = 12;
/// Domain name (RFC 2132 §3.17).
pub const DOMAIN_NAME: u8 = 15;
/// Interface MTU (RFC 2132 §5.1).
pub const INTERFACE_MTU: u8 = 26;
/// Broadcast address (RFC 2132 §5.3).
pub const BROADCAST_ADDRESS: u8 = 28;
/// Network Time Protocol servers (RFC 2132 §8.3).
pub const NTP_SERVERS: u8 = 42;
/// Vendor-specific information (RFC 2132 §8.4); encapsulated PXE options.
pub const VENDOR_SPECIFIC: u8 = 43;
/// Requested IP address (RFC 2132 §9.1).
pub const REQUESTED_ADDRESS: u8 = 50;
/// IP address lease time (RFC 2132 §9.2).
pub const LEASE_TIME: u8 = 51;
/// Option overload (RFC 2132 §9.3).
pub const OVERLOAD: u8 = 52;
/// DHCP message type (RFC 2132 §9.6).
pub const MESSAGE_TYPE: u8 = 53;
/// Server identifier (RFC 2132 §9.7).
pub const SERVER_IDENTIFIER: u8 = 54;
/// Parameter request list (RFC 2132 §9.8).
pub const PARAMETER_REQUEST_LIST: u8 = 55;
/// Message, the reason of a NAK (RFC 2132 §9.9).
pub const MESSAGE: u8 = 56;
/// Maximum DHCP message size (RFC 2132 §9.10).
pub const MESSAGE_SIZE_MAX: u8 = 57;
/// Renewal time T1 (RFC 2132 §9.11).
pub const RENEWAL_TIME: u8 = 58;
/// Rebinding time T2 (RFC 2132 §9.12).
pub const REBINDING_TIME: u8 = 59;
/// Vendor class identifier (RFC 2132 §9.13).
pub const VENDOR_CLASS: u8 = 60;
/// Client identifier (RFC 2132 §9.14).
pub const CLIENT_IDENTIFIER: u8 = 61;
/// TFTP server name (RFC 2132 §9.4).
pub const TFTP_SERVER_NAME: u8 = 66;
/// Boot file name (RFC 2132 §9.5).
pub const BOOT_FILE_NAME: u8 = 67;
/// User class (RFC 3004); iPXE sends the bare text `iPXE`.
pub const USER_CLASS: u8 = 77;
/// Rapid commit (RFC 4039).
pub const RAPID_COMMIT: u8 = 80;
/// Client FQDN (RFC 4702).
pub const CLIENT_FQDN: u8 = 81;
/// Relay agent information (RFC 3046).
pub const RELAY_AGENT_INFORMATION: u8 = 82;
/// Seconds since a client was heard last (RFC 4388).
pub const CLIENT_LAST_TRANSACTION_TIME: u8 = 91;
/// All addresses of a client (RFC 4388).
pub const ASSOCIATED_IP: u8 = 92;
/// Client system architecture (RFC 4578 §2.1).
pub const CLIENT_ARCHITECTURE: u8 = 93;
/// Client machine identifier, a UUID (RFC 4578 §2.3).
pub const CLIENT_UUID: u8 = 97;
/// Subnet selection (RFC 3011).
pub const SUBNET_SELECTION: u8 = 118;
/// Domain search list (RFC 3397).
pub const DOMAIN_SEARCH: u8 = 119;
/// Classless static routes (RFC 3442).
pub const CLASSLESS_ROUTES: u8 = 121;
/// Options of iPXE (encapsulated).
pub const IPXE_ENCAPSULATED: u8 = 175;
/// Classless static routes for older Windows.
pub const CLASSLESS_ROUTES_WINDOWS: u8 = 249;
