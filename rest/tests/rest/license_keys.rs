//! Licence keys.

use serde_json::json;

use crate::harness::{By, Region};

const ALL: &str = "license-keys/";
const ONE: &str = "license-key/windows/win2022";
const KEY: &str = "AB123-CD456-EF789-GH012-IJ345";

#[tokio::test]
async fn a_license_key_is_kept_changed_and_forgotten() {
    let region = Region::start().await;
    let form = [("osystem", "windows"), ("distro_series", "win2022"), ("license_key", KEY)];
    let created = region.post(By::Admin, ALL, &form).await.assert(200).json();
    let shape = json!({
        "osystem": "windows", "distro_series": "win2022", "license_key": "***",
        "resource_uri": "/MAAS/api/2.0/license-key/windows/win2022",
    });
    assert_eq!(created, shape);
    let form = [("distro_series", "windows/win2019"), ("license_key", KEY)];
    region.post(By::Admin, ALL, &form).await.assert(200);
    let all = region.get(By::Admin, ALL).await.assert(200).json();
    assert_eq!((&all[0]["distro_series"], &all[1]), (&json!("win2019"), &shape));
    assert_eq!(region.get(By::Admin, ONE).await.assert(200).json(), shape);
    let other = KEY.replace("AB", "XY");
    let changed = region.put(By::Admin, ONE, &[("license_key", other.as_str())]).await;
    assert_eq!(changed.assert(200).json()["license_key"], "***");
    region.delete(By::Admin, ONE).await.assert(204);
    region.delete(By::Admin, ONE).await.assert(204);
    let gone = region.get(By::Admin, ONE).await.assert(404);
    assert_eq!(gone.text, "No LicenseKey matches the given query.");
    region.put(By::Admin, ONE, &[("license_key", KEY)]).await.assert(404);
}

#[tokio::test]
async fn what_needs_no_license_key_gets_none() {
    let region = Region::start().await;
    let check = async |form: [(&str, &str); 3], field: &str, message: &str| {
        region.post(By::Admin, ALL, &form).await.assert_field(field, message);
    };
    let windows = ("osystem", "windows");
    let osystem = "'ubuntu' is not a valid osystem.  It should be one of: 'windows'.";
    let jammy = [("osystem", "ubuntu"), ("distro_series", "jammy"), ("license_key", KEY)];
    check(jammy, "osystem", osystem).await;
    let series = "'jammy' is not a valid distro_series.";
    check([windows, ("distro_series", "jammy"), ("license_key", KEY)], "distro_series", series)
        .await;
    let short = [windows, ("distro_series", "win2022"), ("license_key", "x")];
    check(short, "license_key", "Invalid license key.").await;
    let empty = [windows, ("distro_series", "win2022"), ("license_key", "")];
    check(empty, "license_key", "This field is required.").await;
    let form = [windows, ("distro_series", "win2022"), ("license_key", KEY)];
    region.post(By::Admin, ALL, &form).await.assert(200);
    let exists = "License key already exists for this operating system and distro series.";
    check(form, "__all__", exists).await;
    let denied = region.get(By::User, ALL).await.assert(403);
    assert_eq!(denied.text, "User is not allowed access to this API.");
    region.get(By::User, ONE).await.assert(403);
}
