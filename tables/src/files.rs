//! Files of users and their contents.

use model::file::{File, FileContent};
use model::id::FileId;
use raft_store::version::FIRST;

use crate::key::encoded;
use crate::row::{Index, Row, Unique};

/// Files by owner and name (a [`model::id::UserId`] and a [`String`]).
pub const FILE_BY_NAME: Unique<File> =
    Unique { name: "file.name", keys: |file| vec![encoded(&(file.owner, file.filename.clone()))] };

/// Files by key (a [`String`]).
pub const FILE_BY_KEY: Unique<File> =
    Unique { name: "file.key", keys: |file| vec![encoded(file.key.expose())] };

/// The files of a user (a [`model::id::UserId`]).
pub const FILES_OF_USER: Index<File> =
    Index { name: "file.owner", keys: |file| vec![encoded(&file.owner)], since: FIRST };

impl Row for File {
    type Id = FileId;
    const TABLE: &'static str = "file";
    const UNIQUE: &'static [Unique<Self>] = &[FILE_BY_NAME, FILE_BY_KEY];
    const INDEXES: &'static [Index<Self>] = &[FILES_OF_USER];

    fn id(&self) -> FileId {
        self.id
    }
}

impl Row for FileContent {
    type Id = FileId;
    const TABLE: &'static str = "filecontent";

    fn id(&self) -> FileId {
        self.id
    }
}
