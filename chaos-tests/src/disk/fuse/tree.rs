//! Files and folders in memory, as the process under test sees them or as the disk has them.
//!
//! Every change is a value, so that the same change can be made at once where the process looks,
//! and later, in part, or never on the disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};

/// The number of a file or folder; never used twice on a disk.
pub type Number = u64;

/// The number of the topmost folder.
pub const ROOT: Number = 1;

/// What a number stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A file with its bytes.
    File(Vec<u8>),
    /// A folder with the numbers of what is in it.
    Folder(BTreeMap<OsString, Number>),
}

/// A change of what is in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataChange {
    /// Bytes at an offset.
    Write {
        /// Where they begin.
        offset: usize,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A new length; what is added is zero.
    Resize {
        /// The length in bytes.
        size: usize,
    },
}

/// A change of what is in folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryChange {
    /// A name appears, or comes to stand for something else.
    Link {
        /// Where.
        folder: Number,
        /// The name.
        name: OsString,
        /// What it stands for.
        number: Number,
    },
    /// A name disappears.
    Unlink {
        /// Where.
        folder: Number,
        /// The name.
        name: OsString,
    },
    /// Both at once.
    Rename {
        /// Where it was, and its name there.
        from: (Number, OsString),
        /// Where it is, and its name there.
        to: (Number, OsString),
        /// What it stands for.
        number: Number,
    },
}

impl EntryChange {
    /// Whether making the folder durable makes this durable.
    #[must_use]
    pub fn is_in(&self, wanted: Number) -> bool {
        match self {
            Self::Link { folder, .. } | Self::Unlink { folder, .. } => *folder == wanted,
            Self::Rename { from, to, .. } => from.0 == wanted || to.0 == wanted,
        }
    }
}

/// Files and folders.
#[derive(Debug, Clone)]
pub struct Tree {
    contents: HashMap<Number, Content>,
}

impl Default for Tree {
    fn default() -> Self {
        let root = Content::Folder(BTreeMap::new());
        Self { contents: HashMap::from([(ROOT, root)]) }
    }
}

impl Tree {
    /// What a number stands for.
    #[must_use]
    pub fn get(&self, number: Number) -> Option<&Content> {
        self.contents.get(&number)
    }

    /// What is in a folder.
    #[must_use]
    pub fn entries(&self, folder: Number) -> Option<&BTreeMap<OsString, Number>> {
        match self.contents.get(&folder)? {
            Content::Folder(entries) => Some(entries),
            Content::File(_) => None,
        }
    }

    /// The number that a name stands for.
    #[must_use]
    pub fn find(&self, folder: Number, name: &OsStr) -> Option<Number> {
        self.entries(folder)?.get(name).copied()
    }

    /// The bytes of a file.
    #[must_use]
    pub fn bytes(&self, file: Number) -> Option<&[u8]> {
        match self.contents.get(&file)? {
            Content::File(bytes) => Some(bytes),
            Content::Folder(_) => None,
        }
    }

    /// Adds an empty file or folder that has no name yet.
    pub fn add(&mut self, number: Number, content: Content) {
        self.contents.insert(number, content);
    }

    /// Changes a file.
    pub fn change_data(&mut self, file: Number, change: &DataChange) {
        let Some(Content::File(content)) = self.contents.get_mut(&file) else { return };
        match change {
            DataChange::Write { offset, bytes } => {
                let end = offset + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*offset..end].copy_from_slice(bytes);
            }
            DataChange::Resize { size } => content.resize(*size, 0),
        }
    }

    /// Changes folders. A folder that is not there is left out.
    pub fn change_entry(&mut self, change: &EntryChange) {
        match change {
            EntryChange::Link { folder, name, number } => self.link(*folder, name, *number),
            EntryChange::Unlink { folder, name } => self.unlink(*folder, name),
            EntryChange::Rename { from, to, number } => {
                self.unlink(from.0, &from.1);
                self.link(to.0, &to.1, *number);
            }
        }
    }

    fn link(&mut self, folder: Number, name: &OsStr, number: Number) {
        if let Some(Content::Folder(entries)) = self.contents.get_mut(&folder) {
            entries.insert(name.to_owned(), number);
        }
    }

    fn unlink(&mut self, folder: Number, name: &OsStr) {
        if let Some(Content::Folder(entries)) = self.contents.get_mut(&folder) {
            entries.remove(name);
        }
    }

    /// Everything that has a name, with the path from the root.
    #[must_use]
    pub fn named(&self) -> BTreeMap<String, Number> {
        let mut named = BTreeMap::new();
        let mut folders = vec![(ROOT, String::new())];
        while let Some((folder, path)) = folders.pop() {
            for (name, number) in self.entries(folder).into_iter().flatten() {
                let path = format!("{path}/{}", name.to_string_lossy());
                folders.push((*number, path.clone()));
                named.insert(path, *number);
            }
        }
        named
    }

    /// Forgets everything but what is wanted.
    pub fn keep(&mut self, wanted: &BTreeSet<Number>) {
        self.contents.retain(|number, _| *number == ROOT || wanted.contains(number));
    }

    /// The bytes of all files.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let length = |content: &Content| match content {
            Content::File(bytes) => bytes.len(),
            Content::Folder(_) => 0,
        };
        self.contents.values().map(length).sum()
    }
}
