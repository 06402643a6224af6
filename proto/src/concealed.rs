//! How messages with secrets are printed: without them.

use std::fmt;

use model::machine::power::parameters::PowerParameters;

use crate::cluster::{CreateTokenReply, JoinRequest, join_request};
use crate::rack::PowerJob;

impl fmt::Debug for PowerJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { machine, id, action, driver, parameters, attempt } = self;
        let parameters: PowerParameters =
            parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        f.debug_struct("PowerJob")
            .field("machine", machine)
            .field("id", id)
            .field("action", action)
            .field("driver", driver)
            .field("parameters", &parameters)
            .field("attempt", attempt)
            .finish()
    }
}

impl fmt::Debug for JoinRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { token: _, request_pem: _, node } = self;
        f.debug_struct("JoinRequest").field("node", node).finish_non_exhaustive()
    }
}

impl fmt::Debug for join_request::Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Region(region) => region.fmt(f),
            Self::Rack(rack) => rack.fmt(f),
        }
    }
}

impl fmt::Debug for CreateTokenReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateTokenReply").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKER: &str = "hunter2";

    #[track_caller]
    fn check(message: &impl fmt::Debug) {
        let printed = format!("{message:?} {message:#?}");
        assert!(!printed.contains(MARKER), "{printed}");
    }

    #[test]
    fn no_message_prints_its_secrets() {
        let parameters =
            ["power_pass", "k_g", "x"].map(|name| (name.to_owned(), MARKER.to_owned()));
        let job = PowerJob { parameters: parameters.into(), ..PowerJob::default() };
        check(&job);
        check(&crate::rack::Object { object: Some(crate::rack::object::Object::PowerJob(job)) });
        check(&JoinRequest { token: MARKER.to_owned(), ..JoinRequest::default() });
        check(&CreateTokenReply { token: MARKER.to_owned() });
    }
}
