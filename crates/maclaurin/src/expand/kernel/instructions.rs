//! What differs between instruction sets: how lanes are exchanged, and how memory is written.

use std::sync::OnceLock;

use super::backward::{DirectGradient, Sums};
use super::forward::Direct;
use super::interleave::{Lanes, Pattern};
use super::vector::{Array, Vector};
use crate::expand::ExpandError;
use crate::expand::element::Lane;
use crate::expand::element::sealed::{Narrow, Wide};

/// The operations that the compiler does not find by itself. The portable ones here are the
/// specification of the others.
pub trait Instructions: Copy + Send + Sync {
    /// Lanes of a vector of 4-byte values.
    const LANES: usize;

    /// Sixteen single precision numbers.
    type Singles: Vector<Lane = f32>;

    /// Sixteen double precision numbers.
    type Doubles: Vector<Lane = f64>;

    /// Eight doubles, in as many registers as they take.
    type Eight: Copy;

    /// The same number eight times.
    fn splat(self, value: f64) -> Self::Eight;

    /// `a b`
    fn multiply(self, a: Self::Eight, b: Self::Eight) -> Self::Eight;

    /// `a b + c`, rounded once.
    fn multiply_add(self, a: Self::Eight, b: Self::Eight, c: Self::Eight) -> Self::Eight;

    /// Eight values in double precision.
    ///
    /// # Safety
    ///
    /// Eight values can be read there.
    unsafe fn load<T: Wide>(self, from: *const T) -> Self::Eight;

    /// Eight values, each the nearest of its type.
    ///
    /// # Safety
    ///
    /// Eight values can be written there.
    unsafe fn store<L: Lane>(self, values: Self::Eight, to: *mut L);

    /// [`Instructions::store`] twice, side by side.
    ///
    /// # Safety
    ///
    /// Sixteen values can be written there.
    #[inline(always)]
    unsafe fn store_both<L: Lane>(self, values: [Self::Eight; 2], to: *mut L) {
        // SAFETY: the caller's promise.
        unsafe {
            self.store(values[0], to);
            self.store(values[1], to.add(8));
        }
    }

    /// Each value as the nearest one of its type.
    ///
    /// # Safety
    ///
    /// As many values can be written there.
    #[inline(always)]
    unsafe fn narrow<U: Narrow>(self, from: &[U::Lane], to: *mut U) {
        if U::IS_LANE {
            // SAFETY: the caller's promise; the same type by another name.
            unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to.cast(), from.len()) };
            return;
        }
        for (place, &value) in from.iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { to.add(place).write(U::narrow(value)) };
        }
    }

    /// Whether lanes of so many bytes are exchanged by [`Instructions::combine`] rather than copied.
    #[inline(always)]
    fn exchanges(self, _bytes: usize) -> bool {
        false
    }

    /// A whole vector: `to[lane] = from[k * stride + lanes[lane]]` for the `k` whose mask has the
    /// lane.
    ///
    /// # Safety
    ///
    /// A vector can be read at `from + k * stride` for each mask and written at `to`; lanes of this
    /// size are exchanged.
    #[inline(always)]
    unsafe fn combine<L: Lane>(
        self,
        lanes: &Lanes,
        masks: &[u16],
        from: *const L,
        stride: usize,
        to: *mut L,
    ) {
        for (lane, &source) in lanes.0.iter().enumerate() {
            if let Some(k) = masks.iter().position(|mask| mask >> lane & 1 == 1) {
                // SAFETY: the caller's promise.
                unsafe { to.add(lane).write(from.add(k * stride + source as usize).read()) };
            }
        }
    }

    /// The whole steps of [`Instructions::interleave`], for which both slices have room.
    ///
    /// # Safety
    ///
    /// A vector can be read from each row, and the vectors of a step written, at every step.
    #[inline(always)]
    unsafe fn interleave_steps<L: Lane>(
        self,
        pattern: &Pattern,
        rows: *const L,
        stride: usize,
        steps: usize,
        out: *mut L,
    ) {
        for first in (0..steps * pattern.step).step_by(pattern.step) {
            for vector in 0..pattern.vectors() {
                let masks = &pattern.masks[vector * pattern.rows..][..pattern.rows];
                let to = first * pattern.rows + vector * pattern.lanes();
                // SAFETY: the caller's promise.
                unsafe {
                    let (from, to) = (rows.add(first), out.add(to));
                    self.combine(&pattern.sources[vector], masks, from, stride, to);
                }
            }
        }
    }

    /// How many steps of a pattern are made by [`Instructions::combine`]. Vectors of fewer lanes are interleaved faster
    /// by code for just that number of rows.
    #[inline(always)]
    fn steps<L: Lane>(self, pattern: &Pattern, count: usize) -> usize {
        let exchanges = self.exchanges(L::BYTES) && !(Self::LANES < 16 && pattern.is_unrolled());
        if exchanges { count / pattern.step } else { 0 }
    }

    /// Rows, row `r` at `rows[r * stride ..]`, to the order of memory: see [`Pattern`]. Both
    /// slices have room for a vector beyond the values.
    #[inline(always)]
    fn interleave<L: Lane>(
        self,
        pattern: &Pattern,
        rows: &[L],
        stride: usize,
        count: usize,
        out: &mut [L],
    ) {
        let steps = self.steps::<L>(pattern, count);
        // Vectors are read and written whole, a little beyond the last value.
        let last = (steps.max(1) - 1) * pattern.step;
        let (read, written) = pattern.extents(last, stride);
        assert!(steps == 0 || rows.len() >= read && out.len() >= written);
        // SAFETY: the places of all steps lie inside `rows` and `out`, by the assertion.
        unsafe { self.interleave_steps(pattern, rows.as_ptr(), stride, steps, out.as_mut_ptr()) };
        let done = steps * pattern.step;
        pattern.interleave(&rows[done..], stride, count - done, &mut out[done * pattern.rows..]);
    }

    /// The order of memory to rows.
    #[inline(always)]
    fn separate<L: Lane>(
        self,
        pattern: &Pattern,
        values: &[L],
        rows: &mut [L],
        stride: usize,
        count: usize,
    ) {
        let steps = self.steps::<L>(pattern, count);
        let last = (steps.max(1) - 1) * pattern.step;
        let (written, read) = pattern.extents(last, stride);
        assert!(steps == 0 || rows.len() >= written && values.len() >= read);
        for first in (0..steps * pattern.step).step_by(pattern.step) {
            for row in 0..pattern.rows {
                let masks = &pattern.origin_masks[row * pattern.vectors()..][..pattern.vectors()];
                // SAFETY: the places of all steps lie inside both slices, by the assertion.
                unsafe {
                    let from = values.as_ptr().add(first * pattern.rows);
                    let to = rows.as_mut_ptr().add(row * stride + first);
                    self.combine(&pattern.origins[row], masks, from, pattern.lanes(), to);
                }
            }
        }
        let done = steps * pattern.step;
        pattern.separate(&values[done * pattern.rows..], &mut rows[done..], stride, count - done);
    }

    /// Expands `count` values side by side without tiles, where [`Level::writes_directly`].
    ///
    /// # Safety
    ///
    /// The values can be read, their places in the output written, and they are nobody else's.
    #[inline(always)]
    unsafe fn expand_directly<T: Wide, U: Narrow>(
        self,
        _direct: &Direct<'_>,
        _x: *const T,
        _count: usize,
        _out: *mut U,
    ) {
        unreachable!("only levels that write directly are asked to");
    }

    /// Takes the gradients of `count` values side by side back without tiles, where
    /// [`Level::writes_directly`]; value `i` adds to lane `i % 16` of the sums.
    ///
    /// # Safety
    ///
    /// The values and their gradients can be read, the places at `out` written, and they are nobody
    /// else's.
    #[inline(always)]
    unsafe fn take_back_directly<T: Wide>(
        self,
        _direct: &DirectGradient<'_>,
        _x: *const T,
        _gradient: *const f32,
        _count: usize,
        _out: Option<*mut f32>,
        _sums: &mut [Sums],
    ) {
        unreachable!("only levels that write directly are asked to");
    }

    /// Copies past the caches, where the machine can.
    ///
    /// # Safety
    ///
    /// `to` points to as many values as `from` has, apart from them, that may be written.
    #[inline(always)]
    unsafe fn stream<V: Copy>(self, from: &[V], to: *mut V) {
        // SAFETY: the caller's promise.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to, from.len()) };
    }

    /// Makes streamed values visible to other threads.
    #[inline(always)]
    fn fence(self) {}
}

/// Any machine.
#[derive(Clone, Copy)]
pub struct Portable;

impl Instructions for Portable {
    const LANES: usize = 16;

    type Singles = Array<f32>;

    type Doubles = Array<f64>;

    type Eight = [f64; 8];

    #[inline(always)]
    fn splat(self, value: f64) -> [f64; 8] {
        [value; 8]
    }

    #[inline(always)]
    fn multiply(self, a: [f64; 8], b: [f64; 8]) -> [f64; 8] {
        std::array::from_fn(|lane| a[lane] * b[lane])
    }

    #[inline(always)]
    fn multiply_add(self, a: [f64; 8], b: [f64; 8], c: [f64; 8]) -> [f64; 8] {
        std::array::from_fn(|lane| a[lane].mul_add(b[lane], c[lane]))
    }

    #[inline(always)]
    unsafe fn load<T: Wide>(self, from: *const T) -> [f64; 8] {
        // SAFETY: the caller's promise.
        std::array::from_fn(|lane| unsafe { from.add(lane).read() }.wide())
    }

    #[inline(always)]
    unsafe fn store<L: Lane>(self, values: [f64; 8], to: *mut L) {
        for (lane, value) in values.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { to.add(lane).write(L::round(value)) };
        }
    }
}

/// Plain code that is compiled for each instruction set.
pub(crate) trait Work {
    /// What it yields.
    type Output;

    /// Does it; to be inlined, or it has not the instructions.
    fn with<I: Instructions>(self, instructions: I) -> Self::Output;
}

/// Something computed by any instruction set, range by range.
pub(super) trait Job: Sync {
    /// What a range yields.
    type Output: Send;

    /// The values `first .. last` of the array.
    fn range<I: Instructions>(&self, instructions: I, first: usize, last: usize) -> Self::Output;
}

/// A range of a job.
struct Range<'a, J> {
    job: &'a J,
    first: usize,
    last: usize,
}

impl<J: Job> Work for Range<'_, J> {
    type Output = J::Output;

    #[inline(always)]
    fn with<I: Instructions>(self, instructions: I) -> J::Output {
        self.job.range(instructions, self.first, self.last)
    }
}

/// An instruction set that this machine has.
#[derive(Clone, Copy)]
pub(crate) enum Level {
    Portable(Portable),
    #[cfg(target_arch = "x86_64")]
    Avx2(super::avx2::Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(super::avx512::Avx512),
}

impl Level {
    /// All that the machine has, the best one first: they are to agree.
    pub(crate) fn all() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        return super::avx512::Avx512::detected()
            .map(Self::Avx512)
            .into_iter()
            .chain(super::avx2::Avx2::detected().map(Self::Avx2))
            .chain([Self::Portable(Portable)])
            .collect();
        #[cfg(not(target_arch = "x86_64"))]
        return vec![Self::Portable(Portable)];
    }

    /// What users call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Portable(_) => "baseline",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "avx512",
        }
    }

    /// The one that the variable `MACLAURIN_INSTRUCTIONS`, read once, asks for, or else the best one.
    ///
    /// # Errors
    ///
    /// [`ExpandError::Instructions`] if the machine does not have what is asked for.
    pub(crate) fn chosen() -> Result<Self, ExpandError> {
        static CHOSEN: OnceLock<Result<Level, ExpandError>> = OnceLock::new();
        let choose = || {
            let asked = std::env::var_os("MACLAURIN_INSTRUCTIONS").unwrap_or_default();
            Self::named(&asked.to_string_lossy())
        };
        CHOSEN.get_or_init(choose).clone()
    }

    /// The one of a name, of an empty one the best.
    pub(super) fn named(name: &str) -> Result<Self, ExpandError> {
        let all = Self::all();
        let found = all.iter().find(|level| name.is_empty() || level.name() == name);
        found.copied().ok_or_else(|| ExpandError::Instructions {
            asked: name.to_owned(),
            known: all.iter().map(|level| level.name()).collect(),
        })
    }

    /// The one that was asked for if the machine has it, or else the best one: for work that nobody
    /// compares.
    pub(crate) fn best() -> Self {
        Self::chosen().unwrap_or_else(|_| Self::all()[0])
    }

    /// Lanes of a vector of `bytes`-byte values.
    pub(super) fn lanes(self, bytes: usize) -> usize {
        let lanes = match self {
            Self::Portable(_) => Portable::LANES,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => super::avx2::Avx2::LANES,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => super::avx512::Avx512::LANES,
        };
        lanes * 4 / bytes
    }

    /// Whether it can go without tiles.
    pub(super) fn writes_directly(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => true,
            _ => false,
        }
    }

    /// A range of a job, by this instruction set.
    pub(super) fn run<J: Job>(self, job: &J, first: usize, last: usize) -> J::Output {
        self.apply(Range { job, first, last })
    }

    /// Does work by this instruction set.
    pub(crate) fn apply<W: Work>(self, work: W) -> W::Output {
        match self {
            Self::Portable(portable) => work.with(portable),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the value is proof that the machine has the instructions.
            Self::Avx2(avx2) => unsafe { apply_avx2(avx2, work) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Self::Avx512(avx512) => unsafe { apply_avx512(avx512, work) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
fn apply_avx2<W: Work>(avx2: super::avx2::Avx2, work: W) -> W::Output {
    work.with(avx2)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")]
fn apply_avx512<W: Work>(avx512: super::avx512::Avx512, work: W) -> W::Output {
    work.with(avx512)
}
