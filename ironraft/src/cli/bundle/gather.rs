//! What a bundle is made of. Each part that cannot be read is noted, and the others are read all the same.

use model::secret::HIDDEN;
use serde_json::{Value, json};

use crate::cli::bundle::archive::{Bundle, file_name};
use crate::cli::bundle::redact::Redaction;

/// How many machines are told with their timelines.
const MACHINES_MAX: usize = 50;

/// Machines that failed, or are at something for longer than it may take.
const STUCK: &str = "status:failed*,broken OR deadline:>1s";

/// The members of machines that are told: no hardware, which is long and says who made what.
const MACHINE_FIELDS: &str = "system_id,hostname,fqdn,status_name,status_action,status_message,error_description,\
     power_state,power_type,architecture,osystem,distro_series,owner,pool,zone,ip_addresses,locked,revision";

/// What can be asked.
pub(crate) trait Source {
    /// What is at a path of the native API.
    async fn read(&self, elements: &[&str], query: &[(&str, &str)]) -> Result<Value, String>;

    /// The regions that are known by their addresses.
    fn regions(&self) -> Vec<String>;

    /// What one region answers at a path of its host.
    async fn of_region(&self, region: &str, path: &str) -> Result<String, String>;

    /// What the region on this host knows of the members.
    async fn members(&self) -> Result<Value, String>;

    /// Files of this host with what is in them: configurations and logs.
    async fn of_host(&self) -> Vec<(String, Result<String, String>)>;
}

/// Reads everything that there is.
pub(crate) async fn gather(source: &impl Source, redaction: &Redaction) -> Bundle {
    let mut gathered = Gathered { source, redaction, bundle: Bundle::default() };
    gathered.versions().await;
    gathered.regions().await;
    gathered.site().await;
    gathered.machines().await;
    gathered.host().await;
    gathered.bundle
}

struct Gathered<'a, S> {
    source: &'a S,
    redaction: &'a Redaction,
    bundle: Bundle,
}

impl<S: Source> Gathered<'_, S> {
    fn keep(&mut self, name: &str, read: &Result<Value, String>) {
        let text = match read {
            Ok(value) => Ok(format!("{:#}\n", self.redaction.json(value))),
            Err(why) => Err(self.redaction.text(why)),
        };
        self.bundle.keep(name, text);
    }

    fn keep_text(&mut self, name: &str, read: Result<String, String>) {
        let hide = |text: String| self.redaction.text(&text);
        let text = read.map(hide).map_err(hide);
        self.bundle.keep(name, text);
    }

    async fn read(&mut self, name: &str, elements: &[&str], query: &[(&str, &str)]) {
        let read = self.source.read(elements, query).await;
        self.keep(name, &read);
    }

    async fn versions(&mut self) {
        let served = self.source.read(&["version"], &[]).await;
        let command = env!("CARGO_PKG_VERSION");
        let told = match served {
            Ok(served) => json!({ "command": command, "region": served }),
            Err(why) => json!({ "command": command, "region": null, "why": why }),
        };
        self.keep("versions.json", &Ok(told));
    }

    async fn regions(&mut self) {
        let members = self.source.members().await;
        self.keep("cluster/members.json", &members);
        for region in self.source.regions() {
            for path in ["livez", "readyz", "metrics"] {
                let name =
                    format!("cluster/{}/{path}.txt", file_name(&self.redaction.text(&region)));
                let read = self.source.of_region(&region, &format!("/{path}")).await;
                self.keep_text(&name, read);
            }
        }
        for resource in ["regions", "racks"] {
            self.read(&format!("cluster/{resource}.json"), &[resource], &[("limit", "1000")]).await;
        }
    }

    async fn site(&mut self) {
        let parts: [(&str, &[(&str, &str)]); 7] = [
            ("events", &[("limit", "1000")]),
            ("operations", &[("filter", "state:running"), ("limit", "100")]),
            ("settings", &[("limit", "1000")]),
            ("webhooks", &[("limit", "100")]),
            ("notifications", &[("limit", "100")]),
            ("subnets", &[("limit", "1000")]),
            ("vlans", &[("limit", "1000")]),
        ];
        for (resource, query) in parts {
            let mut read = self.source.read(&[resource], query).await;
            if let ("webhooks", Ok(page)) = (resource, &mut read) {
                hide_paths(page);
            }
            self.keep(&format!("site/{resource}.json"), &read);
        }
        self.read("site/revisions.json", &["revisions"], &[("limit", "100")]).await;
    }

    async fn machines(&mut self) {
        let counts = [("limit", "0"), ("facets", "status,power,pool,zone")];
        self.read("machines/counts.json", &["machines"], &counts).await;
        let query = [("filter", STUCK), ("limit", "1000"), ("fields", MACHINE_FIELDS)];
        let stuck = self.source.read(&["machines"], &query).await;
        self.keep("machines/failed-or-stuck.json", &stuck);
        let stuck = stuck.unwrap_or_default();
        let ids = stuck["items"].as_array().into_iter().flatten();
        let ids = ids.filter_map(|machine| machine["system_id"].as_str());
        for id in ids.take(MACHINES_MAX) {
            let name = format!("machines/{}/timeline.json", file_name(id));
            self.read(&name, &["machines", id, "timeline"], &[("limit", "200")]).await;
        }
    }

    async fn host(&mut self) {
        for (name, read) in self.source.of_host().await {
            self.keep_text(&format!("host/{name}"), read);
        }
    }
}

/// Hides all of the addresses of webhooks but the host: what is behind it is often all that a receiver asks for.
fn hide_paths(page: &mut Value) {
    for hook in page["items"].as_array_mut().into_iter().flatten() {
        let url = hook["url"].as_str().unwrap_or_default();
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        hook["url"] = format!("{scheme}://{host}/{HIDDEN}").into();
    }
}
