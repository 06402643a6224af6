//! Files of users.

use axum::body::Body;
use http::Request;
use model::file::{File, FileContent};
use serde_json::json;
use tables::read::Reads;

use crate::harness::{Answer, By, Region};

/// Sends a file in a form, as gomaasapi does.
async fn upload(region: &Region, by: By, filename: &str, field: &str, content: &str) -> Answer {
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"filename\"\r\n\r\n{filename}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"x\"\r\n\r\n{content}\r\n\
         --b--\r\n"
    );
    let request = Request::post("/MAAS/api/2.0/files/")
        .header("content-type", "multipart/form-data; boundary=b")
        .header("authorization", region.authorization(by).unwrap());
    region.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_file_is_kept_listed_read_and_deleted() {
    let region = Region::start().await;
    let created =
        upload(&region, By::User, "b/provider state", "file", "content").await.assert(201);
    assert_eq!(created.text, "");
    upload(&region, By::User, "a", "file", "").await.assert(201);
    let one = "files/b/provider%20state/";
    let read = region.get(By::User, one).await.assert(200).json();
    let uri = read["anon_resource_uri"].as_str().unwrap().to_owned();
    let shape = json!({
        "filename": "b/provider state",
        "anon_resource_uri": uri,
        "content": "Y29udGVudA==",
        "resource_uri": "/MAAS/api/2.0/files/b/provider%20state/",
    });
    assert_eq!(read, shape);
    assert_eq!(region.get(By::User, "files/b%2Fprovider%20state/").await.json(), shape);
    let all = region.get(By::User, "files/").await.assert(200).json();
    let names = |all: &serde_json::Value| -> Vec<String> {
        let names = all.as_array().unwrap().iter().map(|file| file["filename"].as_str().unwrap());
        names.map(str::to_owned).collect()
    };
    assert_eq!(names(&all), ["a", "b/provider state"]);
    assert_eq!(all[1].get("content"), None);
    assert_eq!(names(&region.get(By::User, "files/?prefix=b/").await.json()), ["b/provider state"]);
    let by_name = "files/?op=get&filename=b/provider%20state";
    let by_name = region.get(By::User, by_name).await.assert(200);
    assert_eq!(by_name.headers["content-type"], "application/octet-stream");
    assert_eq!(by_name.text, "content");
    region.delete(By::User, one).await.assert(204);
    region.delete(By::User, "files/?filename=a").await.assert(204);
    assert_eq!(region.get(By::User, "files/").await.json(), json!([]));
    let view = region.tables.view().await.unwrap();
    assert_eq!(view.list::<FileContent>().unwrap(), []);
}

#[tokio::test]
async fn whoever_knows_its_key_reads_a_file_and_nobody_else_does() {
    let region = Region::start().await;
    upload(&region, By::User, "a", "file", "content").await.assert(201);
    let uri = region.get(By::User, "files/a/").await.json()["anon_resource_uri"].clone();
    let uri = uri.as_str().unwrap();
    let key = uri.strip_prefix("/MAAS/api/2.0/files/?op=get_by_key&key=").unwrap();
    assert_eq!(key.len(), 36);
    for by in [By::Nobody, By::Admin, By::User] {
        assert_eq!(region.get(by, uri).await.assert(200).text, "content");
    }
    // As in MAAS: nobody knows of what is for users.
    region.get(By::Nobody, "files/?op=get&filename=a").await.assert(400);
    region.get(By::Nobody, "files/").await.assert(400);
    region.get(By::Nobody, "files/a/").await.assert(401);
    let other = region.get(By::Nobody, "files/?op=get_by_key&key=x").await.assert(404);
    assert_eq!(other.text, "No FileStorage matches the given query.");
    let long = format!("files/?op=get_by_key&key={}", "x".repeat(5_000));
    region.get(By::Nobody, &long).await.assert(404);
    assert_eq!(region.get(By::Admin, "files/").await.json(), json!([]));
    let others = region.get(By::Admin, "files/a/").await.assert(404);
    assert_eq!(others.headers["workaround"], "bug1123986");
    assert_eq!(others.text, "Not Found");
    let others = region.get(By::Admin, "files/?op=get&filename=a").await.assert(404);
    assert_eq!(others.text, "File not found");
    region.delete(By::Admin, "files/a/").await.assert(404);
}

#[tokio::test]
async fn a_file_of_the_same_name_is_replaced_and_keeps_its_key() {
    let region = Region::start().await;
    upload(&region, By::User, "a", "file", "before").await.assert(201);
    let before = region.get(By::User, "files/a/").await.json();
    upload(&region, By::User, "a", "file", "after").await.assert(201);
    let after = region.get(By::User, "files/a/").await.json();
    assert_eq!(after["anon_resource_uri"], before["anon_resource_uri"]);
    assert_eq!(after["content"], "YWZ0ZXI=");
    assert_eq!(region.tables.view().await.unwrap().list::<File>().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_no_file_or_too_large_is_refused() {
    let region = Region::start().await;
    let nameless = upload(&region, By::User, "", "file", "x").await.assert(400);
    assert_eq!(nameless.text, "Filename not supplied");
    let misnamed = upload(&region, By::User, "a", "content", "x").await.assert(400);
    assert_eq!(misnamed.text, "File not supplied");
    let text = region.post(By::User, "files/", &[("filename", "a"), ("file", "x")]).await;
    assert_eq!(text.assert(400).text, "File not supplied");
    let large = upload(&region, By::User, "a", "file", &"x".repeat((1 << 20) + 1)).await;
    let message = "A file has at most 1048576 bytes, and this one 1048577. Keep it elsewhere, and its address here.";
    large.assert_field("file", message);
    upload(&region, By::User, "a", "file", &"x".repeat(1 << 20)).await.assert(201);
    let long = upload(&region, By::User, &"x".repeat(256), "file", "x").await;
    long.assert_field("filename", "Ensure this value has at most 255 characters (it has 256).");
    let nothing = region.delete(By::User, "files/").await.assert(400);
    assert_eq!(nothing.text, "No provided filename!");
    let long = format!("files/{}/", "x".repeat(5_000));
    region.get(By::User, &long).await.assert(404);
    region.delete(By::User, &long).await.assert(404);
}
