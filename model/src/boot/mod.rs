//! Network boot and images: what a machine boots and installs, as data.

pub mod content;
pub mod files;
pub mod in_memory;
pub mod kernel_options;
pub mod method;
pub mod plan;
pub mod resource;
pub mod source;
