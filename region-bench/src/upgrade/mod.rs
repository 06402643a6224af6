//! A rolling upgrade: three regions of a previous program are replaced one by one by the present
//! one, under reads and writes that never stop, and nothing that was there changes.

mod fill;
mod load;
mod look;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use self::load::Load;
use self::look::Look;
use crate::regions::Regions;

/// Last part but one of the regions' loopback addresses.
const NET: u8 = 74;

/// What is upgraded to what, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program before.
    pub previous: PathBuf,
    /// The program after.
    pub current: PathBuf,
    /// Where the data of the regions is while it runs.
    pub folder: PathBuf,
    /// What is told to whoever watches.
    pub say: fn(&str),
}

/// What the drill saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgraded {
    /// Kinds of objects that were compared.
    pub kinds: usize,
    /// Objects that were compared.
    pub objects: usize,
    /// Reads and writes meanwhile, all with success.
    pub requests: usize,
}

/// Runs the drill.
///
/// # Errors
/// When a request fails at all regions, an object changes, or a region does not start.
pub async fn run(options: &Options) -> anyhow::Result<Upgraded> {
    let Options { previous, current, say, .. } = options;
    std::fs::create_dir_all(&options.folder)?;
    let folder = tempfile::Builder::new().prefix("upgrade-").tempdir_in(&options.folder)?;
    say("three regions of the previous program");
    let mut regions = Regions::form(previous, folder.path(), NET, 3).await?;
    fill::all(&regions, folder.path()).await.context("the data of every kind")?;
    let before = Look::at(&regions, 0).await?;
    say(&format!("{} objects of {} kinds", before.objects(), before.kinds()));
    ensure!(before.empty_kinds().is_empty(), "nothing of {:?}", before.empty_kinds());
    let load = Load::start(&regions)?;
    let upgraded = replace(&mut regions, &before, current, *say).await;
    let seen = load.end().await;
    upgraded?;
    ensure!(seen.errors.is_empty(), "a client saw: {}", seen.errors.join("; "));
    ensure!(seen.requests > 0, "the load did nothing");
    seen.compare(&regions).await?;
    say("all regions start anew from what both programs wrote");
    for number in 0..regions.count() {
        regions.stop(number).await?;
    }
    for number in 0..regions.count() {
        regions.launch(number)?;
    }
    for number in 0..regions.count() {
        regions.wait_ready(number).await?;
    }
    same(&regions, &before).await?;
    Ok(Upgraded { kinds: before.kinds(), objects: before.objects(), requests: seen.requests })
}

/// Replaces the regions one by one, a follower first and the leader last.
async fn replace(
    regions: &mut Regions,
    before: &Look,
    current: &Path,
    say: fn(&str),
) -> anyhow::Result<()> {
    let leader = regions.leader().await?;
    let count = regions.count();
    for (done, number) in (1..=count).map(|step| (leader + step) % count).enumerate() {
        regions.stop(number).await?;
        regions.set_binary(number, current);
        regions.start(number).await?;
        regions.leader().await?;
        same(regions, before).await.with_context(|| format!("{} regions replaced", done + 1))?;
        crossed(regions, done).await?;
        say(&format!("{} of {count} regions replaced", done + 1));
    }
    Ok(())
}

/// Every region shows all that was there.
async fn same(regions: &Regions, before: &Look) -> anyhow::Result<()> {
    for number in 0..regions.count() {
        let now = Look::at(regions, number).await?;
        before.compare(&now).with_context(|| format!("region {}", number + 1))?;
    }
    Ok(())
}

/// What is written through one region is read through every other one.
async fn crossed(regions: &Regions, round: usize) -> anyhow::Result<()> {
    for writer in 0..regions.count() {
        let name = format!("crossed-{round}-{writer}");
        let form = [("name", name.as_str()), ("description", "through another")];
        let made = regions.rest(writer)?.post("zones/", &form).await?.success()?.json();
        for reader in 0..regions.count() {
            let read = regions.rest(reader)?.get(&format!("zones/{name}/")).await?.success()?;
            let read = read.json();
            ensure!(read == made, "region {} reads {read}, not {made}", reader + 1);
        }
    }
    Ok(())
}
