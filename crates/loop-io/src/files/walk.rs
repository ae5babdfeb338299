//! Everything in a directory, and in those below it.

use super::naming;
use core_loop::{ToThread, to_thread};
use futures_core::Stream;
use std::collections::VecDeque;
use std::fmt;
use std::fs::{self, FileType, ReadDir};
use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// How many entries are fetched at a time. More stay in the directory until they are asked for.
const BATCH: usize = 256;

/// Something that was found in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    path: PathBuf,
    file_type: FileType,
}

impl Entry {
    /// Where it is: behind the path that is walked.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same, to keep.
    #[must_use]
    pub fn into_path(self) -> PathBuf {
        self.path
    }

    /// What it is. A link is a link, whatever it leads to.
    #[must_use]
    pub fn file_type(&self) -> FileType {
        self.file_type
    }
}

/// Everything in the directory at `path`, and in those below it: as a `Stream`, or one after the other with
/// [`next`](Walk::next). A directory comes before what is in it; the order is the kernel's otherwise. Links are not followed.
///
/// # Errors
///
/// An item that is an error names the directory that cannot be read; the walk goes on with the others.
///
/// # Panics
///
/// When it is asked for something outside a loop.
///
/// # Cancel safety
///
/// Dropping the future of [`next`](Walk::next) loses nothing. Dropping the walk ends it: a batch that is being fetched is
/// thrown away.
///
/// # Python
///
/// `os.walk(path)`, in `asyncio.to_thread`.
///
/// # Examples
///
/// ```
/// # core_loop::run(async {
/// let mut sources = loop_io::files::walk("src");
/// let mut count = 0;
/// while let Some(entry) = sources.next().await {
///     count += usize::from(entry?.path().extension().is_some_and(|it| it == "rs"));
/// }
/// assert!(count > 0);
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
pub fn walk(path: impl AsRef<Path>) -> Walk {
    let walker = Walker { pending: vec![path.as_ref().to_owned()], open: None };
    Walk { fetched: VecDeque::new(), stage: Stage::Idle(walker) }
}

/// What [`walk`] gives.
#[must_use = "a walk does nothing unless it is asked for an entry"]
pub struct Walk {
    fetched: Fetched,
    stage: Stage,
}

type Fetched = VecDeque<io::Result<Entry>>;

enum Stage {
    Idle(Walker),
    Fetching(Pin<Box<ToThread<(Walker, Fetched)>>>),
    Done,
}

/// Where the walk is. It travels to a thread and back.
struct Walker {
    /// Directories that were found and not opened yet.
    pending: Vec<PathBuf>,
    open: Option<(PathBuf, ReadDir)>,
}

impl Walk {
    /// The next entry; `None` at the end.
    ///
    /// # Errors
    ///
    /// As [`walk`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<io::Result<Entry>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Walk {
    type Item = io::Result<Entry>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        ready!(contract::budget::spend(cx));
        loop {
            if let Some(entry) = this.fetched.pop_front() {
                return Poll::Ready(Some(entry));
            }
            if let Stage::Fetching(fetching) = &mut this.stage {
                match ready!(fetching.as_mut().poll(cx)) {
                    Ok((walker, fetched)) => {
                        this.fetched = fetched;
                        this.stage = if walker.is_done() { Stage::Done } else { Stage::Idle(walker) };
                    }
                    Err(error) => {
                        this.stage = Stage::Done;
                        return Poll::Ready(Some(Err(io::Error::other(error))));
                    }
                }
                continue;
            }
            match std::mem::replace(&mut this.stage, Stage::Done) {
                Stage::Idle(walker) => {
                    this.stage = Stage::Fetching(Box::pin(to_thread(move || walker.fetch())));
                }
                Stage::Fetching(_) | Stage::Done => return Poll::Ready(None),
            }
        }
    }
}

impl Walker {
    fn is_done(&self) -> bool {
        self.pending.is_empty() && self.open.is_none()
    }

    /// One batch, or what is left.
    fn fetch(mut self) -> (Self, Fetched) {
        let mut fetched = VecDeque::new();
        while fetched.len() < BATCH {
            match self.step() {
                Some(Ok(Some(entry))) => fetched.push_back(Ok(entry)),
                Some(Ok(None)) => {}
                Some(Err(error)) => fetched.push_back(Err(error)),
                None => break,
            }
        }
        (self, fetched)
    }

    /// An entry, or nothing because a directory was opened or has ended; `None` at the end of everything.
    fn step(&mut self) -> Option<io::Result<Option<Entry>>> {
        let Some((directory, entries)) = &mut self.open else {
            let directory = self.pending.pop()?;
            return Some(match fs::read_dir(&directory) {
                Ok(entries) => {
                    self.open = Some((directory, entries));
                    Ok(None)
                }
                Err(error) => Err(naming("walk", &directory, &error)),
            });
        };
        let Some(entry) = entries.next() else {
            self.open = None;
            return Some(Ok(None));
        };
        let found = entry.and_then(|entry| Ok(Entry { path: entry.path(), file_type: entry.file_type()? }));
        Some(match found {
            Ok(entry) => {
                if entry.file_type.is_dir() {
                    self.pending.push(entry.path.clone());
                }
                Ok(Some(entry))
            }
            Err(error) => Err(naming("walk", directory, &error)),
        })
    }
}

impl fmt::Debug for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk").field("fetched", &self.fetched.len()).finish_non_exhaustive()
    }
}
