//! python-libmaas 0.6.8, unmodified: logs in with an API key, lists, allocates, deploys and
//! releases a machine of the lab.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use testkit::lab::slot::home;
use testkit::site::{self, IMAGE, Site};

const PACKAGE: &str = "python-libmaas==0.6.8";

#[tokio::test]
async fn python_libmaas_deploys_and_releases_a_machine() {
    let python = python().expect("a Python with python-libmaas");
    let binaries = site::binaries().expect("the binaries are built");
    let site = Site::build(&binaries, 1, 1, 1).await.expect("a site");
    let ids = site.make_ready().await.expect("a machine that is Ready");

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libmaas/life.py");
    let url = format!("{}/MAAS/", site.cluster.region_urls()[0]);
    let (osystem, series) = IMAGE;
    let output = Command::new(python)
        .arg(script)
        .args([&url, &site.cluster.key().text(), &ids[0], osystem, series])
        .output()
        .expect("Python starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{errors}");
    assert!(printed.contains("released Ready"), "{printed}");
}

/// The Python of a virtual environment with the package; made once.
fn python() -> anyhow::Result<PathBuf> {
    let folder = home()?.join(".cache/ironraft/libmaas-0.6.8");
    let python = folder.join("bin/python");
    let works = |python: &Path| {
        let check = Command::new(python).args(["-c", "import maas.client"]).output();
        check.is_ok_and(|output| output.status.success())
    };
    if !works(&python) {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", PACKAGE]))?;
    }
    ensure!(works(&python), "{PACKAGE} cannot be imported");
    Ok(python)
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
