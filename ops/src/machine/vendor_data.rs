//! The site's settings for deployed systems, as cloud-init takes them from the metadata service:
//! time servers, proxy, log server.

use model::setting::typed::{ENABLE_HTTP_PROXY, HTTP_PROXY, NTP_SERVERS, REMOTE_SYSLOG};
use serde_json::{Map, Value, json};

use crate::site::settings;
use tables::error::TableError;
use tables::read::Reads;

/// The vendor data of every machine: YAML with a cloud-config in it, as MAAS's data source wants
/// it. What is inside is JSON, so nothing that was set can break out of it.
///
/// # Errors
/// [`TableError`].
pub fn vendor_data(reads: &impl Reads) -> Result<String, TableError> {
    let mut config = Map::new();
    let servers = settings::read(reads, &NTP_SERVERS)?;
    if !servers.is_empty() {
        config.insert("ntp".to_owned(), json!({ "enabled": true, "servers": servers }));
    }
    let proxy = settings::read(reads, &HTTP_PROXY)?;
    if let Some(proxy) = proxy
        && settings::read(reads, &ENABLE_HTTP_PROXY)?
    {
        config.insert("apt".to_owned(), json!({ "proxy": proxy }));
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

    async fn with(pairs: &[(&str, &str)]) -> String {
        let tables = Tables::new(Store::in_memory());
        for (name, text) in pairs {
            let known = settings::known(name).unwrap();
            settings::set(&tables, &administrator(), known, text).await.unwrap();
        }
        vendor_data(&tables.view().await.unwrap()).unwrap()
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
             {\\\"apt\\\":{\\\"proxy\\\":\\\"http://10.0.0.2:3128/\\\"},\
             \\\"ntp\\\":{\\\"enabled\\\":true,\
             \\\"servers\\\":[\\\"ntp.example.com\\\",\\\"10.0.0.1\\\"]},\
             \\\"rsyslog\\\":{\\\"remotes\\\":{\\\"maas\\\":\\\"log:514\\\"}}}\\n\"\n"
        );
        let off = with(&[proxy, ("enable_http_proxy", "false")]).await;
        assert!(!off.contains("3128"), "{off}");
    }
}
