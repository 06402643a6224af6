//! How the time services of controllers stand.

use model::id::SystemId;
use model::time_service::TimeService;

use crate::row::Row;

impl Row for TimeService {
    type Id = SystemId;
    const TABLE: &'static str = "timeservice";

    fn id(&self) -> SystemId {
        self.system_id.clone()
    }
}
