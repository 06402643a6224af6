//! The table of settings as a page: `docs/settings.md`.

use std::fmt::Write;

use crate::setting::table::{SETTINGS, Usage};

const HEAD: &str = "\
# Settings
Site settings by MAAS's names: `maas/?op=get_config|set_config`. All can be read. Those that
Ironraft does not support cannot be set and read as MAAS's default; the reason is in the answer, and below.
This page is made from `model/src/setting/table.rs`; a test compares them.
";

const TAIL: &str = "
## What is kept, and for how long
| what | how long |
|---|---|
| events | `events_max_age_days` and `events_max_count`, whichever is less |
| join tokens | a day after they ended |
| contents that no image refers to | an hour; longer while an upload or a deployment uses them |
| files of contents that are gone | an hour, at each region |
| uploads that nobody went on with | a day |
| what tools printed on a machine | until the machine is deleted; the last output of each tool |
| history of the store, for watches and racks that were away | a day, a million revisions or 4 GiB, whichever is least (`Retention` in `raft-store/src/config.rs`) |
";

/// The page.
#[must_use]
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    section(&mut page, "Settings that Ironraft reads", "read by", |usage| match usage {
        Usage::Read(files) => Some(format!("`{}`", files.join("`, `"))),
        Usage::Clients | Usage::Refused(_) => None,
    });
    section(&mut page, "Settings that clients keep", "read by", |usage| match usage {
        Usage::Clients => Some("clients".to_owned()),
        Usage::Read(_) | Usage::Refused(_) => None,
    });
    section(&mut page, "Settings that are refused", "why", |usage| match usage {
        Usage::Refused(reason) => Some(reason.to_owned()),
        Usage::Read(_) | Usage::Clients => None,
    });
    page.push_str(TAIL);
    page
}

fn section(page: &mut String, title: &str, last: &str, shown: impl Fn(Usage) -> Option<String>) {
    let _ = write!(
        page,
        "\n## {title}\n| name | values | default | meaning | {last} |\n|---|---|---|---|---|\n"
    );
    for known in SETTINGS {
        let Some(shown) = shown(known.usage) else { continue };
        let (name, form, doc) = (known.name, known.form.words(), known.doc);
        let default = known.default.value();
        let _ = writeln!(page, "| `{name}` | {form} | `{default}` | {doc} | {shown} |");
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::setting::typed::READ;

    #[test]
    fn the_page_is_up_to_date() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/settings.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, page()).expect("the page can be written");
        }
        let present = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(present == page(), "docs/settings.md is old; run this test with UPDATE_DOCS=1");
    }

    /// What is said to be read is named in the files that are said to read it.
    #[test]
    fn files_that_read_a_setting_name_it() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for known in SETTINGS {
            let Usage::Read(files) = known.usage else { continue };
            let constant = READ.iter().find(|(name, _, _)| *name == known.name).map(|row| row.1);
            let constant = constant.expect("a typed setting");
            for file in files {
                let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
                assert!(text.contains(constant), "{file} does not read {constant}");
            }
        }
    }
}
