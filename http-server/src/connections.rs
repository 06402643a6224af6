//! How many connections there are: in all, and from each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The connections that are open, by address.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    per_address_max: usize,
}

/// A connection that counts until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted {
    connections: Connections,
    address: IpAddr,
}

impl Connections {
    pub(crate) fn new(per_address_max: usize) -> Self {
        Self { open: Arc::default(), per_address_max }
    }

    /// Counts a connection; none when there are as many from this address as may be.
    pub(crate) fn count(&self, address: IpAddr) -> Option<Counted> {
        let mut open = self.open();
        let known = open.get(&address).copied().unwrap_or_default();
        if known >= self.per_address_max {
            return None;
        }
        open.insert(address, known + 1);
        Some(Counted { connections: self.clone(), address })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        match open.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_and_gets_them_back() {
        let connections = Connections::new(2);
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let first = connections.count(one);
        let second = connections.count(one);
        assert!(first.is_some() && second.is_some());
        assert!(connections.count(one).is_none());
        assert!(connections.count(other).is_some());
        drop(first);
        let third = connections.count(one);
        assert!(third.is_some() && connections.count(one).is_none());
        drop((second, third));
        assert!(connections.open().is_empty(), "nothing is remembered of who has left");
    }
}
