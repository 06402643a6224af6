//! Settings and controllers.

use crate::harness::{By, Region};

#[tokio::test]
async fn settings_have_defaults_and_are_set_by_administrators() {
    let region = Region::start().await;
    let ttl = "maas/?op=get_config&name=default_dns_ttl";
    assert_eq!(region.get(By::User, ttl).await.assert(200).text, "30");
    let set = |value| [("op", "set_config"), ("name", "default_dns_ttl"), ("value", value)];
    region.post(By::User, "maas/", &set("60")).await.assert(403);
    assert_eq!(region.post(By::Admin, "maas/", &set("60")).await.assert(200).text, "OK");
    assert_eq!(region.get(By::User, ttl).await.text, "60");
    let wrong = region.post(By::Admin, "maas/", &set("x")).await;
    wrong.assert_field("default_dns_ttl", "Enter a whole number.");
    let refused = [("op", "set_config"), ("name", "enable_analytics"), ("value", "false")];
    region.post(By::Admin, "maas/", &refused).await.assert_field(
        "enable_analytics",
        "Ironraft does not support setting enable_analytics yet: nothing is reported to anybody.",
    );
    let refused = "maas/?op=get_config&name=enable_analytics";
    assert_eq!(region.get(By::User, refused).await.assert(200).text, "true", "MAAS's default");
    let unknown = region.get(By::User, "maas/?op=get_config&name=nosuch").await.assert(400);
    assert!(unknown.text.contains("nosuch is not a valid config setting"), "{}", unknown.text);
    region.get(By::User, "maas/?op=get_config&name=ntp_server").await.assert(200);
    assert_eq!(region.get(By::User, "maas/?op=get_config").await.text, "No provided name!");
}

#[tokio::test]
async fn the_archives_of_ubuntu_are_read_and_set_as_the_settings_that_they_were() {
    let region = Region::start().await;
    let main = "maas/?op=get_config&name=main_archive";
    assert_eq!(region.get(By::User, main).await.json(), "http://archive.ubuntu.com/ubuntu");
    let set = |value| [("op", "set_config"), ("name", "main_archive"), ("value", value)];
    let mirror = "http://mirror.example/ubuntu";
    region.post(By::User, "maas/", &set(mirror)).await.assert(403);
    assert_eq!(region.post(By::Admin, "maas/", &set(mirror)).await.assert(200).text, "OK");
    assert_eq!(region.get(By::User, main).await.json(), mirror);
    let repository = region.get(By::User, "package-repositories/1/").await.json();
    assert_eq!(repository["url"], mirror);
    let wrong = region.post(By::Admin, "maas/", &set("nowhere")).await;
    wrong.assert_field("main_archive", "Enter a valid repository URL or PPA location.");
    let ports = "maas/?op=get_config&name=ports_archive";
    assert_eq!(region.get(By::User, ports).await.json(), "http://ports.ubuntu.com/ubuntu-ports");
}
