//! Bytes on their way: appended at the end, taken at the front, always in one piece.

/// From here on a buffer that is taken as a whole is handed over instead of copied. Below, the new buffer that the next read
/// needs costs more than the copy.
const WORTH_HANDING_OVER: usize = 512 * 1024;

/// An empty buffer larger than this gives its memory back: more than a reader reads at a time.
const KEPT_MAX: usize = 256 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Buffer {
    /// All of it initialised; what is outside `head..tail` means nothing.
    bytes: Vec<u8>,
    head: usize,
    tail: usize,
}

impl Buffer {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[self.head..self.tail]
    }

    pub(crate) fn len(&self) -> usize {
        self.tail - self.head
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.head == self.tail
    }

    /// Room for at least `least` more bytes behind those that are there; say with [`filled`](Self::filled) how many came.
    pub(crate) fn spare(&mut self, least: usize) -> &mut [u8] {
        if self.bytes.len() - self.tail < least {
            self.make_room(least);
        }
        &mut self.bytes[self.tail..]
    }

    fn make_room(&mut self, least: usize) {
        let len = self.len();
        if self.bytes.len() < len + least {
            // Doubling, so that filling a large buffer in small steps costs a copy or two of each byte. A new one, because
            // the system has zeroes at hand, and filling the old one up with them would cost a write of each byte.
            let mut larger = vec![0; (len + least).max(2 * self.bytes.len())];
            larger[..len].copy_from_slice(self.as_slice());
            self.bytes = larger;
        } else {
            self.bytes.copy_within(self.head..self.tail, 0);
        }
        (self.head, self.tail) = (0, len);
    }

    pub(crate) fn filled(&mut self, len: usize) {
        debug_assert!(len <= self.bytes.len() - self.tail, "more bytes came than there was room for");
        self.tail += len;
    }

    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.spare(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
    }

    /// Forgets the first `len` bytes.
    pub(crate) fn consume(&mut self, len: usize) {
        assert!(len <= self.len(), "consumed {len} bytes of {}", self.len());
        self.head += len;
        if self.is_empty() {
            (self.head, self.tail) = (0, 0);
            if self.bytes.len() > KEPT_MAX {
                self.bytes = Vec::new();
            }
        }
    }

    /// Moves as many of the first bytes to `room` as it holds. How many.
    pub(crate) fn give(&mut self, room: &mut [u8]) -> usize {
        let len = room.len().min(self.len());
        room[..len].copy_from_slice(&self.as_slice()[..len]);
        self.consume(len);
        len
    }

    /// The first `len` bytes, which are gone from here then.
    pub(crate) fn take(&mut self, len: usize) -> Vec<u8> {
        // Not if most of it would be empty: whoever keeps it would keep that, too.
        let well_filled = len >= self.bytes.len() / 2;
        if self.head == 0 && len == self.tail && len >= WORTH_HANDING_OVER && well_filled {
            let mut bytes = std::mem::take(&mut self.bytes);
            self.tail = 0;
            bytes.truncate(len);
            return bytes;
        }
        let bytes = self.as_slice()[..len].to_vec();
        self.consume(len);
        bytes
    }

    pub(crate) fn clear(&mut self) {
        self.consume(self.len());
    }
}

#[cfg(test)]
mod tests {
    use super::{Buffer, KEPT_MAX, WORTH_HANDING_OVER};

    #[test]
    fn what_is_appended_comes_out_in_order_however_it_is_taken() {
        let mut buffer = Buffer::default();
        let (mut put, mut got) = (0_u32, 0_u32);
        for round in 1..200_u32 {
            for _ in 0..round % 37 {
                buffer.extend(&put.to_be_bytes());
                put += 1;
            }
            for _ in 0..round % 31 {
                if buffer.len() >= 4 {
                    assert_eq!(buffer.take(4), got.to_be_bytes());
                    got += 1;
                }
            }
        }
        assert_eq!(buffer.len() as u32, 4 * (put - got));
    }

    #[test]
    fn a_large_buffer_is_handed_over_without_a_copy() {
        let mut buffer = Buffer::default();
        buffer.extend(&vec![7; WORTH_HANDING_OVER]);
        let place = buffer.as_slice().as_ptr();
        let taken = buffer.take(WORTH_HANDING_OVER);
        assert_eq!(taken.as_ptr(), place);
        assert!(taken.iter().all(|byte| *byte == 7) && buffer.is_empty());
        buffer.extend(b"again");
        assert_eq!(buffer.as_slice(), b"again");
    }

    #[test]
    fn an_empty_buffer_keeps_no_more_than_a_little_memory() {
        let mut buffer = Buffer::default();
        buffer.extend(&vec![7; KEPT_MAX + 1]);
        buffer.consume(KEPT_MAX + 1);
        assert_eq!(buffer.bytes.capacity(), 0);
        assert!(buffer.spare(10).len() >= 10);
    }
}
