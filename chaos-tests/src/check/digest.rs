//! The same index, the same state: replicas that applied the same entries have the same bytes.

use std::collections::BTreeMap;

/// The digests seen so far, by the index up to which entries were applied.
#[derive(Debug, Clone, Default)]
pub struct Digests {
    seen: BTreeMap<u64, (u64, u64)>,
}

impl Digests {
    /// Takes in the digest of a node.
    ///
    /// # Errors
    /// When another one is known for the index.
    pub fn observe(&mut self, node: u64, index: u64, digest: u64) -> Result<(), String> {
        let (first, known) = *self.seen.entry(index).or_insert((node, digest));
        if known == digest {
            return Ok(());
        }
        Err(format!("nodes {first} and {node} differ after entry {index}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Digests;

    #[test]
    fn nodes_that_differ_are_found() {
        let mut digests = Digests::default();
        assert_eq!(Ok(()), digests.observe(1, 7, 100));
        assert_eq!(Ok(()), digests.observe(2, 8, 200));
        assert_eq!(Ok(()), digests.observe(2, 7, 100));
        assert!(digests.observe(3, 7, 101).is_err());
    }
}
