//! Reading line by line.

use super::StreamReader;
use crate::error::{InvalidLine, ReadLineError, ReadUntilError};
use futures_core::Stream;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

impl StreamReader {
    /// The next line with its `\n`; the last one may lack it, and nothing at all means the end.
    ///
    /// # Errors
    ///
    /// [`ReadLineError::TooLong`] as soon as a line is longer than the [`limit`](Self::limit). It is skipped, what is still
    /// to come of it too: the next read begins behind it. Or the connection failed.
    ///
    /// # Python
    ///
    /// `reader.readline()`. There the part of an over-long line that had not come yet is taken for the next line.
    ///
    /// # Examples
    ///
    /// ```
    /// # core_loop::run(async {
    /// # let server = loop_io::start_server(async |_, writer: loop_io::StreamWriter| writer.write(b"one\ntwo").map_err(std::io::Error::from), "127.0.0.1:0").await?;
    /// # let address = server.addresses()[0];
    /// let (mut reader, _writer) = loop_io::open_connection(address).await?;
    /// assert_eq!(reader.readline().await?, b"one\n");
    /// assert_eq!(reader.readline().await?, b"two");
    /// assert_eq!(reader.readline().await?, b"");
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub async fn readline(&mut self) -> Result<Vec<u8>, ReadLineError> {
        match self.find(&[b"\n"]).await {
            Ok(end) => Ok(self.buffer.take(end)),
            Err(ReadUntilError::Incomplete(incomplete)) => Ok(incomplete.partial),
            Err(ReadUntilError::Overrun(overrun)) => {
                self.skipping = true;
                self.skip_line();
                Err(ReadLineError::TooLong(overrun))
            }
            Err(ReadUntilError::Io(error)) => Err(ReadLineError::Io(error)),
        }
    }

    /// The next line as text, without its end (`\n` or `\r\n`); `None` at the end.
    ///
    /// # Errors
    ///
    /// As [`readline`](Self::readline), and [`ReadLineError::Invalid`] if it is no UTF-8: it holds the line.
    pub async fn next_line(&mut self) -> Result<Option<String>, ReadLineError> {
        let mut line = self.readline().await?;
        if line.is_empty() {
            return Ok(None);
        }
        let text =
            line.strip_suffix(b"\n").map_or(&line[..], |line| line.strip_suffix(b"\r").unwrap_or(line));
        line.truncate(text.len());
        String::from_utf8(line).map(Some).map_err(|error| {
            let valid_up_to = error.utf8_error().valid_up_to();
            ReadLineError::Invalid(InvalidLine { line: error.into_bytes(), valid_up_to })
        })
    }

    /// The lines as text, without their ends: what [`next_line`](Self::next_line) gives, as a `Stream`.
    ///
    /// # Python
    ///
    /// `async for line in reader`, which gives bytes with their ends: so does the reader itself, as a `Stream`.
    pub fn text_lines(&mut self) -> TextLines<'_> {
        TextLines { reader: self }
    }

    /// Drops what there is of a line that nobody wants.
    pub(super) fn skip_line(&mut self) {
        let end = memchr::memchr(b'\n', self.buffer.as_slice());
        self.skipping = end.is_none() && !self.eof;
        self.buffer.consume(end.map_or(self.buffer.len(), |end| end + 1));
    }
}

/// The lines of a reader, as text. A failed connection ends it; a line that is too long, or no UTF-8, does not.
///
/// # Cancel safety
///
/// Nothing is lost between two lines: dropping it leaves the reader behind the last line that it gave.
#[derive(Debug)]
pub struct TextLines<'a> {
    reader: &'a mut StreamReader,
}

impl Stream for TextLines<'_> {
    type Item = Result<String, ReadLineError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let reader = &mut *self.get_mut().reader;
        if reader.failed {
            return Poll::Ready(None);
        }
        // A new future each time: none of them keeps anything that the reader does not have.
        let line = ready!(pin!(reader.next_line()).poll(cx));
        Poll::Ready(line.transpose())
    }
}

impl Stream for StreamReader {
    type Item = Result<Vec<u8>, ReadLineError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let reader = self.get_mut();
        if reader.failed {
            return Poll::Ready(None);
        }
        let line = ready!(pin!(reader.readline()).poll(cx));
        Poll::Ready(match line {
            Ok(line) if line.is_empty() => None,
            line => Some(line),
        })
    }
}
