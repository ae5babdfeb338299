//! Reading up to a separator.

use super::StreamReader;
use crate::error::{IncompleteRead, LimitOverrun, ReadUntilError};
use memchr::memmem;
use std::future::poll_fn;

/// Where a separator was found.
struct Found {
    start: usize,
    end: usize,
}

impl StreamReader {
    /// Everything up to the next separator, and the separator.
    ///
    /// # Errors
    ///
    /// [`ReadUntilError::Overrun`] if there is none within the [`limit`](Self::limit): what came stays in the
    /// [`buffer`](Self::buffer). [`ReadUntilError::Incomplete`] if the end comes first: it holds what came before. Or the
    /// connection failed.
    ///
    /// # Panics
    ///
    /// If it is empty.
    ///
    /// # Python
    ///
    /// `reader.readuntil(separator)`.
    pub async fn read_until(&mut self, separator: impl AsRef<[u8]>) -> Result<Vec<u8>, ReadUntilError> {
        self.read_until_any(&[separator.as_ref()]).await
    }

    /// As [`read_until`](Self::read_until), with several separators: the one that ends first counts, even if another one
    /// would reach further.
    ///
    /// # Errors
    ///
    /// As [`read_until`](Self::read_until).
    ///
    /// # Panics
    ///
    /// If there is no separator, or an empty one.
    ///
    /// # Python
    ///
    /// `reader.readuntil((one, another))`.
    pub async fn read_until_any(&mut self, separators: &[&[u8]]) -> Result<Vec<u8>, ReadUntilError> {
        let end = self.find(separators).await?;
        Ok(self.buffer.take(end))
    }

    /// Where the next separator ends. It stays in the buffer, with everything before it.
    pub(super) async fn find(&mut self, separators: &[&[u8]]) -> Result<usize, ReadUntilError> {
        let longest = separators.iter().map(|one| one.len()).max();
        let longest = longest.expect("a read up to a separator needs one");
        assert!(separators.iter().all(|one| !one.is_empty()), "an empty separator is everywhere");
        self.step().await;
        // No separator ends before this place, however much more comes.
        let mut searched = 0;
        loop {
            if let Some(found) = search(self.buffer.as_slice(), searched, separators) {
                if found.start > self.limit {
                    return Err(self.overrun(found.start));
                }
                return Ok(found.end);
            }
            searched = (self.buffer.len() + 1).saturating_sub(longest);
            if searched > self.limit {
                return Err(self.overrun(searched));
            }
            if self.eof {
                let partial = self.buffer.take(self.buffer.len());
                return Err(ReadUntilError::Incomplete(IncompleteRead { partial, expected: None }));
            }
            poll_fn(|cx| self.poll_more(cx, 0)).await?;
        }
    }

    fn overrun(&self, consumed: usize) -> ReadUntilError {
        ReadUntilError::Overrun(LimitOverrun { consumed, limit: self.limit })
    }
}

/// The separator that ends first, looked for from `from` on.
fn search(bytes: &[u8], from: usize, separators: &[&[u8]]) -> Option<Found> {
    let found = separators.iter().filter_map(|separator| {
        let start = match *separator {
            [byte] => memchr::memchr(*byte, &bytes[from..])?,
            _ => memmem::find(&bytes[from..], separator)?,
        };
        Some(Found { start: from + start, end: from + start + separator.len() })
    });
    found.min_by_key(|found| found.end)
}
