//! The life of a client, message by message.

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::continuity::check::planted::{address, at};

const SERVER: [u8; 4] = [10, 64, 0, 2];

/// A client with all that it acts with.
struct Scene {
    client: Client,
    chance: StdRng,
    history: History,
}

impl Scene {
    fn new(family: Family, stays: Option<(Duration, Leaving)>) -> (Self, Saying) {
        let (mut chance, mut history) = (StdRng::seed_from_u64(1), History::default());
        let renew_max = Duration::MAX;
        let mut world = World { now: at(0), chance: &mut chance, history: &mut history, renew_max };
        let (client, saying) = Client::start(Identity::new(family, 7), stays, &mut world);
        (Self { client, chance, history }, saying)
    }

    /// A client that has an address for 120 s since the beginning.
    fn bound(family: Family, stays: Option<(Duration, Leaving)>) -> Self {
        let (mut scene, discover) = Self::new(family, stays);
        let request = scene.told(Verdict::Offer, &discover, 9, 0).expect("it takes the offer");
        assert_eq!(scene.told(Verdict::Granted, &request, 9, 0), None);
        scene
    }

    fn told(&mut self, verdict: Verdict, to: &Saying, last: u8, now: u64) -> Option<Saying> {
        let answer = Answer {
            verdict,
            xid: to.xid,
            address: (verdict != Verdict::Refused).then(|| address(last)),
            server: SERVER.to_vec(),
            lease: at(120),
            renew: None,
            rebind: None,
            resolvers: Vec::new(),
        };
        let (client, mut world) = self.at(now);
        client.receive(answer, &mut world)
    }

    fn tick(&mut self, now: u64) -> Option<Saying> {
        let (client, mut world) = self.at(now);
        client.tick(&mut world)
    }

    fn at(&mut self, now: u64) -> (&mut Client, World<'_, StdRng>) {
        let Self { client, chance, history } = self;
        (client, World { now: at(now), chance, history, renew_max: Duration::MAX })
    }
}

#[test]
fn a_client_asks_until_it_is_offered_something_and_takes_it() {
    for family in Family::ALL {
        let (mut scene, discover) = Scene::new(family, None);
        assert_eq!(discover.said, Said::Discover);
        assert_eq!(scene.tick(0), None, "it waits");
        let again = scene.tick(6).expect("it asks again");
        assert_eq!(again, discover);
        let request = scene.told(Verdict::Offer, &again, 9, 7).expect("it takes it");
        let server = SERVER.to_vec();
        assert_eq!(request.said, Said::Request { address: address(9), server });
        assert_eq!(scene.told(Verdict::Offer, &again, 8, 7), None, "a second offer is too late");
        assert_eq!(scene.told(Verdict::Granted, &request, 9, 8), None);
        let ask = &scene.history.asks[0];
        assert_eq!((ask.discovers, ask.offers, ask.sent), (2, 2, 3));
        assert_eq!((ask.ended, ask.granted), (Some(at(8)), true));
        let holding = &scene.history.holdings[0];
        assert_eq!((holding.from, holding.until), (at(8), at(127)), "from the sending on");
    }
}

#[test]
fn a_client_renews_at_its_server_then_at_any_and_then_begins_anew() {
    let mut scene = Scene::bound(Family::V4, None);
    assert_eq!(scene.client.due(), Some(at(60)));
    let renew = scene.tick(60).expect("T1");
    assert_eq!(renew.said, Said::Renew { address: address(9), server: SERVER.to_vec() });
    let rebind = scene.tick(105).expect("T2");
    assert_eq!(rebind.said, Said::Rebind { address: address(9) });
    assert_eq!(scene.tick(120).expect("the end").said, Said::Discover);
    let holding = &scene.history.holdings[0];
    assert_eq!(holding.ended, Some((at(120), Ending::Lapsed)));
    let kinds: Vec<_> = scene.history.asks.iter().map(|ask| (ask.kind, ask.granted)).collect();
    let new = Kind::New(Family::V4);
    assert_eq!(kinds, [(new, true), (Kind::Renewing(Family::V4), false), (new, false)]);
}

#[test]
fn a_renewal_lengthens_what_the_client_has() {
    let mut scene = Scene::bound(Family::V6, None);
    let renew = scene.tick(60).expect("T1");
    assert_eq!(scene.told(Verdict::Granted, &renew, 9, 61), None);
    assert_eq!(scene.history.holdings.len(), 1);
    assert_eq!(scene.history.holdings[0].until, at(180));
    let renew = scene.tick(120).expect("T1");
    scene.told(Verdict::Granted, &renew, 8, 121);
    assert_eq!(scene.history.holdings[0].ended, Some((at(121), Ending::Moved)));
    assert_eq!(scene.history.holdings[1].address, address(8));
}

#[test]
fn a_refusal_is_noted_where_the_client_had_the_address() {
    let (mut scene, discover) = Scene::new(Family::V4, None);
    let request = scene.told(Verdict::Offer, &discover, 9, 0).expect("it takes it");
    let anew = scene.told(Verdict::Refused, &request, 9, 1).expect("it begins anew");
    assert_eq!((anew.said, scene.history.withdrawn), (Said::Discover, 1));
    assert!(scene.history.refusals.is_empty());
    assert_eq!(scene.history.asks.len(), 1, "it still asks for the same");

    let mut scene = Scene::bound(Family::V4, None);
    let renew = scene.tick(60).expect("T1");
    let anew = scene.told(Verdict::Refused, &renew, 9, 61).expect("it begins anew");
    assert_eq!(anew.said, Said::Discover);
    assert_eq!(scene.history.refusals[0].until, at(120));
    assert_eq!(scene.history.holdings[0].ended, Some((at(61), Ending::Refused)));
}

#[test]
fn who_leaves_gives_back_or_is_gone() {
    let mut scene = Scene::bound(Family::V4, Some((at(30), Leaving::Releases)));
    let release = scene.tick(30).expect("it gives back");
    assert!(matches!(release.said, Said::Release { .. }));
    assert_eq!(scene.history.holdings[0].end(), at(30));
    assert_eq!(scene.client.due(), None);

    let mut scene = Scene::bound(Family::V6, Some((at(30), Leaving::Vanishes)));
    assert_eq!(scene.tick(30), None);
    let holding = &scene.history.holdings[0];
    assert_eq!((holding.end(), holding.attended), (at(120), false));
}

#[test]
fn an_answer_to_another_transaction_is_none() {
    let mut scene = Scene::bound(Family::V4, None);
    let renew = scene.tick(60).expect("T1");
    let other = Saying { xid: renew.xid + 1, ..renew };
    scene.told(Verdict::Granted, &other, 9, 61);
    assert_eq!(scene.history.holdings[0].until, at(120));
}

#[test]
fn a_request_that_nobody_answers_is_given_up() {
    let (mut scene, discover) = Scene::new(Family::V4, None);
    scene.told(Verdict::Offer, &discover, 9, 0).expect("it takes it");
    assert!(matches!(scene.tick(6).expect("again").said, Said::Request { .. }));
    assert_eq!(scene.tick(20).expect("anew").said, Said::Discover);
    assert_eq!(scene.history.asks.len(), 1);
}
