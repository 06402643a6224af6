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

    /// Its two halves, of which the first is the larger one. Of one address, the second has none.
    #[must_use]
    pub fn halves(&self) -> (Self, Option<Self>) {
        let len = u32::try_from(self.len()).unwrap_or(u32::MAX);
        if len < 2 {
            return (*self, None);
        }
        let last = Ipv4Addr::from_bits(self.first.to_bits() + (len - 1) / 2);
        let first = Ipv4Addr::from_bits(last.to_bits() + 1);
        (Self { last, ..*self }, Some(Self { first, ..*self }))
    }

    /// It without its first address; none of one address.
    #[must_use]
    pub fn without_first(&self) -> Option<Self> {
        let first = Ipv4Addr::from_bits(self.first.to_bits().checked_add(1)?);
        Some(Self { first, ..*self }).filter(|rest| !rest.is_empty())
    }

    /// It without its last address; none of one address.
    #[must_use]
    pub fn without_last(&self) -> Option<Self> {
        let last = Ipv4Addr::from_bits(self.last.to_bits().checked_sub(1)?);
        Some(Self { last, ..*self }).filter(|rest| !rest.is_empty())
    }

    /// Whether an address lies in both.
    #[must_use]
    pub fn overlaps(&self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// Its addresses, in order.
    pub fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> + use<> {
        (self.first.to_bits()..=self.last.to_bits()).map(Ipv4Addr::from_bits)
    }
}

/// How many addresses a block of a range has: small ranges have small blocks, so that several racks
/// get some and a rack that is lost takes few with it; large ranges have large ones, so that there are
/// few to renew. A range of four addresses or more has at least four.
#[must_use]
pub fn block_len(range: Span) -> u64 {
    let sixteenth = (range.len() / 16).next_power_of_two().clamp(4, 64);
    let of_large = (range.len() / 64).next_power_of_two().min(1024);
    sixteenth.max(of_large).min((range.len() / 4).max(1))
}

/// The blocks that can be cut from a range of which `taken` is cut already, in order.
pub fn cuts(range: Span, taken: impl IntoIterator<Item = Span>) -> impl Iterator<Item = Span> {
    let mut taken: Vec<Span> = taken.into_iter().collect();
    taken.sort_unstable();
    let mut taken = taken.into_iter().peekable();
    let (len, end) = (block_len(range), u64::from(range.last.to_bits()) + 1);
    let mut start = u64::from(range.first.to_bits());
    std::iter::from_fn(move || {
        while let Some(span) = taken.peek() {
            if u64::from(span.first.to_bits()) > start {
                break;
            }
            start = start.max(u64::from(span.last.to_bits()) + 1);
            taken.next();
        }
        let gap_end = taken.peek().map_or(end, |span| u64::from(span.first.to_bits()).min(end));
        if start >= gap_end {
            return None;
        }
        let cut = Span { first: address(start)?, last: address((start + len).min(gap_end) - 1)? };
        start = u64::from(cut.last.to_bits()) + 1;
        Some(cut)
    })
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
        assert_eq!(cuts(range, taken.iter().copied()).next(), want);
    }

    #[test]
    fn blocks_follow_each_other_and_the_last_one_is_shorter() {
        let taken: Vec<Span> = (0..4).map(|at| span(100 + 4 * at, 103 + 4 * at)).collect();
        check(span(100, 117), &[], Some(span(100, 103)));
        check(span(100, 117), &taken[..1], Some(span(104, 107)));
        check(span(100, 117), &taken, Some(span(116, 117)));
        check(span(100, 115), &taken, None);
    }

    #[test]
    fn a_gap_is_filled_first() {
        check(span(100, 120), &[span(104, 107)], Some(span(100, 103)));
        check(span(100, 120), &[span(100, 101), span(104, 107)], Some(span(102, 103)));
    }

    #[test]
    fn all_gaps_are_cut_in_order() {
        let taken = [span(104, 105), span(110, 120)];
        let found: Vec<Span> = cuts(span(100, 123), taken).collect();
        assert_eq!(found, [span(100, 103), span(106, 109), span(121, 123)]);
    }

    #[test]
    fn large_ranges_have_large_blocks() {
        let of = |len: u32| {
            block_len(Span {
                first: Ipv4Addr::from_bits(0x0A00_0000),
                last: Ipv4Addr::from_bits(0x0A00_0000 + len - 1),
            })
        };
        assert_eq!(
            [32, 150, 4_096, 16_384, 65_536, 1 << 20].map(of),
            [4, 16, 64, 256, 1_024, 1_024]
        );
    }

    #[test]
    fn small_ranges_have_a_block_for_every_rack() {
        for (len, blocks) in [(1, 1), (2, 2), (3, 3), (4, 4), (7, 7), (8, 4), (15, 5), (16, 4)] {
            assert_eq!(cuts(span(100, 99 + len), []).count(), blocks, "of {len} addresses");
        }
    }

    #[test]
    fn halves_are_a_whole() {
        assert_eq!(span(100, 100).halves(), (span(100, 100), None));
        assert_eq!(span(100, 103).halves(), (span(100, 101), Some(span(102, 103))));
        assert_eq!(span(100, 102).halves(), (span(100, 101), Some(span(102, 102))));
    }

    #[test]
    fn blocks_outside_the_range_do_not_matter() {
        check(span(100, 119), &[span(10, 20), span(130, 140)], Some(span(100, 103)));
        check(span(100, 119), &[span(90, 101)], Some(span(102, 105)));
    }

    #[test]
    fn the_last_address_of_all_is_usable() {
        let last = Ipv4Addr::BROADCAST;
        let range = Span { first: Ipv4Addr::new(255, 255, 255, 254), last };
        let (first, second) = range.halves();
        check(range, &[first], second);
        check(range, &[range], None);
    }
}
