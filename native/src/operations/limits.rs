//! How much one operation may do.

use std::collections::BTreeSet;

use model::operation::TARGETS_MAX;
use model::setting::typed::OPERATION_DISRUPTED_MACHINES_MAX;
use ops::site::settings;

use crate::operations::plan::BulkPlan;
use crate::problem::Problem;
use crate::request::Request;
use crate::resource::Resource;

/// How many objects an operation may be about unless it says so.
pub const MAX_DEFAULT: usize = 50;

/// Refuses an operation on more objects than whoever asks for it expects, or on none.
///
/// # Errors
/// 400 that says how many are meant.
pub fn check_count(resource: &Resource, count: usize, max: Option<usize>) -> Result<(), Problem> {
    let max = max.unwrap_or(MAX_DEFAULT);
    if max > TARGETS_MAX {
        return Err(Problem::member("max", format!("It is at most {TARGETS_MAX}.")));
    }
    if count == 0 {
        return Err(Problem::new(404, format!("No {} are meant.", resource.name)));
    }
    if count > max {
        let message = format!(
            "{count} {} are meant, and at most {max} may be: say `max` if you mean them all, up to {TARGETS_MAX}.",
            resource.name
        );
        return Err(Problem::member("max", message).with("targets", count));
    }
    Ok(())
}

/// How many machines one operation may have lose power or data, as the site is set.
///
/// # Errors
/// When the setting cannot be read.
pub fn disrupted_max(request: &Request) -> Result<usize, Problem> {
    let max = settings::read(&request.view, &OPERATION_DISRUPTED_MACHINES_MAX)?;
    Ok(usize::try_from(max).unwrap_or(usize::MAX))
}

/// Refuses an operation whose plan has more machines lose power or data than the site allows.
///
/// # Errors
/// 409 that says how many would.
pub fn check_disrupted(plan: &BulkPlan, max: usize) -> Result<(), Problem> {
    let machines: BTreeSet<&str> =
        plan.effects.machines.iter().map(|machine| machine.system_id.as_str()).collect();
    if machines.len() <= max {
        return Ok(());
    }
    let message = format!(
        "{} machines would lose power or data, and this site lets one operation do so to {max} (setting {}).",
        machines.len(),
        OPERATION_DISRUPTED_MACHINES_MAX.name()
    );
    Err(Problem::new(409, message).with("machines", machines.len()))
}
