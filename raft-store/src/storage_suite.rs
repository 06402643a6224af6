//! openraft's own suite for log and state machine, on the real ones.

use std::sync::Arc;

use openraft::StorageError;
use openraft::testing::log::{StoreBuilder, Suite};
use tempfile::TempDir;

use crate::config::MemoryPolicy;
use crate::database::Database;
use crate::log::LogStore;
use crate::state::StateMachine;
use crate::types::TypeConfig;
use crate::writer::{JoinOnDrop, Writer};

/// What a store leaves behind: its thread, which uses its folder until it ends.
type Leftover = (JoinOnDrop, TempDir);

struct Fresh;

impl StoreBuilder<TypeConfig, LogStore, StateMachine, Leftover> for Fresh {
    async fn build(&self) -> Result<(Leftover, LogStore, StateMachine), StorageError<TypeConfig>> {
        let dir = TempDir::new().expect("temporary folder");
        let database = Arc::new(
            Database::open(&dir.path().join("db"), MemoryPolicy::default()).expect("database"),
        );
        let (writer, thread) = Writer::start(Arc::clone(&database)).expect("writer");
        let log = LogStore::open(1, Arc::clone(&database), writer.clone()).expect("log");
        let machine = StateMachine::open(database, writer, dir.path().to_path_buf());
        Ok(((JoinOnDrop::new(thread), dir), log, machine.expect("state machine")))
    }
}

#[tokio::test]
async fn log_and_state_machine_pass_the_suite_of_openraft() {
    Suite::test_all(Fresh).await.expect("the suite passes");
}
