//! What machines may ask of a region through this rack: the one list.
//!
//! Machines need the metadata service (the agent's conversation, cloud-init); contents come from the
//! rack's own cache. The API is for people and their programs, who reach regions by themselves: a
//! rack stands in the machines' network, and what it does not pass on nobody can attack from there.

use reqwest::Url;

/// The trees that are passed on.
const TREES: &[&str] = &["/MAAS/metadata/"];

/// Path and query as they go to a region, or none when the rack does not pass them on.
///
/// The path is decided on as it is sent: dot segments are resolved and runs of `/` are one, as the
/// region does it, so that no spelling of a path means one thing here and another one there.
#[must_use]
pub fn passed_on(path_and_query: &str) -> Option<String> {
    // The host is none: only what follows it is used.
    let url = Url::parse(&format!("http://region.invalid{path_and_query}")).ok()?;
    let mut path = String::with_capacity(url.path().len());
    for character in url.path().chars() {
        if character != '/' || !path.ends_with('/') {
            path.push(character);
        }
    }
    if !TREES.iter().any(|tree| path.starts_with(tree)) {
        return None;
    }
    if let Some(query) = url.query() {
        path.push('?');
        path.push_str(query);
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(asked: &str, sent: Option<&str>) {
        assert_eq!(passed_on(asked).as_deref(), sent, "{asked}");
    }

    #[test]
    fn what_the_agent_and_cloud_init_ask_for_is_passed_on() {
        for path in [
            "/MAAS/metadata/",
            "/MAAS/metadata/agent/hello",
            "/MAAS/metadata/agent/report",
            "/MAAS/metadata/status/abc123",
            "/MAAS/metadata/2012-03-01/meta-data/instance-id",
            "/MAAS/metadata/latest/user-data?x=1&y=%2F",
        ] {
            check(path, Some(path));
        }
        check("/MAAS//metadata///2012-03-01/", Some("/MAAS/metadata/2012-03-01/"));
        // Each `..` takes one empty segment away: nothing outside is meant, and none is sent.
        check("/MAAS/metadata//..//../api/2.0/", Some("/MAAS/metadata/api/2.0/"));
    }

    #[test]
    fn no_spelling_of_another_path_is_passed_on() {
        for path in [
            "/MAAS/api/2.0/machines/",
            "/MAAS/accounts/authenticate/",
            "/MAAS/metadata",
            "/MAAS/metadatax/",
            "/MAAS/metadata/../api/2.0/machines/",
            "/MAAS/metadata/%2e%2E/api/2.0/machines/",
            "/MAAS/metadata/..\\api/2.0/",
            "/MAAS/%6detadata/",
            "/metrics",
            "",
        ] {
            check(path, None);
        }
    }
}
