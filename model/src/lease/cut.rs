//! Cutting a dynamic range into blocks, on demand. Addresses of both families are cut alike.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address that is counted from: of one family, or of either.
pub trait Address: Copy + Ord {
    /// How many addresses of its family are before it.
    fn number(self) -> u128;

    /// The address of its family that so many are before; none when there are not that many.
    #[must_use]
    fn at(self, number: u128) -> Option<Self>;
}

impl Address for Ipv4Addr {
    fn number(self) -> u128 {
        self.to_bits().into()
    }

    fn at(self, number: u128) -> Option<Self> {
        u32::try_from(number).ok().map(Self::from_bits)
    }
}

impl Address for Ipv6Addr {
    fn number(self) -> u128 {
        self.to_bits()
    }

    fn at(self, number: u128) -> Option<Self> {
        Some(Self::from_bits(number))
    }
}

impl Address for IpAddr {
    fn number(self) -> u128 {
        match self {
            Self::V4(ip) => ip.number(),
            Self::V6(ip) => ip.number(),
        }
    }

    fn at(self, number: u128) -> Option<Self> {
        match self {
            Self::V4(ip) => ip.at(number).map(Self::V4),
            Self::V6(ip) => ip.at(number).map(Self::V6),
        }
    }
}

/// Addresses of one family from `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span<A = Ipv4Addr> {
    /// The first address.
    pub first: A,
    /// The last address.
    pub last: A,
}

impl<A: Address> Span<A> {
    /// How many addresses it has; 0 when `last` is before `first`. More than can be counted are as many
    /// as can be.
    #[must_use]
    pub fn len(&self) -> u64 {
        if self.last < self.first {
            return 0;
        }
        let beyond = self.last.number().saturating_sub(self.first.number());
        u64::try_from(beyond.saturating_add(1)).unwrap_or(u64::MAX)
    }

    /// Whether it has no address.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it contains the address.
    #[must_use]
    pub fn contains(&self, ip: A) -> bool {
        self.first <= ip && ip <= self.last
    }

    /// Its two halves, of which the first is the larger one. Of one address, the second has none.
    #[must_use]
    pub fn halves(&self) -> (Self, Option<Self>) {
        let (start, len) = (self.first.number(), u128::from(self.len()));
        let middle = start + len.saturating_sub(1) / 2;
        match self.first.at(middle).zip(self.first.at(middle + 1)) {
            Some((last, first)) if len >= 2 => {
                (Self { last, ..*self }, Some(Self { first, ..*self }))
            }
            _ => (*self, None),
        }
    }

    /// It without its first address; none of one address.
    #[must_use]
    pub fn without_first(&self) -> Option<Self> {
        let first = self.first.at(self.first.number().checked_add(1)?)?;
        Some(Self { first, ..*self }).filter(|rest| !rest.is_empty())
    }

    /// It without its last address; none of one address.
    #[must_use]
    pub fn without_last(&self) -> Option<Self> {
        let last = self.last.at(self.last.number().checked_sub(1)?)?;
        Some(Self { last, ..*self }).filter(|rest| !rest.is_empty())
    }

    /// Whether an address lies in both.
    #[must_use]
    pub fn overlaps(&self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// Its addresses, in order.
    pub fn addresses(&self) -> impl Iterator<Item = A> + use<A> {
        let (first, start) = (self.first, self.first.number());
        (0..self.len()).filter_map(move |beyond| first.at(start + u128::from(beyond)))
    }
}

/// How many addresses a block of a range has: small ranges have small blocks, so that several racks
/// get some and a rack that is lost takes few with it; large ranges have large ones, so that there are
/// few to renew. A range of four addresses or more has at least four.
#[must_use]
pub fn block_len<A: Address>(range: Span<A>) -> u64 {
    let sixteenth = (range.len() / 16).next_power_of_two().clamp(4, 64);
    let of_large = (range.len() / 64).next_power_of_two().min(1024);
    sixteenth.max(of_large).min((range.len() / 4).max(1))
}

/// The blocks that can be cut from a range of which `taken` is cut already, in order.
pub fn cuts<A: Address>(
    range: Span<A>,
    taken: impl IntoIterator<Item = Span<A>>,
) -> impl Iterator<Item = Span<A>> {
    let mut taken: Vec<Span<A>> = taken.into_iter().collect();
    taken.sort_unstable();
    let mut taken = taken.into_iter().peekable();
    let (len, last) = (u128::from(block_len(range)), range.last.number());
    // None when the last address of its family is cut.
    let mut start = Some(range.first.number());
    std::iter::from_fn(move || {
        while let Some(span) = taken.peek() {
            if span.first.number() > start? {
                break;
            }
            start = start.max(span.last.number().checked_add(1));
            if span.last.number() == u128::MAX {
                start = None;
            }
            taken.next();
        }
        let from = start?;
        let gap_last = taken.peek().map_or(last, |span| (span.first.number() - 1).min(last));
        if from > gap_last {
            return None;
        }
        let to = from.saturating_add(len - 1).min(gap_last);
        start = to.checked_add(1);
        Some(Span { first: range.first.at(from)?, last: range.first.at(to)? })
    })
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
    fn a_large_range_of_ipv6_is_cut_as_others_are() {
        let ip = |text: &str| text.parse::<Ipv6Addr>().unwrap();
        let range = Span { first: ip("fd00::"), last: ip("fd00::ffff:ffff:ffff:ffff") };
        assert_eq!((range.len(), block_len(range)), (u64::MAX, 1_024));
        let first = Span { first: ip("fd00::"), last: ip("fd00::3ff") };
        let second = Span { first: ip("fd00::400"), last: ip("fd00::7ff") };
        assert_eq!(cuts(range, []).take(2).collect::<Vec<_>>(), [first, second]);
        assert_eq!(cuts(range, [first]).next(), Some(second));
        assert_eq!(first.halves().1.map(|half| half.first), Some(ip("fd00::200")));
        let end = Span { first: ip("ffff::"), last: Ipv6Addr::from_bits(u128::MAX) };
        assert_eq!(cuts(end, [end]).next(), None);
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
