//! The page of the documentation.

use native::problem::KINDS;

use crate::harness::{By, Region};

#[tokio::test]
async fn the_page_loads_only_its_own_files_and_has_every_kind_of_problem() {
    let region = Region::start().await;
    let page = region.get(By::Nobody, "docs").await.assert(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for (_, name, title) in KINDS {
        assert!(page.text.contains(&format!("id=\"{name}\"")), "{name}");
        assert!(page.text.contains(title), "{title}");
    }
    for inline in ["<style", "style=", "onclick", "<script>", "https://", "//cdn"] {
        assert!(!page.text.contains(inline), "{inline} is in the page");
    }
    for (_, rest) in page.text.match_indices("=\"/api").map(|(at, _)| page.text.split_at(at + 2)) {
        let path = &rest[..rest.find('"').unwrap()];
        let file = region.get(By::Nobody, path).await.assert(200);
        assert!(!file.text.contains("https://"), "{path} asks somebody else");
    }
}

#[tokio::test]
async fn files_have_their_types() {
    let region = Region::start().await;
    for (file, media_type) in
        [("docs/docs.css", "text/css"), ("docs/docs.js", "text/javascript"), ("docs/", "text/html")]
    {
        let answer = region.get(By::Nobody, file).await.assert(200);
        assert!(answer.header("content-type").starts_with(media_type), "{file}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}
