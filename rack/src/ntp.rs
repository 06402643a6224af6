//! The time service of a rack: it follows the regions, or the time servers of the site, and machines follow it.

use model::setting::typed::{NTP_EXTERNAL_ONLY, NTP_SERVERS};
use ntp::mode::Mode;
use ntp::sources::Sources;
use ntp::standing::Standing;
use ntp::telling;
use proto::rack::ReportTimeServiceRequest;
use proto::rack::report_time_service_request::State;
use tokio::sync::watch;
use tonic::Code;
use tracing::debug;

use crate::generation::{Follower, Generation};
use crate::uplink::Uplink;

/// Keeps what the service follows. Runs until there are no generations any more.
pub(crate) async fn follow(mut generations: Follower, sources: watch::Sender<Sources>) {
    while generations.changed().await {
        let step = generations.step();
        let wanted = sources_of(&step.generation);
        // A rack that knows nothing yet goes on with what it knew.
        if step.generation.is_loaded() {
            sources.send_if_modified(|known| {
                let is_new = *known != wanted;
                *known = wanted;
                is_new
            });
        }
    }
}

fn sources_of(generation: &Generation) -> Sources {
    if generation.setting(&NTP_EXTERNAL_ONLY) {
        return Sources::of(generation.setting(&NTP_SERVERS));
    }
    Sources::of(generation.regions.values().map(|region| region.address.to_string()))
}

/// Tells the regions how the service stands.
pub(crate) async fn report(mode: Mode, standing: watch::Receiver<Standing>, uplink: Uplink) {
    let tell = |request: &ReportTimeServiceRequest| {
        let (request, uplink) = (request.clone(), uplink.clone());
        async move {
            match uplink.connected().await.report_time_service(request).await {
                Ok(_) => true,
                // A region of a version before: it is told again when there is news, or a while later.
                Err(status) if status.code() == Code::Unimplemented => true,
                Err(status) => {
                    debug!("the region was not told of the time service: {status}");
                    false
                }
            }
        }
    };
    let is_news = |now: &ReportTimeServiceRequest, last: &ReportTimeServiceRequest| {
        let without_offset = |told: &ReportTimeServiceRequest| ReportTimeServiceRequest {
            offset_us: 0,
            ..told.clone()
        };
        without_offset(now) != without_offset(last)
    };
    telling::tell(standing, |standing| message(mode, standing), is_news, tell).await;
}

fn message(mode: Mode, standing: &Standing) -> Option<ReportTimeServiceRequest> {
    let of = |state: State| ReportTimeServiceRequest { state: state.into(), ..Default::default() };
    Some(match standing {
        _ if mode == Mode::Off => of(State::Off),
        Standing::Starting => return None,
        Standing::Down(reason) => {
            ReportTimeServiceRequest { reason: reason.clone(), ..of(State::Down) }
        }
        Standing::Unsynchronised => of(State::Unsynchronised),
        Standing::Synchronised(following) => ReportTimeServiceRequest {
            source: following.source.clone(),
            stratum: following.stratum.into(),
            offset_us: u64::try_from(following.offset.as_micros()).unwrap_or(u64::MAX),
            ..of(State::Synchronised)
        },
    })
}

#[cfg(test)]
mod tests {
    use model::controller::RegionController;
    use model::setting::Setting;
    use proto::convert::Served;

    use super::*;

    fn generation(settings: &[(&str, serde_json::Value)]) -> Generation {
        let mut generation = Generation { revision: 1, ..Generation::default() };
        for (number, address) in [(1, "10.0.0.1"), (2, "fd00::2")] {
            generation.put(Served::Region(RegionController {
                system_id: model::id::SystemId::from_number(number),
                node_id: number,
                hostname: format!("r{number}"),
                version: String::new(),
                address: address.parse().unwrap(),
            }));
        }
        for (name, value) in settings {
            let setting = Setting { name: (*name).to_owned(), value: value.clone() };
            generation.put(Served::Setting(setting));
        }
        generation
    }

    #[test]
    fn racks_follow_regions_unless_only_others_are_to_be_followed() {
        let regions = Sources::of(["10.0.0.1", "fd00::2"]);
        assert_eq!(sources_of(&generation(&[])), regions);
        let servers = ("ntp_servers", "ntp.example.org".into());
        assert_eq!(sources_of(&generation(std::slice::from_ref(&servers))), regions);
        let only = [servers, ("ntp_external_only", true.into())];
        assert_eq!(sources_of(&generation(&only)), Sources::of(["ntp.example.org"]));
    }

    #[test]
    fn a_rack_that_serves_no_time_says_so_and_one_that_begins_says_nothing() {
        assert_eq!(message(Mode::Serve, &Standing::Starting), None);
        let off = message(Mode::Off, &Standing::Starting).map(|told| told.state());
        assert_eq!(off, Some(State::Off));
        let down = message(Mode::Serve, &Standing::Down("no chrony".to_owned())).unwrap();
        assert_eq!((down.state(), &*down.reason), (State::Down, "no chrony"));
    }
}
