//! `ipranges/`: IP ranges of subnets.

use crate::problem::Problem;
use model::id::IpRangeId;
use model::net::iprange::{IpRange, Purpose};

use crate::call::Call;
use crate::operation::Operation;
use crate::params::Params;
use crate::reply::Reply;
use crate::shapes::Shapes;
use ops::network::ipranges::{self, IpRangeChange};
use tables::error::TableError;
use tables::read::Reads;

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("IPRangesHandler", "ipranges/", |call| Box::pin(list(call)))
        .doc("List all IP ranges."),
    Operation::post("IPRangesHandler", "ipranges/", |call| Box::pin(create(call))).doc(
        "Create an IP range.\n\n\
         :param type: dynamic (for DHCP) or reserved (left alone).\n\
         :param start_ip: The first address.\n\
         :param end_ip: The last address.\n\
         :param subnet: The subnet; found by the first address if absent. Optional.\n\
         :param comment: Free text. Optional.",
    ),
    Operation::get("IPRangeHandler", "ipranges/{id}/", |call| Box::pin(read(call)))
        .doc("Read an IP range."),
    Operation::put("IPRangeHandler", "ipranges/{id}/", |call| Box::pin(update(call))).doc(
        "Update an IP range.\n\n\
         :param start_ip: The first address. Optional.\n\
         :param end_ip: The last address. Optional.\n\
         :param comment: Free text. Optional.",
    ),
    Operation::delete("IPRangeHandler", "ipranges/{id}/", |call| Box::pin(delete(call)))
        .doc("Delete an IP range."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let shapes = Shapes::new(&view);
    let ranges = view.list::<IpRange>()?;
    let ranges = ranges.iter().filter_map(|range| shape(&shapes, range).transpose());
    Ok(Reply::json(&ranges.collect::<Result<Vec<_>, _>>()?))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let (cause, change) = (call.cause("iprange.create"), change(&call.params)?);
    let range = ipranges::create(&call.parts.tables, &cause, call.user()?, &change).await?;
    answer(&call, range.id).await
}

async fn read(call: Call) -> Result<Reply, Problem> {
    answer(&call, call.id("id", "IPRange")?).await
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (cause, change) = (call.cause("iprange.update"), change(&call.params)?);
    let id = call.id("id", "IPRange")?;
    let range = ipranges::update(&call.parts.tables, &cause, call.user()?, id, &change).await?;
    answer(&call, range.id).await
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id = call.id("id", "IPRange")?;
    let cause = call.cause("iprange.delete");
    ipranges::delete(&call.parts.tables, &cause, call.user()?, id).await?;
    Ok(Reply::no_content())
}

async fn answer(call: &Call, id: IpRangeId) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let range = view.get::<IpRange>(&id)?;
    let shape = range.map(|range| shape(&Shapes::new(&view), &range)).transpose()?.flatten();
    shape.map(|shape| Reply::json(&shape)).ok_or_else(|| Problem::not_found("IPRange"))
}

fn shape(
    shapes: &Shapes<'_>,
    range: &IpRange,
) -> Result<Option<api::ipranges::IpRange>, TableError> {
    let user = range.user.map_or(Ok(None), |user| shapes.user(user))?;
    Ok(shapes.subnet(range.subnet)?.map(|subnet| api::ipranges::IpRange {
        id: range.id.0,
        kind: match range.purpose {
            Purpose::Dynamic => "dynamic".to_owned(),
            Purpose::Reserved => "reserved".to_owned(),
        },
        start_ip: range.start_ip,
        end_ip: range.end_ip,
        comment: range.comment.clone(),
        user,
        subnet,
        resource_uri: format!("/MAAS/api/2.0/ipranges/{}/", range.id),
    }))
}

fn change(params: &Params) -> Result<IpRangeChange, Problem> {
    let purpose = match params.get("type") {
        None => None,
        Some("dynamic") => Some(Purpose::Dynamic),
        Some("reserved") => Some(Purpose::Reserved),
        Some(other) => {
            let message =
                format!("Select a valid choice. {other} is not one of the available choices.");
            return Err(Problem::field("type", message));
        }
    };
    const NO_ADDRESS: &str = "Enter a valid IPv4 or IPv6 address.";
    Ok(IpRangeChange {
        purpose,
        start_ip: params.parsed("start_ip", NO_ADDRESS)?,
        end_ip: params.parsed("end_ip", NO_ADDRESS)?,
        subnet: params.get("subnet").filter(|text| !text.is_empty()).map(str::to_owned),
        comment: params.get("comment").map(str::to_owned),
    })
}
