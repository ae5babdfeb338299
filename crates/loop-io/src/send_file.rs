//! A file, sent from the kernel's own memory where that can be.
//!
//! ```text
//!   everything that was written before is sent
//!        │
//!        ├── a descriptor, and the kernel can ──► sendfile(2), until the end of the file or of what was asked for
//!        │                                            │ it cannot, and nothing was sent by it
//!        └── no descriptor, or no duplicate of it ────┴──► a thread reads a piece, the connection writes it, and again
//! ```

mod error;
mod target;

pub use error::SendFileError;
pub use target::SendFileTarget;

use core_loop::Descriptor;
use core_loop::pipe::without_sigpipe;
use nix::errno::Errno;
use nix::sys::sendfile::sendfile64;
use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::os::unix::fs::FileExt;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use target::Opened;

/// How much is asked of the kernel at a time: it reads the file meanwhile, and this thread waits for that.
const STEP: u64 = 256 * 1024;

/// A file, or a part of it, on its way into a connection.
///
/// Nothing else can be written to a stream or a transport while it is sent; that is an error. A bare socket does not watch over
/// that. The file is read at places of its own: its position neither
/// matters nor changes.
///
/// # Units
///
/// Bytes.
///
/// # Cancel safety
///
/// A future of [`to`](Self::to) that is dropped leaves what was sent sent: [`sent`](Self::sent) says how much, and another
/// call goes on behind it. The same after an error.
///
/// # Python
///
/// `loop.sendfile(transport, file, offset, count, fallback=…)` and `loop.sock_sendfile`. There the file's position tells how
/// much was sent.
///
/// # Examples
///
/// ```
/// # use std::fs::File;
/// # core_loop::run(async {
/// # let server = loop_io::start_server(async |_, writer: loop_io::StreamWriter| {
/// let file = File::open("Cargo.toml")?;
/// let sent = writer.sendfile(&file).await?;
/// # assert_eq!(sent, file.metadata()?.len());
/// # std::io::Result::Ok(())
/// # }, "127.0.0.1:0").await?;
/// # let (mut reader, _writer) = loop_io::open_connection(server.addresses()[0]).await?;
/// # assert_eq!(reader.read_to_end().await?, std::fs::read("Cargo.toml")?);
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug, Clone)]
#[must_use = "a file is sent when `to` is awaited"]
pub struct SendFile<'f> {
    file: &'f File,
    offset: u64,
    count: Option<u64>,
    fallback: bool,
    sent: u64,
}

/// What a try with the kernel came to.
enum Kernel {
    Done,
    Cannot(String),
}

impl<'f> SendFile<'f> {
    /// All of `file`.
    pub const fn new(file: &'f File) -> Self {
        Self { file, offset: 0, count: None, fallback: true, sent: 0 }
    }

    /// From this place on; 0 unless set.
    pub const fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    /// So many bytes, or fewer if the file ends before.
    pub const fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// Whether a file that the kernel cannot send is read on a thread, and written. It is, unless this says otherwise.
    pub const fn fallback(mut self, fallback: bool) -> Self {
        self.fallback = fallback;
        self
    }

    /// How many bytes were sent so far: handed to the kernel, or taken for writing.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// Sends it, after all that was written before, and gives how many bytes that were.
    ///
    /// # Errors
    ///
    /// [`SendFileError::NotAvailable`] if the kernel cannot and there is to be no fallback; nothing was sent then. Else what
    /// the file or the connection says.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// See [`SendFile`].
    pub async fn to(&mut self, target: &impl SendFileTarget) -> Result<u64, SendFileError> {
        let mut opened = target.open().await.map_err(|error| self.failed(error))?;
        let cannot = match opened.descriptor() {
            Some(Ok(descriptor)) => match self.by_kernel(descriptor, &opened).await? {
                Kernel::Done => return Ok(self.sent),
                Kernel::Cannot(why) => why,
            },
            Some(Err(error)) => format!("no descriptor is left: {error}"),
            None => "the connection has no descriptor of the kernel's for it".to_owned(),
        };
        if !self.fallback {
            return Err(SendFileError::NotAvailable(cannot));
        }
        self.by_thread(&mut opened).await?;
        Ok(self.sent)
    }

    async fn by_kernel(
        &mut self,
        descriptor: std::os::fd::OwnedFd,
        opened: &Opened<'_>,
    ) -> Result<Kernel, SendFileError> {
        // In non-blocking mode from here on, which is the socket's: glommio's, too, whose every call says that it does not wait.
        let descriptor = match Descriptor::new(descriptor) {
            Ok(descriptor) => descriptor,
            Err(error) => return Ok(Kernel::Cannot(format!("it cannot be watched: {error}"))),
        };
        let before = self.sent;
        while let Some(step) = self.next_step() {
            let mut place = i64::try_from(self.place()).map_err(|_| self.failed(Errno::EOVERFLOW.into()))?;
            let file = self.file;
            let sending = descriptor
                .write_with(|to| without_sigpipe(|| Ok(sendfile64(to, file, Some(&mut place), step)?)));
            match unless_over(sending, opened).await {
                Ok(0) => break,
                Ok(len) => self.sent += len as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if self.sent == before && is_refusal(&error) => {
                    return Ok(Kernel::Cannot(format!("the kernel cannot send it: {error}")));
                }
                Err(error) => {
                    opened.failed(&error);
                    return Err(self.failed(error));
                }
            }
        }
        Ok(Kernel::Done)
    }

    /// Reads on the default executor, and writes.
    async fn by_thread(&mut self, opened: &mut Opened<'_>) -> Result<(), SendFileError> {
        let file = Arc::new(self.file.try_clone().map_err(|error| self.failed(error))?);
        let mut buffer = Vec::new();
        while let Some(step) = self.next_step() {
            let (file, place) = (file.clone(), self.place());
            let reading = core_loop::to_thread(move || {
                buffer.resize(step, 0);
                let read = loop {
                    match file.read_at(&mut buffer, place) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        read => break read,
                    }
                };
                read.map(|len| (buffer, len))
            });
            let read = reading.await.map_err(io::Error::other).flatten();
            let (read, len) = read.map_err(|error| self.failed(error))?;
            if len == 0 {
                break;
            }
            opened.write(&read[..len], &mut self.sent).await.map_err(|error| self.failed(error))?;
            buffer = read;
        }
        Ok(())
    }

    /// Where the next byte is.
    fn place(&self) -> u64 {
        self.offset.saturating_add(self.sent)
    }

    /// How much is sent next; `None` if everything was.
    fn next_step(&self) -> Option<usize> {
        let left = self.count.map_or(STEP, |count| count.saturating_sub(self.sent).min(STEP));
        usize::try_from(left).ok().filter(|left| *left > 0)
    }

    fn failed(&self, error: io::Error) -> SendFileError {
        SendFileError::Io { sent: self.sent, error }
    }
}

/// What `sending` gives, unless the connection is over before.
async fn unless_over(
    sending: impl Future<Output = io::Result<usize>>,
    opened: &Opened<'_>,
) -> io::Result<usize> {
    let (mut sending, mut over) = (pin!(sending), pin!(opened.over()));
    poll_fn(|cx| {
        if let Poll::Ready(why) = over.as_mut().poll(cx) {
            return Poll::Ready(Err(why));
        }
        Poll::Ready(ready!(sending.as_mut().poll(cx)))
    })
    .await
}

/// What some file systems say, although it is no number of this side of the kernel's.
const ENOTSUPP: i32 = 524;

/// That the kernel does not send this file, or not there: a file that is none, a pipe, a filter that forbids the call, no memory
/// for the pipe inside it. sendfile(2) and the file systems below it; nothing that a connection can be lost for.
fn is_refusal(error: &io::Error) -> bool {
    const REFUSALS: [i32; 10] = [
        Errno::EINVAL as i32,
        Errno::ENOSYS as i32,
        Errno::EOPNOTSUPP as i32,
        Errno::ESPIPE as i32,
        Errno::EPERM as i32,
        Errno::EACCES as i32,
        Errno::EOVERFLOW as i32,
        Errno::ENOMEM as i32,
        Errno::ENODEV as i32,
        ENOTSUPP,
    ];
    error.raw_os_error().is_some_and(|code| REFUSALS.contains(&code))
}
