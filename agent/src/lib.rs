//! The agent: runs on a booted machine from the ephemeral OS.
