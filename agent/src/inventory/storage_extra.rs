//! How a commissioning script wants the disks laid out. MAAS tells scripts of two files, and ours have the same names: one
//! that they write the layout to, and one with what is known of the machine, to which they may add it.

use std::path::Path;

use serde_json::Value;

use super::tools::Tools;

/// The variable that names the file for the layout.
const OWN_FILE: &str = "MAAS_STORAGE_CONFIG_FILE";
/// The variable that names the file of the machine's resources.
const RESOURCES_FILE: &str = "MAAS_RESOURCES_FILE";
/// What the layout is called there.
const KEY: &str = "storage-extra";

/// The layout, if a script told one.
pub(crate) fn examine(tools: &Tools<'_>) -> Option<Value> {
    let path = |name: &str| std::env::var_os(name).map(std::path::PathBuf::from);
    told(path(OWN_FILE).as_deref(), path(RESOURCES_FILE).as_deref()).unwrap_or_else(|wrong| {
        tools.note(&wrong);
        None
    })
}

/// The layout in either of two files.
fn told(own: Option<&Path>, resources: Option<&Path>) -> Result<Option<Value>, String> {
    if let Some(layout) = own.map(json).transpose()?.flatten() {
        return Ok(Some(layout));
    }
    let resources = resources.map(json).transpose()?.flatten();
    Ok(resources.and_then(|mut resources| Some(resources.get_mut(KEY)?.take())))
}

/// What is in a file, if it is there and not empty.
fn json(path: &Path) -> Result<Option<Value>, String> {
    let text = super::tools::read(path);
    if text.is_empty() {
        return Ok(None);
    }
    let read = serde_json::from_str(&text);
    read.map(Some).map_err(|error| format!("{} is no JSON: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::told;

    #[test]
    fn the_layout_is_in_a_file_of_its_own_or_among_the_resources() {
        let folder = tempfile::tempdir().expect("folder");
        let [own, resources] = ["own.json", "resources.json"].map(|name| folder.path().join(name));
        let told = || told(Some(&own), Some(&resources));
        assert_eq!(told(), Ok(None), "nobody wrote one");
        fs::write(&resources, r#"{"networks": {}}"#).expect("file");
        assert_eq!(told(), Ok(None), "the resources have none");
        let layout = json!({ "layout": {}, "mounts": {} });
        fs::write(&resources, json!({ "storage-extra": layout }).to_string()).expect("file");
        assert_eq!(told(), Ok(Some(layout)));
        let layout = json!({ "layout": { "sda": { "type": "disk" } }, "mounts": {} });
        fs::write(&own, layout.to_string()).expect("file");
        assert_eq!(told(), Ok(Some(layout)), "that of its own first");
        fs::write(&own, "{").expect("file");
        let wrong = told().expect_err("it is no JSON");
        assert!(wrong.contains("own.json is no JSON"), "{wrong}");
    }
}
