//! A job on disk: a snapshot, replaced whole, and a journal of what changed since, one line
//! an effect. Killed at any moment, either holds the job as it was before the last effect.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use provisor::provision::cycle::Job;
use provisor::provision::cycle::job::{Head, Tracked};
use serde::{Deserialize, Serialize};

/// Lines after which the journal becomes a snapshot.
const LINES: usize = 20_000;

#[derive(Serialize, Deserialize)]
struct Snapshot {
    /// The last line that it holds.
    sequence: u64,
    job: Job,
}

#[derive(Serialize, Deserialize)]
struct Line {
    sequence: u64,
    head: Head,
    /// Objects that changed; null when one is forgotten.
    objects: BTreeMap<String, Option<Tracked>>,
}

/// The place of one job, locked as long as it lives.
pub(super) struct Store {
    path: PathBuf,
    journal: File,
    sequence: u64,
    lines: usize,
    head: Head,
    /// Held, so that no second process runs the same job.
    _lock: File,
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

impl Store {
    /// Opens the job, or a new one named `id`.
    pub fn open(path: &Path, id: &str) -> Result<(Self, Job), String> {
        let fault = |what: &Path, error: &dyn std::fmt::Display| format!("`{}`: {error}", what.display());
        let lock_path = beside(path, ".lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path);
        let lock = lock.map_err(|error| fault(&lock_path, &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(format!("`{}` is in use by another process", path.display()));
            }
            Err(TryLockError::Error(error)) => return Err(fault(&lock_path, &error)),
        }
        let (mut sequence, mut job) = match std::fs::read(path) {
            Ok(bytes) => {
                let snapshot: Snapshot = serde_json::from_slice(&bytes).map_err(|error| {
                    format!("`{}` is no job that this version wrote: {error}", path.display())
                })?;
                (snapshot.sequence, snapshot.job)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (0, Job::new(id)),
            Err(error) => return Err(fault(path, &error)),
        };
        let journal_path = beside(path, ".journal");
        let journal = OpenOptions::new().create(true).read(true).append(true).open(&journal_path);
        let journal = journal.map_err(|error| fault(&journal_path, &error))?;
        let mut whole = 0;
        let mut reader = BufReader::new(&journal);
        loop {
            let mut text = Vec::new();
            let read = reader.read_until(b'\n', &mut text).map_err(|error| fault(&journal_path, &error))?;
            // What was being written when the process died is no line yet.
            if read == 0 || text.last() != Some(&b'\n') {
                break;
            }
            let line: Line = serde_json::from_slice(&text).map_err(|error| fault(&journal_path, &error))?;
            whole += read as u64;
            if line.sequence <= sequence {
                continue;
            }
            sequence = line.sequence;
            job.head = line.head;
            for (id, tracked) in line.objects {
                match tracked {
                    Some(tracked) => job.objects.insert(id, tracked),
                    None => job.objects.remove(&id),
                };
            }
        }
        journal.set_len(whole).map_err(|error| fault(&journal_path, &error))?;
        let head = job.head.clone();
        let mut store = Self { path: path.to_owned(), journal, sequence, lines: 0, head, _lock: lock };
        if whole > 0 {
            store.replace(&job)?;
        }
        Ok((store, job))
    }

    /// Appends what changed, and waits until it is on disk. Nothing when nothing did.
    pub fn save(&mut self, job: &Job, touched: &BTreeSet<String>) -> Result<(), String> {
        if touched.is_empty() && job.head == self.head {
            return Ok(());
        }
        let objects = touched.iter().map(|id| (id.clone(), job.objects.get(id).cloned())).collect();
        self.sequence += 1;
        let line = Line { sequence: self.sequence, head: job.head.clone(), objects };
        let fault = |error: &dyn std::fmt::Display| format!("`{}`: {error}", self.path.display());
        let mut text = serde_json::to_vec(&line).map_err(|error| fault(&error))?;
        text.push(b'\n');
        self.journal.write_all(&text).map_err(|error| fault(&error))?;
        self.journal.sync_data().map_err(|error| fault(&error))?;
        self.head = line.head;
        self.lines += 1;
        if self.lines >= LINES { self.replace(job) } else { Ok(()) }
    }

    /// Writes the snapshot anew, and empties the journal.
    pub fn replace(&mut self, job: &Job) -> Result<(), String> {
        let fault = |error: &dyn std::fmt::Display| format!("`{}`: {error}", self.path.display());
        let new = beside(&self.path, ".new");
        let snapshot = Snapshot { sequence: self.sequence, job: job.clone() };
        let text = serde_json::to_vec(&snapshot).map_err(|error| fault(&error))?;
        let mut file = File::create(&new).map_err(|error| fault(&error))?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(|error| fault(&error))?;
        std::fs::rename(&new, &self.path).map_err(|error| fault(&error))?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| fault(&error))?;
        self.journal.set_len(0).map_err(|error| fault(&error))?;
        self.head = job.head.clone();
        self.lines = 0;
        Ok(())
    }
}
