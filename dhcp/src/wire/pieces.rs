//! The options field of a `DHCPv4` message as it stands there, for who passes a message on: nothing is joined, nothing
//! is copied, and what comes after the end option is not looked at.

const PAD: u8 = 0;
const END: u8 = 255;

/// A piece of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The option.
    pub code: u8,
    /// What it says.
    pub value: &'a [u8],
    /// The piece with its head.
    pub whole: &'a [u8],
}

/// The pieces of a field, in their order.
#[derive(Debug, Clone)]
pub struct Pieces<'a> {
    field: &'a [u8],
    rest: &'a [u8],
    cut: bool,
}

impl<'a> Pieces<'a> {
    /// Those of a field.
    #[must_use]
    pub const fn of(field: &'a [u8]) -> Self {
        Self { field, rest: field, cut: false }
    }

    /// Walks to the end: where the options end in the field, before the end option if there is one. None when
    /// the last of them is cut off.
    #[must_use]
    pub fn end(mut self) -> Option<usize> {
        while self.next().is_some() {}
        (!self.cut).then(|| self.field.len() - self.rest.len())
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            let whole = self.rest;
            match whole {
                [] | [END, ..] => return None,
                [PAD, rest @ ..] => self.rest = rest,
                [code, length, rest @ ..] => {
                    let Some((value, rest)) = rest.split_at_checked(usize::from(*length)) else {
                        self.cut = true;
                        return None;
                    };
                    self.rest = rest;
                    let whole = &whole[..2 + value.len()];
                    return Some(Piece { code: *code, value, whole });
                }
                [_] => {
                    self.cut = true;
                    return None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_as_they_stand_and_the_end_is_known() {
        let field = [53, 1, 1, 0, 82, 2, 1, 0, 255, 12, 1, 7];
        let codes: Vec<u8> = Pieces::of(&field).map(|piece| piece.code).collect();
        assert_eq!(codes, [53, 82]);
        assert_eq!(Pieces::of(&field).last().unwrap().whole, [82, 2, 1, 0]);
        assert_eq!(Pieces::of(&field).end(), Some(8));
        assert_eq!(Pieces::of(&field[..8]).end(), Some(8), "without an end option");
        assert_eq!(Pieces::of(&[53, 1, 1, 0, 0]).end(), Some(5));
        for cut in [&[12][..], &[12, 2, 1], &[53, 1, 1, 12]] {
            assert_eq!(Pieces::of(cut).end(), None, "{cut:?}");
        }
    }
}
