//! What is done to a site, in this order.

use std::time::Duration;

use anyhow::ensure;

use super::fault::Fault;
use super::fault::clock::ClockStep;
use super::fault::cut::{Cut, Partition};
use super::fault::disk::DiskFull;
use super::fault::kill::Kill;
use super::fault::loss::Loss;
use super::fault::pause::PauseRack;
use super::fault::power::{Order, PowerCut};
use super::fault::regions::RegionLoss;

/// How long all regions are gone in a long run.
const REGIONS_GONE: Duration = Duration::from_secs(600);
/// New clients of each family a second meanwhile: racks have some hundreds of addresses for them.
const NEWCOMERS_WITHOUT_REGIONS: f64 = 0.6;
/// How far clocks jump, seconds.
const HOUR_S: i64 = 3_600;

/// Those of a short run.
pub const SHORT: [&str; 3] = ["leader killed", "rack killed", "racks cut off from all regions"];

/// All faults. `newcomers_per_second` is how many clients of each family come otherwise.
#[must_use]
pub fn all(newcomers_per_second: f64) -> Vec<Box<dyn Fault>> {
    let cuts = [
        Cut::RacksFromRegions,
        Cut::OneRack,
        Cut::LeaderFromRegions,
        Cut::LeaderFromAll,
        Cut::Regions,
        Cut::RackHearsNobody,
        Cut::NobodyHearsRack,
        Cut::NobodyHearsLeader,
        Cut::LeaderHearsNobody,
    ];
    let mut faults: Vec<Box<dyn Fault>> =
        vec![Box::new(Kill::Leader), Box::new(Kill::Rack), Box::new(PauseRack::Short)];
    faults.extend(cuts.map(|cut| Box::new(Partition(cut)) as Box<dyn Fault>));
    faults.extend([
        Box::new(Loss(20)) as Box<dyn Fault>,
        Box::new(ClockStep::Leader(HOUR_S)),
        Box::new(ClockStep::Follower(-HOUR_S)),
        Box::new(DiskFull::Leader),
        Box::new(DiskFull::All),
    ]);
    faults.push(Box::new(RegionLoss {
        least: REGIONS_GONE,
        newcomers_per_second: NEWCOMERS_WITHOUT_REGIONS.min(newcomers_per_second),
        usual_per_second: newcomers_per_second,
    }));
    faults.push(Box::new(PauseRack::LongerThanGrants));
    // At the end: what a rack that started anew may say without a region is little until its old grants are over, and a
    // loss of all regions meanwhile is two faults at once.
    let orders = [Order::RacksFirst, Order::RegionsFirst, Order::Mixed];
    faults.extend(orders.map(|order| Box::new(PowerCut(order)) as Box<dyn Fault>));
    faults
}

/// The faults whose names have one of these texts in them; all where there are none.
///
/// # Errors
/// When a text is in no name.
pub fn chosen(texts: &[String], newcomers_per_second: f64) -> anyhow::Result<Vec<Box<dyn Fault>>> {
    let mut all = all(newcomers_per_second);
    for text in texts {
        ensure!(all.iter().any(|fault| fault.name().contains(text)), "no fault is called {text}");
    }
    all.retain(|fault| texts.is_empty() || texts.iter().any(|text| fault.name().contains(text)));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{SHORT, all, chosen};

    #[test]
    fn faults_have_names_of_their_own_and_are_found_by_them() {
        let names: BTreeSet<String> = all(1.0).iter().map(|fault| fault.name()).collect();
        assert_eq!(names.len(), all(1.0).len());
        assert!(SHORT.iter().all(|name| names.contains(*name)));
        let killed = chosen(&["killed".to_owned()], 1.0).expect("there are some");
        assert_eq!(killed.len(), 2);
        chosen(&["earthquake".to_owned()], 1.0).expect_err("there is none");
    }
}
