//! What differs between instruction sets: the vectors, and how memory is written.

use std::sync::OnceLock;

use super::backward::{DirectGradient, Sums};
use super::forward::Direct;
use super::vector::Vector;
use crate::expand::ExpandError;
use crate::expand::element::sealed::{Format, Narrow, Wide};

/// The operations that the compiler does not find by itself. The portable ones here are the
/// specification of the others.
pub trait Instructions: Copy + Send + Sync {
    /// Sixteen single precision numbers.
    type Singles: Vector<Lane = f32>;

    /// Sixteen double precision numbers.
    type Doubles: Vector<Lane = f64>;

    /// Each value as the nearest one of its type.
    ///
    /// # Safety
    ///
    /// As many values can be written there.
    #[inline(always)]
    unsafe fn narrow<U: Narrow>(self, from: &[U::Lane], to: *mut U) {
        // SAFETY: the caller's promise.
        unsafe { narrow(from, to) };
    }

    /// Eight values as the nearest `f16`.
    ///
    /// # Safety
    ///
    /// They can be read.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn halves(self, from: *const f32) -> std::arch::x86_64::__m128i {
        use std::arch::x86_64::_mm_loadu_ps;
        // SAFETY: the caller's promise; every x86-64 has SSE2.
        unsafe { super::halves::halves(_mm_loadu_ps(from), _mm_loadu_ps(from.add(4))) }
    }

    /// Expands `count` contiguous values without tiles, where [`Level::ways`] says so.
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

    /// The backward pass of `count` contiguous values without tiles, where
    /// [`Level::takes_back_directly`]; value `i` adds to lane `i % 16` of the sums.
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

    /// Copies by non-temporal stores, where the machine can.
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

/// [`Instructions::narrow`] value by value.
///
/// # Safety
///
/// As there.
#[inline(always)]
pub(super) unsafe fn narrow<U: Narrow>(from: &[U::Lane], to: *mut U) {
    if U::IS_LANE {
        // SAFETY: the caller's promise; both types are the same here.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to.cast(), from.len()) };
        return;
    }
    for (place, &value) in from.iter().enumerate() {
        // SAFETY: the caller's promise.
        unsafe { to.add(place).write(U::narrow(value)) };
    }
}

/// What every machine of the architecture has.
#[derive(Clone, Copy)]
pub struct Portable;

impl Instructions for Portable {
    #[cfg(target_arch = "x86_64")]
    type Singles = super::vector::Sse2Singles;

    #[cfg(target_arch = "x86_64")]
    type Doubles = super::vector::Sse2Doubles;

    #[cfg(not(target_arch = "x86_64"))]
    type Singles = super::vector::Array<f32>;

    #[cfg(not(target_arch = "x86_64"))]
    type Doubles = super::vector::Array<f64>;

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn narrow<U: Narrow>(self, from: &[U::Lane], to: *mut U) {
        use std::arch::x86_64::_mm_storeu_si128;
        let vectors = if U::FORMAT == Format::F16 { from.len() / 8 } else { 0 };
        // SAFETY: the caller's promise; the lanes of halves are `f32`.
        unsafe {
            for first in (0..8 * vectors).step_by(8) {
                let values = self.halves(from.as_ptr().add(first).cast());
                _mm_storeu_si128(to.add(first).cast(), values);
            }
            narrow(&from[8 * vectors..], to.add(8 * vectors));
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn expand_directly<T: Wide, U: Narrow>(
        self,
        direct: &Direct<'_>,
        x: *const T,
        count: usize,
        out: *mut U,
    ) {
        use super::straight::{expand, sse2};
        // SAFETY: the caller's promise; every x86-64 has SSE2; `U` is `f32` here.
        unsafe { expand(sse2::choose, direct, x, count, out.cast()) };
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn stream<V: Copy>(self, from: &[V], to: *mut V) {
        use std::arch::x86_64::{_mm_loadu_si128, _mm_stream_si128};
        let (start, end, bytes) = (from.as_ptr().cast::<u8>(), to.cast::<u8>(), size_of_val(from));
        let head = end.align_offset(16).min(bytes);
        let done = head + (bytes - head) / 16 * 16;
        // SAFETY: the caller's promise; the parts begin at an aligned address, and every x86-64 has SSE2.
        unsafe {
            std::ptr::copy_nonoverlapping(start, end, head);
            for offset in (head..done).step_by(16) {
                let value = _mm_loadu_si128(start.add(offset).cast());
                _mm_stream_si128(end.add(offset).cast(), value);
            }
            std::ptr::copy_nonoverlapping(start.add(done), end.add(done), bytes - done);
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn fence(self) {
        // SAFETY: every x86-64 has SSE.
        unsafe { std::arch::x86_64::_mm_sfence() };
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

/// What an instruction set expands without tiles.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ways {
    /// Nothing.
    #[cfg_attr(target_arch = "x86_64", allow(dead_code))]
    None,
    /// Few rows of `f32`, on the last axis or apart.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    Few,
    /// More rows, of halves too, and behind narrow groups of values.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    Many,
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

    /// What it expands without tiles.
    pub(super) fn ways(self) -> Ways {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => Ways::Many,
            #[cfg(target_arch = "x86_64")]
            _ => Ways::Few,
            #[cfg(not(target_arch = "x86_64"))]
            Self::Portable(_) => Ways::None,
        }
    }

    /// Whether it takes gradients back without tiles.
    pub(super) fn takes_back_directly(self) -> bool {
        self.ways() == Ways::Many
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
