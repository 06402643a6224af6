//! The documents, as a newcomer follows them: their commands are typed on a host of the lab, one after the other, and each has to
//! succeed.
//!
//! A document begins with a comment that says what is there before its first command: `<!-- tried: STAGE`, commands that
//! prepare, `-->`. Code of the kinds `sh` and `console` (behind a prompt `$ `) is run; a command that ends with another code
//! than 0 says so: `# exit code 8`. Code of the kind `shell` is not, and the word is followed by the reason. That commands
//! which are not run are understood is looked at by the tests of the program.

mod document;
mod followed;
mod index;
mod marked;
mod stage;
