//! Buffers that begin where a page of memory begins, and are used again.
//!
//! Two costs of plain vectors show as soon as gigabytes pass through them. Long ones begin 16 bytes behind the start of
//! a page, and some processors copy many times slower from or to such a place. And each new one is memory that the
//! system has to find and clear first, which takes longer than reading into it.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of a page of memory, or a divisor of them.
const PAGE_BYTES: usize = 4096;

/// Keeps emptied buffers of one size for the next user; they may be given back by any thread.
///
/// ```
/// use longear_store::pages::PagePool;
///
/// static BLOCKS: PagePool = PagePool::new(256 << 10, 4);
///
/// let mut block = BLOCKS.take(1_000);
/// block[..5].copy_from_slice(b"hello");
/// block.truncate(5);
/// assert_eq!(&block[..], b"hello");
/// ```
#[derive(Debug)]
pub struct PagePool {
    buffer_bytes: usize,
    spare_max: usize,
    spare: Mutex<Vec<Vec<u8>>>,
}

impl PagePool {
    /// Makes a pool of buffers of `buffer_bytes` each, of which up to `spare_max` are kept while nobody uses them.
    pub const fn new(buffer_bytes: usize, spare_max: usize) -> Self {
        Self { buffer_bytes, spare_max, spare: Mutex::new(Vec::new()) }
    }

    /// Gives a buffer of `length` bytes, with whatever was in it last; it comes back when it is dropped.
    ///
    /// Lengths above or far below those of the pool get memory of their own.
    pub fn take(&'static self, length: usize) -> PageBuffer {
        if length > self.buffer_bytes || length <= self.buffer_bytes / 2 {
            return PageBuffer::new(length);
        }
        let memory = self.spare().pop().unwrap_or_else(|| memory_for(self.buffer_bytes));
        PageBuffer::within(memory, length, Some(self))
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        // Whoever panicked left a list of buffers behind, which is all it ever is.
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Is a buffer that begins with a page.
#[derive(Debug)]
pub struct PageBuffer {
    memory: Vec<u8>,
    start: usize,
    length: usize,
    pool: Option<&'static PagePool>,
}

impl PageBuffer {
    /// Makes a buffer of zeros.
    pub fn new(length: usize) -> Self {
        Self::within(memory_for(length), length, None)
    }

    fn within(memory: Vec<u8>, length: usize, pool: Option<&'static PagePool>) -> Self {
        let start = memory.as_ptr().align_offset(PAGE_BYTES).min(PAGE_BYTES);
        Self { memory, start, length, pool }
    }

    /// Shortens the buffer; what is longer already stays as it is.
    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }
}

impl Deref for PageBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.length]
    }
}

impl DerefMut for PageBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.length]
    }
}

impl AsRef<[u8]> for PageBuffer {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Drop for PageBuffer {
    fn drop(&mut self) {
        let Some(pool) = self.pool else { return };
        let mut spare = pool.spare();
        if spare.len() < pool.spare_max {
            spare.push(std::mem::take(&mut self.memory));
        }
    }
}

fn memory_for(length: usize) -> Vec<u8> {
    vec![0; length + PAGE_BYTES]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_begin_with_a_page() {
        static POOL: PagePool = PagePool::new(64 << 10, 1);
        for length in [1, 40_000, 64 << 10, 1 << 20] {
            let buffer = POOL.take(length);
            assert_eq!((buffer.len(), buffer.as_ptr() as usize % PAGE_BYTES), (length, 0));
        }
    }

    #[test]
    fn a_buffer_that_was_dropped_is_given_again_whole() {
        static POOL: PagePool = PagePool::new(64 << 10, 1);
        let mut first = POOL.take(64 << 10);
        first[0] = 7;
        first.truncate(3);
        let at = first.as_ptr();
        drop(first);
        let second = POOL.take(50_000);
        assert_eq!((second.as_ptr(), second.len(), second[0]), (at, 50_000, 7));
    }

    #[test]
    fn no_more_are_kept_than_was_said() {
        static POOL: PagePool = PagePool::new(64 << 10, 2);
        let taken: Vec<PageBuffer> = (0..5).map(|_| POOL.take(64 << 10)).collect();
        drop(taken);
        assert_eq!(POOL.spare().len(), 2);
    }
}
