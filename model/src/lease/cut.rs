//! Cutting a dynamic range into blocks, on demand.

use std::net::Ipv4Addr;

/// Addresses from `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first address.
    pub first: Ipv4Addr,
    /// The last address.
    pub last: Ipv4Addr,
}

impl Span {
    /// How many addresses it has; 0 when `last` is before `first`.
    #[must_use]
    pub fn len(&self) -> u64 {
        let (first, last) = (u64::from(self.first.to_bits()), u64::from(self.last.to_bits()));
        (last + 1).saturating_sub(first)
    }

    /// Whether it has no address.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it contains the address.
    #[must_use]
    pub fn contains(&self, ip: Ipv4Addr) -> bool {
        self.first <= ip && ip <= self.last
    }

    /// Its addresses, in order.
    pub fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> + use<> {
        (self.first.to_bits()..=self.last.to_bits()).map(Ipv4Addr::from_bits)
    }
}

/// How many addresses a block of a range has: small ranges have small blocks, so that several racks
/// get some and a rack that is lost takes few with it.
#[must_use]
pub fn block_len(range: Span) -> u64 {
    (range.len() / 16).next_power_of_two().clamp(4, 64).min(range.len())
}

/// The next block to cut from a range of which `taken` is cut already; none when nothing is left.
#[must_use]
pub fn next_block(range: Span, taken: &[Span]) -> Option<Span> {
    let mut taken: Vec<Span> = taken.to_vec();
    taken.sort_unstable();
    let end = u64::from(range.last.to_bits()) + 1;
    let mut start = u64::from(range.first.to_bits());
    let mut gap_end = end;
    for span in taken {
        let (first, last) = (u64::from(span.first.to_bits()), u64::from(span.last.to_bits()));
        if last < start {
            continue;
        }
        if first > start {
            gap_end = first.min(end);
            break;
        }
        start = last + 1;
    }
    if start >= gap_end {
        return None;
    }
    let last = (start + block_len(range)).min(gap_end) - 1;
    Some(Span { first: address(start)?, last: address(last)? })
}

fn address(bits: u64) -> Option<Ipv4Addr> {
    u32::try_from(bits).ok().map(Ipv4Addr::from_bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(first: u8, last: u8) -> Span {
        Span { first: Ipv4Addr::new(10, 0, 0, first), last: Ipv4Addr::new(10, 0, 0, last) }
    }

    #[track_caller]
    fn check(range: Span, taken: &[Span], want: Option<Span>) {
        assert_eq!(next_block(range, taken), want);
    }

    #[test]
    fn blocks_follow_each_other_and_the_last_one_is_shorter() {
        check(span(100, 111), &[], Some(span(100, 103)));
        check(span(100, 109), &[span(100, 103)], Some(span(104, 107)));
        check(span(100, 109), &[span(104, 107), span(100, 103)], Some(span(108, 109)));
        check(span(100, 109), &[span(100, 103), span(104, 107), span(108, 109)], None);
    }

    #[test]
    fn a_gap_is_filled_first() {
        check(span(100, 120), &[span(104, 107)], Some(span(100, 103)));
        check(span(100, 120), &[span(100, 101), span(104, 107)], Some(span(102, 103)));
    }

    #[test]
    fn blocks_outside_the_range_do_not_matter() {
        check(span(100, 103), &[span(10, 20), span(110, 120)], Some(span(100, 103)));
        check(span(100, 103), &[span(90, 101)], Some(span(102, 103)));
    }

    #[test]
    fn the_last_address_of_all_is_usable() {
        let last = Ipv4Addr::BROADCAST;
        let range = Span { first: Ipv4Addr::new(255, 255, 255, 254), last };
        check(range, &[], Some(range));
        check(range, &[range], None);
    }
}
