//! The description of the API as `OpenAPI`, and where clients find it. What it says of each operation is tested beside
//! the code, whether it is valid by a validator (`ironraft/tests/clients/openapi.py`).

use serde_json::json;

use crate::harness::{By, Region};

#[tokio::test]
async fn everybody_reads_the_description_with_the_name_and_the_address_of_the_site() {
    let region = Region::start().await;
    let name = [("op", "set_config"), ("name", "maas_name"), ("value", "plant")];
    region.post(By::Admin, "maas/", &name).await.assert(200);
    let answer = region.get(By::Nobody, "openapi.yaml").await.assert(200);
    assert_eq!(answer.headers["content-type"], "application/openapi+yaml");
    for line in [
        "\nopenapi: \"3.0.0\"\n",
        "description: \"plant API\"\n",
        "url: \"http://localhost:5240/MAAS/api/2.0/\"\n",
        "\n  \"/machines/op-allocate\":\n",
        "operationId: \"MachinesHandler_allocate\"\n",
    ] {
        assert!(answer.text.contains(line), "{line}");
    }
}

#[tokio::test]
async fn everybody_finds_the_descriptions_of_the_api() {
    let region = Region::start().await;
    for path in ["/MAAS/api/", "/MAAS/api"] {
        let landing = region.get(By::Nobody, path).await.assert(200);
        assert_eq!(landing.headers["content-type"], "application/json");
        let landing = landing.json();
        assert_eq!(landing["title"], "MAAS API");
        for link in landing["resources"].as_array().unwrap() {
            let (path, kind) = (link["path"].as_str().unwrap(), link["type"].as_str().unwrap());
            assert_eq!(link["href"], json!(format!("http://localhost:5240{path}")));
            let found = region.get(By::Nobody, path).await.assert(200);
            assert!(found.headers["content-type"].to_str().unwrap().starts_with(kind), "{path}");
        }
    }
}
