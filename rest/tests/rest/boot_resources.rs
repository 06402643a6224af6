//! `boot-resources/`: names of images. Uploads of their contents are tried with region processes.

use model::boot::resource::BootResource;
use model::id::BootResourceId;
use model::time::Timestamp;
use ops::image::boot_resources::{self, NewResource};
use serde_json::Value;

use crate::harness::{By, Region, administrator};

/// A new version of an image, as the API shows the image then.
async fn upload(region: &Region, name: &str, content: char) -> Value {
    let new = NewResource {
        name: name.to_owned(),
        title: String::new(),
        architecture: "amd64/generic".to_owned(),
        base_image: String::new(),
        filetype: "tgz".to_owned(),
        sha256: content.to_string().repeat(64),
        size_bytes: 1,
        upload_node: 1,
    };
    let made = boot_resources::create(&region.tables, &administrator(), &new).await;
    let path = format!("boot-resources/{}/", made.unwrap().0.id.0);
    region.get(By::User, &path).await.assert(200).json()
}

#[tokio::test]
async fn a_custom_image_is_shown_without_the_word_that_says_so() {
    let region = Region::start().await;
    let made = upload(&region, "custom/web", 'a').await;
    assert_eq!((&made["name"], &made["type"]), (&"web".into(), &"Uploaded".into()));
    let again = upload(&region, "web", 'b').await;
    assert_eq!(again["id"], made["id"], "the same image in another version");
    assert_eq!(again["sets"].as_object().unwrap().len(), 2);
    let release = upload(&region, "debian/bookworm", 'c').await;
    assert_eq!(release["name"], "debian/bookworm");
}

#[tokio::test]
async fn a_custom_image_that_a_version_before_wrote_is_the_same_one() {
    let region = Region::start().await;
    let written = BootResource {
        id: BootResourceId(7),
        name: "custom/web".to_owned(),
        title: String::new(),
        architecture: "amd64/generic".to_owned(),
        base_image: String::new(),
        sets: Vec::new(),
        last_deployed: Some(Timestamp::from_unix_ms(1_000)),
        created: Timestamp::default(),
    };
    region.store(&written).await;
    let shown = region.get(By::User, "boot-resources/7/").await.json();
    assert_eq!(shown["name"], "web");
    assert_eq!(shown["last_deployed"], "1970-01-01T00:00:01.000Z");
    assert_eq!(upload(&region, "custom/web", 'a').await["id"], 7);
}
