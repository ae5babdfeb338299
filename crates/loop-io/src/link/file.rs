//! A connection that is lent to whoever sends a file through it.

use super::{Link, State};
use crate::error::WriteError;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;

/// While it lives, nobody else writes: not between the bytes of the file.
pub(crate) struct Lent(Rc<Link>);

impl Link {
    /// Waits until everything that was written is with the kernel. From then on only the borrower writes.
    pub(crate) async fn lend(self: &Rc<Self>) -> Result<Lent, WriteError> {
        self.writable()?;
        // At once: what others write while this waits would come after the file, or before it, as chance has it.
        self.lent.set(true);
        let lent = Lent(self.clone());
        self.flushed().await?;
        match self.state() {
            State::Open => Ok(lent),
            _ => Err(lent.why_not()),
        }
    }
}

impl Lent {
    /// The descriptor into which the kernel may put the file: a duplicate, with a watch of its own.
    pub(crate) fn descriptor(&self) -> Option<io::Result<OwnedFd>> {
        self.0.ask(|channel| channel.file_descriptor().map(|shared| shared.try_clone_to_owned())).flatten()
    }

    /// Writes at once; what it gives waits until it is a good time to write more.
    pub(crate) fn write(
        &self,
        bytes: &[u8],
    ) -> Result<impl Future<Output = Result<(), WriteError>>, WriteError> {
        if self.0.state() != State::Open {
            return Err(self.why_not());
        }
        self.0.take(bytes)?;
        Ok(self.0.drained(|link| !link.is_paused()))
    }

    /// Ends when nothing can be written any more: closed, or failed.
    pub(crate) async fn over(&self) -> WriteError {
        self.0.changed.until(|| (self.0.state() != State::Open).then(|| self.why_not())).await
    }

    /// The kernel says that the connection has failed.
    pub(crate) fn lose(&self, error: &io::Error) {
        self.0.lose(error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error));
    }

    fn why_not(&self) -> WriteError {
        match (self.0.lost(), self.0.state()) {
            (Some(lost), _) => WriteError::Lost(lost),
            (None, State::Ending | State::Ended) => WriteError::AfterEof,
            (None, _) => WriteError::Closed,
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.0.lent.set(false);
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lent").field(&self.0).finish()
    }
}
