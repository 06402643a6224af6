//! Router solicitations: which of them are taken (RFC 4861 §6.1.1). The kernel has verified the checksum.

use std::net::Ipv6Addr;

/// The type of the message.
pub const ROUTER_SOLICITATION: u8 = 133;
/// What no packet from beyond the link has any more.
const HOP_LIMIT: u8 = 255;
/// Type, code, checksum, and four reserved bytes.
const HEAD: usize = 8;
const SOURCE_LINK_ADDRESS: u8 = 1;

/// Why a message is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It may come from beyond the link.
    #[error("its hop limit is {0}")]
    HopLimit(u8),
    /// It is another message.
    #[error("it is no router solicitation")]
    Other,
    /// Its code means something that nobody knows.
    #[error("its code is {0}")]
    Code(u8),
    /// Its head or an option is cut off.
    #[error("it is cut off")]
    Cut,
    /// An option says that it has no bytes.
    #[error("an option is empty")]
    EmptyOption,
    /// Who has no address yet says where it is.
    #[error("it has a link-layer address and no source")]
    LinkAddress,
}

/// Whether a message of `ICMPv6` from that source is a router solicitation to be answered.
///
/// # Errors
/// [`Invalid`].
pub fn check(message: &[u8], hop_limit: u8, source: Ipv6Addr) -> Result<(), Invalid> {
    if hop_limit != HOP_LIMIT {
        return Err(Invalid::HopLimit(hop_limit));
    }
    let (head, mut options) = message.split_at_checked(HEAD).ok_or(Invalid::Cut)?;
    if head[0] != ROUTER_SOLICITATION {
        return Err(Invalid::Other);
    }
    if head[1] != 0 {
        return Err(Invalid::Code(head[1]));
    }
    while !options.is_empty() {
        let [code, eights, ..] = options else { return Err(Invalid::Cut) };
        if *eights == 0 {
            return Err(Invalid::EmptyOption);
        }
        if *code == SOURCE_LINK_ADDRESS && source.is_unspecified() {
            return Err(Invalid::LinkAddress);
        }
        options = options.get(usize::from(*eights) * 8..).ok_or(Invalid::Cut)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 7);
    /// With the link-layer address of who asks, and an option that nobody knows.
    const MESSAGE: [u8; 32] = [
        133, 0, 0xab, 0xcd, 0, 0, 0, 0, // head
        1, 1, 2, 0, 0, 0, 0, 7, // source link-layer address
        200, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    #[track_caller]
    fn checked(at: usize, byte: u8, expected: Result<(), Invalid>) {
        let mut message = MESSAGE;
        message[at] = byte;
        assert_eq!(check(&message, 255, HOST), expected);
    }

    #[test]
    fn a_solicitation_of_the_link_is_taken_with_options_that_nobody_knows() {
        assert_eq!(check(&MESSAGE, 255, HOST), Ok(()));
        assert_eq!(check(&MESSAGE[..16], 255, HOST), Ok(()));
        assert_eq!(check(&MESSAGE[..8], 255, Ipv6Addr::UNSPECIFIED), Ok(()), "no address yet");
    }

    #[test]
    fn what_may_come_from_beyond_the_link_or_means_something_else_is_not() {
        assert_eq!(check(&MESSAGE, 254, HOST), Err(Invalid::HopLimit(254)));
        checked(0, 134, Err(Invalid::Other));
        checked(1, 1, Err(Invalid::Code(1)));
        let nobody = check(&MESSAGE, 255, Ipv6Addr::UNSPECIFIED);
        assert_eq!(nobody, Err(Invalid::LinkAddress));
    }

    #[test]
    fn what_is_cut_off_or_has_an_empty_option_is_not_taken() {
        for len in (0..MESSAGE.len()).filter(|len| ![8, 16].contains(len)) {
            assert_eq!(check(&MESSAGE[..len], 255, HOST), Err(Invalid::Cut), "{len} bytes");
        }
        checked(9, 0, Err(Invalid::EmptyOption));
        checked(17, 3, Err(Invalid::Cut));
    }
}
