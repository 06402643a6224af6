//! Encodes the changes of a revision once for all racks, and leaves out what they know already.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use model::id::{SubnetId, SystemId, VlanId};
use model::lease::binding::{Binding, BindingState};
use model::lease::client::ClientId;
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::served::ServedMachine;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use proto::convert::{Key, Served, delete_to_bytes, put_to_bytes};
use proto::rack::ZoneSerial;
use raft_store::watch::Batch;
use tables::error::TableError;
use tables::object::{ObjectChange, ObjectId};
use tables::read::{Reads, View};
use tracing::error;

use crate::feed::audience::{Audience, Links};
use crate::feed::served::{key, served, zone_serial};

/// The changes of one revision as they are sent.
#[derive(Debug, Clone, Default)]
pub struct Encoded {
    /// The revision.
    pub revision: u64,
    /// Encoded changes of objects, and who needs them.
    pub changes: Vec<(Audience, Bytes)>,
    /// Serials of zones that became other ones.
    pub zone_serials: Vec<ZoneSerial>,
    /// Whether a region came, went or moved.
    pub regions_changed: bool,
    /// The links of all racks, when they are others now.
    pub links: Option<Arc<Links>>,
    /// The racks that need what they were not told before, and so a whole copy.
    pub renewed: Renewed,
}

/// Racks that need a whole copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Renewed {
    /// None.
    #[default]
    Nobody,
    /// These.
    Racks(BTreeSet<SystemId>),
    /// It is not known which, so all.
    All,
}

impl Encoded {
    /// About how much memory it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let changes = self.changes.iter();
        size_of::<Self>()
            + changes.map(|(audience, bytes)| size_of_val(audience) + bytes.len()).sum::<usize>()
    }
}

impl Renewed {
    /// Whether a rack is among them.
    #[must_use]
    pub fn includes(&self, rack: &SystemId) -> bool {
        match self {
            Self::Nobody => false,
            Self::Racks(racks) => racks.contains(rack),
            Self::All => true,
        }
    }
}

/// What the racks of other links are told of an object: the link that it is of, and who calls the address
/// by which name, because every rack serves all names.
type Elsewhere = (VlanId, Option<Named>);

/// Who calls an address by which name: client, hardware address, name.
type Named = (ClientId, Option<MacAddress>, Option<String>);

/// Encodes one revision after another. All that it remembers is what racks were told, so that a
/// power poll, which changes nothing for them, is not sent.
#[derive(Debug)]
pub struct Encoder {
    /// VLANs and subnets were read at this revision, so what the changes up to it moved is not known.
    begun: u64,
    vlans: BTreeMap<VlanId, Vlan>,
    subnets: BTreeMap<SubnetId, VlanId>,
    links: Arc<Links>,
    told: BTreeMap<Key, Bytes>,
    elsewhere: BTreeMap<Key, Elsewhere>,
}

/// What the changes of one revision do to links.
#[derive(Debug, Default)]
struct Moved {
    vlans: bool,
    subnets: bool,
    /// Where subnets are now that were elsewhere before.
    to: BTreeSet<VlanId>,
}

impl Encoder {
    /// One for the changes before and after a view.
    ///
    /// # Errors
    /// [`TableError`] when VLANs or subnets cannot be read.
    pub fn begin(view: &View) -> Result<Self, TableError> {
        let vlans = view.list::<Vlan>()?.into_iter().map(|vlan| (vlan.id, vlan)).collect();
        let subnets = view.list::<Subnet>()?;
        Ok(Self {
            begun: view.revision(),
            links: Arc::new(Links::of(&vlans)),
            vlans,
            subnets: subnets.iter().map(|subnet| (subnet.id, subnet.vlan)).collect(),
            told: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
        })
    }

    /// The links of all racks.
    #[must_use]
    pub fn links(&self) -> &Arc<Links> {
        &self.links
    }

    /// The changes of a batch. The view is not older; what cannot be read is logged and left
    /// out: one bad row must not keep racks from all others.
    pub fn encode(&mut self, at: &View, batch: &Batch) -> Encoded {
        let mut encoded = Encoded { revision: batch.revision, ..Encoded::default() };
        let mut moved = Moved::default();
        let mut machines = BTreeSet::new();
        for change in &batch.changes {
            let (key, value) = (&change.key, change.value.as_deref());
            if let Some(serial) = zone_serial(at, key, value) {
                encoded.zone_serials.push(serial);
                continue;
            }
            let changed = match ObjectId::of_key(key) {
                // Whatever part of it has changed, it is looked at once.
                Some(ObjectId::Machine(id)) if !machines.insert(id.clone()) => continue,
                Some(ObjectId::Machine(id)) => self.machine(at, batch.revision, id, &mut encoded),
                Some(_) => ObjectChange::of(at, key, value).map(|change| {
                    if let Some(change) = change {
                        self.object(change, &mut encoded, &mut moved);
                    }
                }),
                None => Ok(()),
            };
            if let Err(error) = changed {
                error!("racks are not told of a row: {error}");
            }
        }
        self.move_links(&moved, &mut encoded);
        encoded
    }

    /// A machine, from the model in memory if it is there. It may be of a later revision, and then
    /// nothing can be said of what racks know.
    fn machine(
        &mut self,
        at: &View,
        revision: u64,
        id: SystemId,
        encoded: &mut Encoded,
    ) -> Result<(), TableError> {
        let read = match at.state().machine(&id) {
            Some(machine) => Some(ServedMachine::of(machine)),
            None => at.get::<Machine>(&id)?.as_ref().map(ServedMachine::of),
        };
        let key = Key::Machine(id);
        let Some(machine) = read else {
            self.delete(&key, encoded);
            return Ok(());
        };
        let bytes = put_to_bytes(&Served::Machine(machine));
        if at.revision() != revision || at.state().revision() != revision {
            self.told.remove(&key);
            encoded.changes.push((Audience::All, bytes));
        } else {
            self.put(key, bytes, encoded);
        }
        Ok(())
    }

    fn object(&mut self, change: ObjectChange, encoded: &mut Encoded, moved: &mut Moved) {
        match change {
            ObjectChange::Put(object) => {
                let Some(served) = served(object) else { return };
                self.follow(&served, moved);
                encoded.regions_changed |= matches!(served, Served::Region(_));
                self.put_served(&served, encoded);
            }
            ObjectChange::Delete(id) => {
                let Some(key) = key(id) else { return };
                match &key {
                    Key::Vlan(id) => moved.vlans |= self.vlans.remove(id).is_some(),
                    Key::Subnet(id) => moved.subnets |= self.subnets.remove(id).is_some(),
                    Key::Region(_) => encoded.regions_changed = true,
                    _ => {}
                }
                self.delete(&key, encoded);
            }
        }
    }

    fn follow(&mut self, served: &Served, moved: &mut Moved) {
        match served {
            Served::Vlan(vlan) => {
                moved.vlans = true;
                self.vlans.insert(vlan.id, vlan.clone());
            }
            Served::Subnet(subnet) => {
                moved.subnets = true;
                let before = self.subnets.insert(subnet.id, subnet.vlan);
                if before.is_some_and(|before| before != subnet.vlan) {
                    moved.to.insert(subnet.vlan);
                }
            }
            _ => {}
        }
    }

    fn put_served(&mut self, served: &Served, encoded: &mut Encoded) {
        let (key, bytes) = (served.key(), put_to_bytes(served));
        match served {
            Served::Binding(binding) => {
                self.put_of_link(key, bytes, (binding.vlan, named(binding)), encoded);
            }
            Served::Block(block) => self.put_of_link(key, bytes, (block.vlan, None), encoded),
            Served::Reserved(reserved) => self.put_of_subnet(key, bytes, reserved.subnet, encoded),
            Served::StaticRoute(route) => self.put_of_subnet(key, bytes, route.source, encoded),
            Served::PrefixPool(pool) => self.put_of_subnet(key, bytes, pool.subnet, encoded),
            Served::DhcpSnippet(snippet) => match snippet.scope.subnet() {
                Some(subnet) => {
                    self.told.remove(&key);
                    self.put_of_subnet(key, bytes, subnet, encoded);
                }
                None => {
                    self.elsewhere.remove(&key);
                    self.put(key, bytes, encoded);
                }
            },
            // Another rack's job may have been this one's before.
            Served::PowerJob(job) => match &job.rack {
                Some(rack) => encoded.changes.extend([
                    (Audience::Rack(rack.clone()), bytes),
                    (Audience::OtherRacks(rack.clone()), delete_to_bytes(&key)),
                ]),
                None => encoded.changes.push((Audience::All, delete_to_bytes(&key))),
            },
            Served::NetworkScan(scan) => {
                encoded.changes.push((Audience::Rack(scan.rack.clone()), bytes));
            }
            _ => self.put(key, bytes, encoded),
        }
    }

    /// What the racks of a subnet's link need.
    fn put_of_subnet(&mut self, key: Key, bytes: Bytes, subnet: SubnetId, encoded: &mut Encoded) {
        match self.subnets.get(&subnet) {
            Some(&link) => self.put_of_link(key, bytes, (link, None), encoded),
            None => encoded.changes.push((Audience::All, bytes)),
        }
    }

    /// What all racks need.
    fn put(&mut self, key: Key, bytes: Bytes, encoded: &mut Encoded) {
        if self.told.get(&key) != Some(&bytes) {
            self.told.insert(key, bytes.clone());
            encoded.changes.push((Audience::All, bytes));
        }
    }

    /// What the racks of a link need; the others are told when it is of another link than before, or
    /// means another name.
    fn put_of_link(&mut self, key: Key, bytes: Bytes, is: Elsewhere, encoded: &mut Encoded) {
        let link = is.0;
        if self.elsewhere.get(&key) == Some(&is) {
            encoded.changes.push((Audience::Link(link), bytes));
        } else if is.1.is_some() {
            encoded.changes.push((Audience::All, bytes));
            self.elsewhere.insert(key, is);
        } else {
            encoded.changes.push((Audience::Link(link), bytes));
            encoded.changes.push((Audience::OtherLinks(link), delete_to_bytes(&key)));
            self.elsewhere.insert(key, is);
        }
    }

    fn delete(&mut self, key: &Key, encoded: &mut Encoded) {
        self.told.remove(key);
        self.elsewhere.remove(key);
        encoded.changes.push((Audience::All, delete_to_bytes(key)));
    }

    /// Who has a link now that it had not, or a subnet on it, lacks what is there.
    fn move_links(&mut self, moved: &Moved, encoded: &mut Encoded) {
        let before = Arc::clone(&self.links);
        if moved.vlans {
            self.links = Arc::new(Links::of(&self.vlans));
            encoded.links = (self.links != before).then(|| Arc::clone(&self.links));
        }
        if encoded.revision <= self.begun {
            if moved.vlans || moved.subnets {
                encoded.renewed = Renewed::All;
            }
            return;
        }
        let gained = self.links.gained_since(&before);
        let joined = moved.to.iter().flat_map(|link| self.links.racks(*link));
        let racks: BTreeSet<SystemId> = gained.chain(joined).cloned().collect();
        if !racks.is_empty() {
            encoded.renewed = Renewed::Racks(racks);
        }
    }
}

/// Who calls the address by which name. Without a name of its own the client may be a machine that
/// has one. A prefix has none.
pub(super) fn named(binding: &Binding) -> Option<Named> {
    (binding.state == BindingState::Active && binding.is_of_address())
        .then(|| (binding.client.clone(), binding.hardware, binding.hostname.clone()))
}
