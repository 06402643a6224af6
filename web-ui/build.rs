//! Has the crate compiled anew when the built pages change. It never builds them: `make ui` does.

fn main() {
    println!("cargo::rerun-if-changed=../ui/dist");
}
