//! Secrets that are planted everywhere are in no file of a bundle, over a region in memory.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::json;

use super::*;
use crate::cli::native::change::Change;
use crate::cli::site::api::SiteApi;
use crate::cli::site::tests::Region;

/// What is planted; all of them have this word.
const PLANTED: &str = "planted";

struct Planted {
    region: Region,
    /// What a webhook signs with.
    signs: String,
}

impl Source for Planted {
    async fn read(&self, elements: &[&str], query: &[(&str, &str)]) -> Result<Value, String> {
        let read = self.region.query(elements, query).await;
        read.map_err(|failure| failure.told().1)
    }

    fn regions(&self) -> Vec<String> {
        vec!["http://u:planted7@r1:5240".to_owned(), "http://r2:5240".to_owned()]
    }

    async fn of_region(&self, region: &str, path: &str) -> Result<String, String> {
        if region.contains("r2") {
            return Err("http://u:planted8@r2:5240: connection refused".to_owned());
        }
        Ok(format!("{path} ok\n"))
    }

    async fn members(&self) -> Result<Value, String> {
        Err("no region node runs on this host".to_owned())
    }

    async fn of_host(&self) -> Vec<(String, Result<String, String>)> {
        let profile = "endpoints = [\"http://r1\"]\napi_key = \"a:b:planted1\"\n";
        let log = "12:00 sent power_pass=planted2 to 10.0.0.1\n12:01 planted-key-planted3 was used\n\
                   -----BEGIN PRIVATE KEY-----\nplanted4\n-----END PRIVATE KEY-----\n";
        let files = [("profile.toml", profile), ("ironraft-region.log", log)];
        files.map(|(name, text)| (name.to_owned(), Ok(text.to_owned()))).into()
    }
}

async fn planted() -> Planted {
    let region = Region::start().await;
    let machine = json!({"hostname": "web", "architecture": "amd64/generic", "power_type": "ipmi",
        "power_parameters": {"power_address": "10.9.9.9", "power_user": "u", "power_pass": "planted5"},
        "mac_addresses": ["52:54:00:00:00:01"], "commission": false});
    region.make("machines", machine).await;
    let hook =
        json!({"name": "h", "url": "https://hooks.example/planted6", "resources": ["machines"]});
    let signs = region.make("webhooks", hook).await["secret"].as_str().unwrap().to_owned();
    let proxy =
        Change::update("settings", "http_proxy", json!({"value": "http://u:planted9@p:1/"}));
    region.change(&proxy).await.unwrap();
    let broken =
        Change::verb("machines", "web", "mark-broken", json!({"comment": "token: planted10"}));
    region.change(&broken).await.unwrap();
    Planted { region, signs }
}

/// The files of an archive by their names.
fn unpacked(bytes: &[u8]) -> Vec<(String, String)> {
    let mut archive = tar::Archive::new(GzDecoder::new(bytes));
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        (entry.path().unwrap().display().to_string(), text)
    });
    entries.collect()
}

#[tokio::test]
async fn no_planted_secret_is_in_a_bundle() {
    let source = planted().await;
    let redaction = Redaction::of(&["a:b:planted-key-planted3", source.region.key()]);
    let bundle = gather(&source, &redaction).await;
    let mut bytes = Vec::new();
    bundle.write(&mut bytes, "b", Timestamp::UNIX_EPOCH).unwrap();
    let files = unpacked(&bytes);
    for (name, text) in &files {
        assert!(!text.contains(PLANTED) && !name.contains(PLANTED), "{name}: {text}");
        assert!(!text.contains(&source.signs), "{name}: {text}");
        assert!(!text.contains(source.region.key()), "{name}: {text}");
    }
    let find = |name: &str| {
        let found = files.iter().find(|(known, _)| known == name);
        found.map(|(_, text)| text.as_str()).unwrap_or_else(|| {
            let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
            panic!("{name} is not among {names:?}")
        })
    };
    assert!(find("b/machines/failed-or-stuck.json").contains("\"web\""));
    assert!(find("b/site/settings.json").contains("http://***@p:1/"));
    assert!(find("b/host/ironraft-region.log").contains("power_pass=*** to 10.0.0.1"));
    assert!(
        files.iter().any(|(name, text)| name.ends_with("timeline.json") && text.contains("web"))
    );
    let manifest: Value = serde_json::from_str(find("b/manifest.json")).unwrap();
    let unread: Vec<&str> = manifest["could_not_be_read"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    let of_r2 = |path: &str| format!("cluster/http___r2_5240/{path}.txt");
    let wanted =
        ["cluster/members.json".to_owned(), of_r2("livez"), of_r2("readyz"), of_r2("metrics")];
    assert_eq!(unread, wanted);
}
