//! Memory that begins at a cache line: a vector that lies in two takes twice as long.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line.
const LINE: usize = 64;

/// Contiguous values from the start of a cache line on.
pub(super) struct Aligned<V> {
    values: Vec<V>,
    first: usize,
}

impl<V: Copy + Default> Aligned<V> {
    pub(super) fn new(count: usize) -> Self {
        if count == 0 {
            return Self { values: Vec::new(), first: 0 };
        }
        let room = LINE / size_of::<V>();
        let mut values = vec![V::default(); count + room];
        let first = values.as_ptr().align_offset(LINE).min(room);
        values.truncate(first + count);
        Self { values, first }
    }
}

impl<V> Deref for Aligned<V> {
    type Target = [V];

    #[inline(always)]
    fn deref(&self) -> &[V] {
        &self.values[self.first..]
    }
}

impl<V> DerefMut for Aligned<V> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [V] {
        &mut self.values[self.first..]
    }
}
