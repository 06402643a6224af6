//! The kernel's requests, answered from the journal, after the faults had their say.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use rand::rngs::StdRng;

use super::fault::{Effect, Faults, Operation};
use super::journal::{Journal, Unsynced};
use super::tree::{Content, DataChange, EntryChange, Number};

/// The kernel asks each time: a cut changes everything behind its back.
const UNCACHED: Duration = Duration::ZERO;
const BLOCK_BYTES: u32 = 4096;

/// What changes while the disk is mounted.
#[derive(Debug, Default)]
pub(super) struct State {
    journal: Journal,
    /// How often each file is open.
    open: HashMap<Number, u64>,
    /// Where each file and folder was when it was last named.
    paths: HashMap<Number, String>,
}

/// The disk, as its owner and the kernel's door share it.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    pub(super) faults: Faults,
    pub(super) capacity_bytes: usize,
}

/// What serves the kernel.
pub(super) struct Door {
    shared: Arc<Shared>,
}

type Answer<T> = Result<T, Errno>;

impl State {
    /// The power is cut; no process has a file open any more.
    pub(super) fn cut(&mut self, unsynced: Unsynced, random: &mut StdRng) {
        self.open.clear();
        self.journal.cut(unsynced, random);
    }

    fn path(&self, number: Number) -> String {
        self.paths.get(&number).cloned().unwrap_or_default()
    }

    fn path_in(&self, folder: Number, name: &OsStr) -> String {
        format!("{}/{}", self.path(folder), name.to_string_lossy())
    }

    fn attributes(&self, number: Number) -> Answer<FileAttr> {
        let (kind, perm, length) = match self.journal.seen().get(number) {
            Some(Content::File(bytes)) => (FileType::RegularFile, 0o644, bytes.len()),
            Some(Content::Folder(_)) => (FileType::Directory, 0o755, 0),
            None => return Err(Errno::ENOENT),
        };
        let size = u64::try_from(length).unwrap_or(u64::MAX);
        let then = SystemTime::UNIX_EPOCH;
        Ok(FileAttr {
            ino: INodeNo(number),
            size,
            blocks: size.div_ceil(512),
            atime: then,
            mtime: then,
            ctime: then,
            crtime: then,
            kind,
            perm,
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            blksize: BLOCK_BYTES,
            flags: 0,
        })
    }

    fn find(&mut self, folder: Number, name: &OsStr) -> Answer<Number> {
        let number = self.journal.seen().find(folder, name).ok_or(Errno::ENOENT)?;
        let path = self.path_in(folder, name);
        self.paths.insert(number, path);
        Ok(number)
    }

    fn create(&mut self, folder: Number, name: &OsStr, content: Content) -> Answer<FileAttr> {
        if self.journal.seen().find(folder, name).is_some() {
            return Err(Errno::EEXIST);
        }
        let number = self.journal.create(folder, name, content);
        let path = self.path_in(folder, name);
        self.paths.insert(number, path);
        self.attributes(number)
    }

    fn rename(&mut self, from: (Number, &OsStr), to: (Number, &OsStr)) -> Answer<()> {
        let number = self.find(from.0, from.1)?;
        let path = self.path_in(to.0, to.1);
        self.paths.insert(number, path);
        let own = |(folder, name): (Number, &OsStr)| (folder, name.to_owned());
        self.journal.change_entry(EntryChange::Rename { from: own(from), to: own(to), number });
        Ok(())
    }

    fn remove(&mut self, folder: Number, name: &OsStr) -> Answer<()> {
        let number = self.find(folder, name)?;
        let entries = self.journal.seen().entries(number);
        if entries.is_some_and(|entries| !entries.is_empty()) {
            return Err(Errno::ENOTEMPTY);
        }
        self.journal.change_entry(EntryChange::Unlink { folder, name: name.to_owned() });
        Ok(())
    }

    fn resize(&mut self, file: Number, size: u64) -> Answer<()> {
        let size = usize::try_from(size).map_err(|_| Errno::EFBIG)?;
        if self.journal.seen().bytes(file).is_some_and(|bytes| bytes.len() != size) {
            self.journal.change_data(file, DataChange::Resize { size });
        }
        Ok(())
    }
}

impl Door {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().expect("no panic while locked")
    }

    /// Lets the faults have their say; returns an effect that only the operation can have.
    fn strike(&self, operation: Operation, path: &str) -> Answer<Option<Effect>> {
        match self.shared.faults.strike(operation, path) {
            Some(Effect::Fail(error)) => Err(error),
            Some(Effect::Stall(time)) => {
                self.shared.faults.stall(time);
                Ok(None)
            }
            effect @ (Some(Effect::Lie | Effect::Rot) | None) => Ok(effect),
        }
    }

    /// A change of names.
    fn change<T>(
        &self,
        folder: INodeNo,
        name: &OsStr,
        change: impl FnOnce(&mut State) -> Answer<T>,
    ) -> Answer<T> {
        let path = self.lock().path_in(folder.0, name);
        self.strike(Operation::Change, &path)?;
        change(&mut self.lock())
    }

    fn read_bytes(&self, file: Number, offset: u64, size: u32) -> Answer<Vec<u8>> {
        let path = self.lock().path(file);
        let effect = self.strike(Operation::Read, &path)?;
        let state = self.lock();
        let bytes = state.journal.seen().bytes(file).ok_or(Errno::ENOENT)?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let end = start.saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
        let mut part = bytes[start..end.min(bytes.len())].to_vec();
        if matches!(effect, Some(Effect::Rot)) && !part.is_empty() {
            let middle = part.len() / 2;
            part[middle] ^= 0x10;
        }
        Ok(part)
    }

    fn write_bytes(&self, file: Number, offset: u64, bytes: &[u8]) -> Answer<u32> {
        let path = self.lock().path(file);
        self.strike(Operation::Write, &path)?;
        let mut state = self.lock();
        let offset = usize::try_from(offset).map_err(|_| Errno::EFBIG)?;
        let length = state.journal.seen().bytes(file).ok_or(Errno::ENOENT)?.len();
        let more = (offset + bytes.len()).saturating_sub(length);
        if state.journal.seen().size_bytes() + more > self.shared.capacity_bytes {
            return Err(Errno::ENOSPC);
        }
        state.journal.change_data(file, DataChange::Write { offset, bytes: bytes.to_vec() });
        u32::try_from(bytes.len()).map_err(|_| Errno::EINVAL)
    }

    fn sync_bytes(&self, file: Number) -> Answer<()> {
        let path = self.lock().path(file);
        match self.strike(Operation::Sync, &path) {
            Ok(Some(Effect::Lie)) => Ok(()),
            Ok(_) => {
                self.lock().journal.sync_file(file);
                Ok(())
            }
            Err(error) => {
                self.lock().journal.lose_file(file);
                Err(error)
            }
        }
    }

    fn sync_names(&self, folder: Number) -> Answer<()> {
        let path = self.lock().path(folder);
        if let Some(Effect::Lie) = self.strike(Operation::SyncFolder, &path)? {
            return Ok(());
        }
        let mut state = self.lock();
        let open: BTreeSet<Number> = state.open.keys().copied().collect();
        state.journal.sync_folder(folder, &open);
        Ok(())
    }

    fn open_again(&self, file: Number) {
        *self.lock().open.entry(file).or_default() += 1;
    }

    fn close(&self, file: Number) {
        let mut state = self.lock();
        if let Some(times) = state.open.get_mut(&file) {
            *times -= 1;
            if *times == 0 {
                state.open.remove(&file);
            }
        }
    }
}

fn reply_empty(reply: ReplyEmpty, answer: Answer<()>) {
    match answer {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

fn reply_entry(reply: ReplyEntry, answer: Answer<FileAttr>) {
    match answer {
        Ok(attributes) => reply.entry(&UNCACHED, &attributes, Generation(0)),
        Err(error) => reply.error(error),
    }
}

fn reply_attributes(reply: ReplyAttr, answer: Answer<FileAttr>) {
    match answer {
        Ok(attributes) => reply.attr(&UNCACHED, &attributes),
        Err(error) => reply.error(error),
    }
}

impl Filesystem for Door {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let mut state = self.lock();
        let found = state.find(parent.0, name).and_then(|number| state.attributes(number));
        reply_entry(reply, found);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        reply_attributes(reply, self.lock().attributes(ino.0));
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        _mode: Option<u32>,
        _uid: Option<u32>,
        _gid: Option<u32>,
        size: Option<u64>,
        _atime: Option<TimeOrNow>,
        _mtime: Option<TimeOrNow>,
        _ctime: Option<SystemTime>,
        _fh: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let path = self.lock().path(ino.0);
        let resized = match size {
            Some(size) => {
                self.strike(Operation::Change, &path).and_then(|_| self.lock().resize(ino.0, size))
            }
            None => Ok(()),
        };
        reply_attributes(reply, resized.and_then(|()| self.lock().attributes(ino.0)));
    }

    fn mkdir(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        _mode: u32,
        _umask: u32,
        reply: ReplyEntry,
    ) {
        let empty = Content::Folder(BTreeMap::new());
        let made = self.change(parent, name, |state| state.create(parent.0, name, empty));
        reply_entry(reply, made);
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        _mode: u32,
        _umask: u32,
        _flags: i32,
        reply: ReplyCreate,
    ) {
        let empty = Content::File(Vec::new());
        match self.change(parent, name, |state| state.create(parent.0, name, empty)) {
            Ok(attributes) => {
                self.open_again(attributes.ino.0);
                let (generation, flags) = (Generation(0), FopenFlags::empty());
                reply.created(&UNCACHED, &attributes, generation, FileHandle(0), flags);
            }
            Err(error) => reply.error(error),
        }
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let removed = self.change(parent, name, |state| state.remove(parent.0, name));
        reply_empty(reply, removed);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let removed = self.change(parent, name, |state| state.remove(parent.0, name));
        reply_empty(reply, removed);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        _flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let (from, to) = ((parent.0, name), (newparent.0, newname));
        reply_empty(reply, self.change(newparent, newname, |state| state.rename(from, to)));
    }

    fn open(&self, _: &Request, ino: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        self.open_again(ino.0);
        reply.opened(FileHandle(0), FopenFlags::empty());
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.read_bytes(ino.0, offset, size) {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(error),
        }
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        data: &[u8],
        _write_flags: WriteFlags,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.write_bytes(ino.0, offset, data) {
            Ok(length) => reply.written(length),
            Err(error) => reply.error(error),
        }
    }

    fn flush(
        &self,
        _: &Request,
        _ino: INodeNo,
        _fh: FileHandle,
        _lock_owner: LockOwner,
        reply: ReplyEmpty,
    ) {
        reply.ok();
    }

    fn release(
        &self,
        _: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        _flush: bool,
        reply: ReplyEmpty,
    ) {
        self.close(ino.0);
        reply.ok();
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _datasync: bool, reply: ReplyEmpty) {
        reply_empty(reply, self.sync_bytes(ino.0));
    }

    fn fsyncdir(
        &self,
        _: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        _datasync: bool,
        reply: ReplyEmpty,
    ) {
        reply_empty(reply, self.sync_names(ino.0));
    }

    fn readdir(
        &self,
        _: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let state = self.lock();
        let Some(entries) = state.journal.seen().entries(ino.0) else {
            return reply.error(Errno::ENOTDIR);
        };
        let skip = usize::try_from(offset).unwrap_or(usize::MAX);
        for (place, (name, number)) in (1..).zip(entries).skip(skip) {
            let kind = match state.journal.seen().get(*number) {
                Some(Content::Folder(_)) => FileType::Directory,
                Some(Content::File(_)) | None => FileType::RegularFile,
            };
            if reply.add(INodeNo(*number), place, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _ino: INodeNo, reply: ReplyStatfs) {
        let blocks =
            |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX) / u64::from(BLOCK_BYTES);
        let total = blocks(self.shared.capacity_bytes);
        let free = total - blocks(self.lock().journal.seen().size_bytes()).min(total);
        reply.statfs(total, free, free, 1 << 20, 1 << 20, BLOCK_BYTES, 255, BLOCK_BYTES);
    }

    /// Space is reserved by writing only; a file that must grow, grows.
    fn fallocate(
        &self,
        _: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        let mut state = self.lock();
        let now = state.journal.seen().bytes(ino.0).map_or(0, <[u8]>::len);
        let wanted = offset.saturating_add(length);
        let grows = mode == 0 && u64::try_from(now).is_ok_and(|now| now < wanted);
        reply_empty(reply, if grows { state.resize(ino.0, wanted) } else { Ok(()) });
    }
}
