//! Finished values on their way to non-temporal stores, a little at a time.
//!
//! A core can hold few unfinished stores: written in one go they make it wait for the memory, and
//! the memory then waits for the arithmetic. So what one tile computed is written between the steps
//! of the next.

use super::instructions::Instructions;

/// Bytes to copy.
struct Segment {
    from: *const u8,
    to: *mut u8,
    bytes: usize,
}

/// Copies that are still to be made.
pub(super) struct Drain {
    segments: Vec<Segment>,
    next: usize,
    /// Bytes for each step.
    pace: usize,
}

impl Drain {
    /// Nothing yet; `pace` bytes at a time.
    pub(super) fn new(pace: usize) -> Self {
        Self { segments: Vec::new(), next: 0, pace }
    }

    /// Takes values on.
    ///
    /// # Safety
    ///
    /// Until [`Drain::finish`], `from` stays as it is and `to` points to as many values that may
    /// be written and that nobody else touches.
    #[inline(always)]
    pub(super) unsafe fn take<V>(&mut self, from: *const V, to: *mut V, count: usize) {
        let bytes = count * size_of::<V>();
        self.segments.push(Segment { from: from.cast(), to: to.cast(), bytes });
    }

    /// Copies about as much as a step is to.
    #[inline(always)]
    pub(super) fn step<I: Instructions>(&mut self, instructions: I) {
        if self.next < self.segments.len() {
            self.copy(instructions, self.pace);
        }
    }

    /// Copies the rest.
    #[inline(always)]
    pub(super) fn finish<I: Instructions>(&mut self, instructions: I) {
        self.copy(instructions, usize::MAX);
        self.segments.clear();
        self.next = 0;
    }

    #[inline(always)]
    fn copy<I: Instructions>(&mut self, instructions: I, mut bytes: usize) {
        while bytes > 0
            && let Some(segment) = self.segments.get_mut(self.next)
        {
            // Up to the end of a cache line.
            let part = segment.to.align_offset(64).saturating_add(bytes).min(segment.bytes);
            // SAFETY: the promise of `take`.
            unsafe {
                instructions.stream(std::slice::from_raw_parts(segment.from, part), segment.to);
                segment.from = segment.from.add(part);
                segment.to = segment.to.add(part);
            }
            segment.bytes -= part;
            if segment.bytes == 0 {
                self.next += 1;
            }
            bytes = bytes.saturating_sub(part);
        }
    }
}
