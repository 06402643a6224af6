//! The one binary: `ironraft region`, `rack` and `dev` serve; everything else talks to a cluster.

mod cli;
mod commands;
mod serve;
mod telemetry;

use std::process::ExitCode;

/// Also RocksDB's: its many small blocks of many threads fragment glibc's heap.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let mut words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let program = words.next().unwrap_or_default();
    let words: Vec<String> = words.collect();
    if cli::maas::is_called(&program) {
        return cli::maas::run(&words);
    }
    match words.split_first() {
        Some((first, rest)) if first == "maas" => cli::maas::run(rest),
        _ => commands::run(&words),
    }
}
