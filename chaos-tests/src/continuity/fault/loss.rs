//! Wires of the management network lose a part of what passes.

use async_trait::async_trait;

use super::{Fault, Stage};

/// So many of a hundred packets, between all nodes.
#[derive(Debug)]
pub struct Loss(pub u8);

#[async_trait(?Send)]
impl Fault for Loss {
    fn name(&self) -> String {
        format!("{} % of all packets between nodes lost", self.0)
    }

    async fn run(&self, stage: &mut Stage<'_>) -> anyhow::Result<()> {
        let all = stage.site.all();
        stage.note(self.name());
        for from in &all {
            for to in all.iter().filter(|to| *to != from) {
                stage.site.lose(from, to, self.0)?;
            }
        }
        stage.last().await;
        stage.note("nothing is lost any more");
        stage.site.mend()?;
        stage.site.ready(&all).await
    }
}
