//! The site's settings for deployed systems, as cloud-init takes them from the metadata service:
//! time servers, package repositories, proxy, log server.

use model::machine::Machine;
use model::setting::typed::{ENABLE_HTTP_PROXY, HTTP_PROXY, REMOTE_SYSLOG};
use serde_json::{Map, Value, json};

use crate::machine::apt::{self, System};
use crate::network::time_servers;
use crate::site::{packagerepositories, settings};
use tables::error::TableError;
use tables::read::Reads;

/// The vendor data of a machine: YAML with a cloud-config in it, as MAAS's data source wants
/// it. What is inside is JSON, so nothing that was set can break out of it.
///
/// # Errors
/// [`TableError`].
pub fn vendor_data(reads: &impl Reads, machine: &Machine) -> Result<String, TableError> {
    let osystem = machine.deployment.as_ref().map_or("", |wanted| wanted.osystem.as_str());
    let system = System { osystem, architecture: &machine.hardware.architecture };
    let mut config = Map::new();
    let servers = time_servers::of_machine(reads, machine)?;
    if !servers.is_empty() {
        config.insert("ntp".to_owned(), json!({ "enabled": true, "servers": servers }));
    }
    let enabled = settings::read(reads, &ENABLE_HTTP_PROXY)?;
    let proxy = settings::read(reads, &HTTP_PROXY)?.filter(|_| enabled);
    let apt = apt::config(system, &packagerepositories::all(reads)?, proxy.as_deref());
    if !apt.is_empty() {
        config.insert("apt".to_owned(), apt.into());
    }
    if let Some(server) = settings::read(reads, &REMOTE_SYSLOG)? {
        config.insert("rsyslog".to_owned(), json!({ "remotes": { "maas": server } }));
    }
    let document = format!("#cloud-config\n{}\n", Value::Object(config));
    Ok(format!("cloud-init: {}\n", Value::String(document)))
}

#[cfg(test)]
mod tests {
    use crate::authorize::tests::administrator;
    use raft_store::Store;
    use tables::update::Tables;

    use super::*;

    /// What a machine is told in a site with these settings, on a subnet of a rack.
    async fn with(pairs: &[(&str, &str)]) -> String {
        let tables = Tables::new(Store::in_memory());
        for (name, text) in pairs {
            let known = settings::known(name).unwrap();
            settings::set(&tables, &administrator(), known, text).await.unwrap();
        }
        vendor_data(&tables.view().await.unwrap(), &machine()).unwrap()
    }

    fn machine() -> Machine {
        let mut machine = crate::machine::tag_evaluation::tests::machine(1);
        machine.hardware.architecture = "amd64/generic".to_owned();
        machine
    }

    #[tokio::test]
    async fn a_site_without_settings_says_nothing() {
        assert_eq!(with(&[]).await, "cloud-init: \"#cloud-config\\n{}\\n\"\n");
    }

    #[tokio::test]
    async fn time_proxy_and_log_servers_are_told() {
        let servers = ("ntp_servers", "ntp.example.com 10.0.0.1");
        let proxy = ("http_proxy", "http://10.0.0.2:3128/");
        let told = with(&[servers, proxy, ("remote_syslog", "log:514")]).await;
        assert_eq!(
            told,
            "cloud-init: \"#cloud-config\\n\
             {\\\"apt\\\":{\\\"preserve_sources_list\\\":true,\
             \\\"proxy\\\":\\\"http://10.0.0.2:3128/\\\"},\
             \\\"ntp\\\":{\\\"enabled\\\":true,\
             \\\"servers\\\":[\\\"ntp.example.com\\\",\\\"10.0.0.1\\\"]},\
             \\\"rsyslog\\\":{\\\"remotes\\\":{\\\"maas\\\":\\\"log:514\\\"}}}\\n\"\n"
        );
        let off = with(&[proxy, ("enable_http_proxy", "false")]).await;
        assert!(!off.contains("3128"), "{off}");
    }
}
