//! Machines whose disks and networks an operator configures are so inside, once they are deployed: emulated machines boot
//! what was installed, and say what their own tools find. For `make e2e`: each takes minutes.

mod faults;
mod in_memory;
mod inspect;
mod machine;
mod networks;
mod secure_boot;
mod storage;
