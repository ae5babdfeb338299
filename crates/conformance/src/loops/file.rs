//! `file`: files on the threads of the default executor.

use super::bytes::a_path;
use super::{Loops, turns};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use core_loop::{spawn, to_thread};
use loop_io::files;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A directory that goes, with all that is in it, when this does.
struct Directory(PathBuf);

impl Directory {
    fn new() -> io::Result<Self> {
        let path = a_path();
        fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

pub(super) fn what_is_written_is_read_back(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let directory = Directory::new()?;
        let path = directory.0.join("a file");
        files::write(&path, "first").await?;
        files::write(&path, vec![0xff; 3]).await?;
        files::append(&path, b"\n").await?;
        same("the bytes", files::read(&path).await?, *b"\xff\xff\xff\n")?;
        let text = files::read_to_string(&path).await.map_err(|error| error.kind());
        same("as text", text, Err(ErrorKind::InvalidData))?;
        let other = directory.0.join("another");
        files::append(&other, "made ".to_owned()).await?;
        files::append(&other, "by an append").await?;
        same("as text", files::read_to_string(&other).await?.as_str(), "made by an append")
    })
}

pub(super) fn errors_name_the_path(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let path = a_path().join("no such directory");
        let told = [
            files::read(&path).await.map(drop),
            files::read_to_string(&path).await.map(drop),
            files::write(&path, "").await,
            files::append(&path, "").await,
            files::walk(&path).next().await.unwrap_or_else(|| Err(ErrorKind::Other.into())).map(drop),
        ];
        for outcome in told {
            let Err(error) = outcome else { return ensure(false, "a file in a directory that is not there") };
            same("the kind of the error", error.kind(), ErrorKind::NotFound)?;
            let named = error.to_string().contains(&path.display().to_string());
            ensure(named, format!("it names no path: {error}"))?;
        }
        Ok(())
    })
}

pub(super) fn a_walk_finds_everything_once(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let directory = Directory::new()?;
        let mut made = BTreeSet::new();
        for branch in ["one", "one/two", "three"] {
            let branch = directory.0.join(branch);
            fs::create_dir(&branch)?;
            // More than are fetched at a time.
            for number in 0..150 {
                let leaf = branch.join(number.to_string());
                fs::write(&leaf, "")?;
                made.insert(leaf);
            }
            made.insert(branch);
        }
        let link = directory.0.join("link");
        std::os::unix::fs::symlink("one", &link)?;
        made.insert(link.clone());
        let (mut walk, mut found) = (files::walk(&directory.0), BTreeSet::new());
        while let Some(entry) = walk.next().await {
            let entry = entry?;
            same("whether it is a link", entry.file_type().is_symlink(), entry.path() == link)?;
            let parent = entry.path().parent().unwrap_or(entry.path()).to_owned();
            let known = parent == directory.0 || found.contains(&parent);
            ensure(known, format!("{} came before its directory", entry.path().display()))?;
            let path = entry.into_path();
            ensure(found.insert(path.clone()), format!("{} came twice", path.display()))?;
        }
        ensure(found == made, format!("{} of {} were found", found.len(), made.len()))?;
        ensure(walk.next().await.is_none(), "something comes after the end")
    })
}

pub(super) fn a_wait_given_up_leaves_the_work_whole_or_undone(subject: &Subject<Loops>) -> Verdict {
    const MUCH: usize = 200_000;
    subject.run(async || {
        // A FIFO holds the work in its middle until somebody reads: it runs for sure, and has not ended.
        let directory = Directory::new()?;
        let fifo = directory.0.join("fifo");
        let made = to_thread({
            let fifo = fifo.clone();
            move || std::process::Command::new("mkfifo").arg(fifo).status()
        });
        ensure(made.await??.success(), "mkfifo failed")?;
        let opened = Arc::new(AtomicBool::new(false));
        let (reads, tells) = (fifo.clone(), opened.clone());
        let (goes_on, waits) = std::sync::mpsc::channel();
        // A thread of its own: those of the executor are what is tried.
        let reading = std::thread::spawn(move || {
            let mut fifo = fs::File::open(reads)?;
            tells.store(true, Ordering::Relaxed);
            let _told = waits.recv();
            let mut all = Vec::new();
            fifo.read_to_end(&mut all)?;
            io::Result::Ok(all)
        });
        let writes = spawn(async move { files::append(&fifo, vec![7; MUCH]).await });
        while !opened.load(Ordering::Relaxed) {
            turns(1).await;
        }
        writes.cancel("enough");
        ensure(writes.await.is_err(), "a cancelled task has an output")?;
        goes_on.send(())?;
        while !reading.is_finished() {
            turns(1).await;
        }
        let read = reading.join().map_err(|_| io::Error::other("the reader panicked"))??;
        ensure(read == [7; MUCH], format!("of {MUCH} bytes {} were written", read.len()))?;
        // Given up before it is asked for, nothing happens at all.
        let never = directory.0.join("never");
        drop(files::write(&never, "x"));
        turns(3).await;
        ensure(!never.exists(), "work that nobody awaited was done")?;
        Ok(())
    })
}
