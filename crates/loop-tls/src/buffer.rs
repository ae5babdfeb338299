//! Bytes in TLS's own form, on their way between a channel and rustls.

use std::cell::RefCell;
use std::io;
use std::mem;

/// How much is read at a time.
pub(crate) const CHUNK: usize = 64 * 1024;

/// A buffer larger than this gives its memory back to the system: a chunk, and what TLS adds to it.
const KEPT_MAX: usize = 2 * CHUNK;

/// How many buffers a thread keeps for those who need one next: whoever echoes has one for each way.
const SPARES: usize = 2;

thread_local! {
    /// Memory of buffers that are empty at present: an idle connection has none of its own.
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Appended at the end, taken at the front; holds memory only while it is not empty.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    /// All of it initialised; what is outside `head..tail` means nothing.
    bytes: Vec<u8>,
    head: usize,
    tail: usize,
}

impl Buffer {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { head: 0, tail: bytes.len(), bytes }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[self.head..self.tail]
    }

    pub(crate) fn len(&self) -> usize {
        self.tail - self.head
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.head == self.tail
    }

    /// Room for `len` more bytes; say with [`filled`](Self::filled) how many came.
    pub(crate) fn spare(&mut self, len: usize) -> &mut [u8] {
        if self.bytes.is_empty() {
            self.bytes = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
        }
        if self.bytes.len() < self.tail + len {
            self.bytes.copy_within(self.head..self.tail, 0);
            (self.head, self.tail) = (0, self.len());
            // Never shorter: the rest would have to be zeroed the next time.
            let least = (self.tail + len).max(self.bytes.len());
            self.bytes.resize(least, 0);
        }
        &mut self.bytes[self.tail..self.tail + len]
    }

    pub(crate) fn filled(&mut self, len: usize) {
        self.tail += len;
        self.settle();
    }

    /// Forgets the first `len` bytes.
    pub(crate) fn consume(&mut self, len: usize) {
        debug_assert!(len <= self.len(), "consumed {len} bytes of {}", self.len());
        self.head += len;
        self.settle();
    }

    /// An empty one gives its memory to the next that needs some.
    fn settle(&mut self) {
        if self.is_empty() {
            let memory = mem::take(self).bytes;
            SPARE.with_borrow_mut(|spare| {
                if spare.len() < SPARES && !memory.is_empty() && memory.len() <= KEPT_MAX {
                    spare.push(memory);
                }
            });
        }
    }
}

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.spare(bytes.len()).copy_from_slice(bytes);
        self.filled(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Buffer, CHUNK, KEPT_MAX, SPARE};
    use std::io::Write as _;

    #[test]
    fn what_is_appended_comes_out_in_order_however_it_is_taken() {
        let mut buffer = Buffer::new(vec![0, 1, 2]);
        let (mut put, mut got) = (3_u8, 0_u8);
        for round in 0..500 {
            for _ in 0..round % 37 {
                buffer.write_all(&[put]).unwrap();
                put = put.wrapping_add(1);
            }
            let taken = buffer.len().min(round % 41);
            for byte in &buffer.as_slice()[..taken] {
                assert_eq!(*byte, got);
                got = got.wrapping_add(1);
            }
            buffer.consume(taken);
        }
    }

    #[test]
    fn an_empty_buffer_leaves_its_memory_to_the_next_one_and_a_large_one_to_the_system() {
        let kept = || SPARE.with_borrow(|spare| spare.iter().map(Vec::len).collect::<Vec<_>>());
        let mut buffer = Buffer::default();
        buffer.spare(CHUNK)[0] = 7;
        buffer.filled(1);
        assert_eq!(kept(), []);
        buffer.consume(1);
        assert_eq!((buffer.bytes.capacity(), kept()), (0, vec![CHUNK]));
        buffer.spare(KEPT_MAX + 1);
        buffer.filled(0);
        assert_eq!((buffer.bytes.capacity(), kept()), (0, vec![]));
    }
}
