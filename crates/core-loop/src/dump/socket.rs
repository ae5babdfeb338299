//! A dump of all tasks for whoever connects to a Unix socket: a window into a process that runs, or hangs.

use crate::pipe::without_sigpipe;
use nix::sys::socket::{Shutdown, getsockopt, shutdown, sockopt};
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A client that does not read holds up the next one for so long, at most.
const TAKEN_WITHIN: Duration = Duration::from_secs(1);

/// After an accept that failed – no descriptor is left – the next one may fail, too.
const PAUSE: Duration = Duration::from_millis(100);

/// From now on whoever connects to the Unix socket at `path` is told what the tasks of this process's loops are doing, as
/// [`dump_on_signal`](crate::dump_on_signal) tells it, and then the end: `socat - UNIX-CONNECT:path`, or
/// `watch -n1 socat - UNIX-CONNECT:path` to see it live. It lasts until the [`DumpSocket`] is dropped.
///
/// A thread of its own answers, one client at a time, so that a loop that hangs is seen, too. Only this user and root are told,
/// whatever the mode of the socket. A socket that a dead process has left at `path` is replaced.
///
/// It shows the loops that [`dump_on_signal`](crate::dump_on_signal) shows, and costs their steps as much.
///
/// # Errors
///
/// Something else is at `path`, or somebody listens there; no permission; no descriptors or threads left.
///
/// # Examples
///
/// ```
/// # let path = std::env::temp_dir().join(format!("doc-{}.tasks", std::process::id()));
/// let _window = core_loop::dump_on_connect(&path)?;
/// core_loop::run(async {
///     core_loop::spawn(std::future::pending::<()>()).named("hangs").detach();
///     let said = core_loop::to_thread(move || {
///         std::io::read_to_string(std::os::unix::net::UnixStream::connect(path)?)
///     });
///     assert!(said.await.unwrap()?.contains("hangs"));
///     std::io::Result::Ok(())
/// })??;
/// # Result::<(), Box<dyn std::error::Error>>::Ok(())
/// ```
///
/// # Python
///
/// `python -m asyncio pstree PID`, which reads the memory of another process.
pub fn dump_on_connect(path: impl AsRef<Path>) -> io::Result<DumpSocket> {
    let path = path.as_ref().to_owned();
    let listener = Arc::new(bind(&path)?);
    let found = fs::symlink_metadata(&path)?;
    let (answers, owner) = (listener.clone(), found.uid());
    std::thread::Builder::new().name("loop-window".to_owned()).spawn(move || answer(&answers, owner))?;
    super::watch_loops();
    Ok(DumpSocket { path, listener, found })
}

/// A Unix socket that tells what the tasks of this process are doing: see [`dump_on_connect`]. Dropping it closes and removes it.
#[derive(Debug)]
#[must_use = "dropping it closes the socket"]
pub struct DumpSocket {
    path: PathBuf,
    listener: Arc<UnixListener>,
    /// What was at the path then.
    found: Metadata,
}

impl DumpSocket {
    /// Where it listens.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for DumpSocket {
    fn drop(&mut self) {
        // Somebody else's by now, perhaps.
        let same = |now: &Metadata| (now.dev(), now.ino()) == (self.found.dev(), self.found.ino());
        if fs::symlink_metadata(&self.path).is_ok_and(|now| same(&now)) {
            let _gone = fs::remove_file(&self.path);
        }
        // The thread ends by itself: it may be asking the loop that this thread runs.
        let _ended = shutdown(self.listener.as_raw_fd(), Shutdown::Both);
    }
}

/// Listens at `path`, also where a dead process did.
fn bind(path: &Path) -> io::Result<UnixListener> {
    match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            // A plain file refuses as well.
            let is_socket = fs::symlink_metadata(path)?.file_type().is_socket();
            match UnixStream::connect(path) {
                Err(refused) if is_socket && refused.kind() == ErrorKind::ConnectionRefused => {
                    fs::remove_file(path)?;
                    UnixListener::bind(path)
                }
                _ => Err(error),
            }
        }
        bound => bound,
    }
}

/// Tells whoever connects, if that is `owner`: whose the socket is, and this process.
fn answer(listener: &UnixListener, owner: u32) {
    loop {
        match listener.accept() {
            Ok((client, _)) => {
                // It has gone, or does not read: the next one may.
                let _untold = tell(client, owner);
            }
            // What a shut-down listener says.
            Err(error) if error.kind() == ErrorKind::InvalidInput => return,
            Err(_) => std::thread::sleep(PAUSE),
        }
    }
}

fn tell(mut client: UnixStream, owner: u32) -> io::Result<()> {
    let peer = getsockopt(&client, sockopt::PeerCredentials)?.uid();
    if peer != 0 && peer != owner {
        return Ok(());
    }
    client.set_write_timeout(Some(TAKEN_WITHIN))?;
    let text = super::dump();
    without_sigpipe(|| client.write_all(text.as_bytes()))
}
