//! Operations: one verb on many objects, that are found when it is asked for. `POST machines/actions` makes one and
//! is answered at once; a reconciler of the leader carries it out, by the same operations that do it to one object, with
//! the rights that who asked for it has at that moment.
//!
//! No target is forgotten: what became of each is noted in the operation's row ([`model::operation`]), and whoever leads goes
//! on with those that wait. None is done twice: the transaction of a target remembers that it was done
//! ([`tables::request::once`]), by a name that is made of the operation's id and the target's.

pub mod cancel;
pub mod carry_out;
pub mod limits;
pub mod order;
pub mod plan;
pub mod shape;
pub mod targets;
pub mod work;

use crate::resource::Resource;
use crate::route::{Act, ROUTES};
use crate::verb::Verb;

/// The verbs that can be done to many objects of a resource by one request.
pub fn verbs(resource: &Resource) -> impl Iterator<Item = &'static Verb> {
    ROUTES.iter().filter_map(move |route| match &route.act {
        Act::Run(verb) if verb.is_for_many_of(resource) => Some(&**verb),
        _ => None,
    })
}
