//! One process of the replicated store, for tests of it.

use chaos_tests::node::start::Action;
use clap::Parser;

#[derive(Debug, Parser)]
#[command(name = "ironraft-store-node", about, version)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

fn main() -> anyhow::Result<()> {
    Arguments::parse().action.act()
}
