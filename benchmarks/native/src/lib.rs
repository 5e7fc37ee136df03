//! What the benchmark calls from Python: our kernels, and the machine's own limit.
//!
//! The limit is a loop with the same traffic and no arithmetic: it reads the input's bytes and
//! writes the output's, with non-temporal stores where asked to, on the same threads.

#![allow(unsafe_code, clippy::missing_safety_doc)]

use maclaurin::{
    Degrees, Element, Expansion, Family, Float, Kind, Polynomial, PolynomialBasis, expand,
    expand_backward_into, expand_into,
};
use ndarray::{ArrayView, ArrayViewMut, IxDyn};
use rayon::prelude::*;

/// A block of the limit's work in bytes of output.
const BLOCK: usize = 1 << 17;

fn expansion(kind: u32, axis: isize, stack: bool, scale: f64, shift: f64) -> Expansion {
    let kinds = [Kind::Powers, Kind::Terms, Kind::PartialSums, Kind::Sum];
    let kind = kinds.get(kind as usize).copied().unwrap_or_default();
    Expansion { kind, degrees: Degrees::All, axis, stack, scale, shift, ..Expansion::default() }
}

/// The polynomial `sum_k coefficients[k] x^k`, or of the kinds behind the others a basis.
unsafe fn polynomial(coefficients: *const f64, order: usize, kind: u32) -> Polynomial {
    let families = [Family::Legendre, Family::Chebyshev, Family::Jacobi { alpha: 0.5, beta: -0.5 }];
    let family = (kind as usize).checked_sub(4).and_then(|index| families.get(index));
    if let Some(Ok(basis)) = family.map(|&family| PolynomialBasis::new(family, order)) {
        return basis.polynomial();
    }
    // SAFETY: the caller hands over that many coefficients.
    let coefficients = unsafe { std::slice::from_raw_parts(coefficients, order + 1) };
    Polynomial::new(0.0, coefficients.to_vec())
}

macro_rules! entry {
    ($forward:ident, $backward:ident, $fresh:ident, $input:ty, $output:ty) => {
        /// Expands a (rows, columns) array into one that is there.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $forward(
            x: *const $input,
            rows: usize,
            columns: usize,
            coefficients: *const f64,
            order: usize,
            kind: u32,
            axis: isize,
            stack: bool,
            scale: f64,
            shift: f64,
            out: *mut $output,
        ) -> i32 {
            // SAFETY: the caller's arrays have these shapes.
            unsafe {
                let polynomial = polynomial(coefficients, order, kind);
                let expansion = expansion(kind, axis, stack, scale, shift);
                forward(x, rows, columns, &polynomial, &expansion, out)
            }
        }

        /// Expands into a fresh array, which is dropped: its first value comes back.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $fresh(
            x: *const $input,
            rows: usize,
            columns: usize,
            coefficients: *const f64,
            order: usize,
            kind: u32,
            axis: isize,
        ) -> f64 {
            // SAFETY: as above.
            unsafe {
                let x = ArrayView::from_shape_ptr(IxDyn(&[rows, columns]), x);
                let polynomial = polynomial(coefficients, order, kind);
                let expansion = expansion(kind, axis, true, 1.0, 0.0);
                expand::<$input, $output>(&x, &polynomial, &expansion)
                    .map_or(f64::NAN, |out| out.iter().next().map_or(0.0, |first| first.to_f64()))
            }
        }

        /// Takes a gradient back to the values, and to the coefficients where asked.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $backward(
            gradient: *const $output,
            x: *const $input,
            rows: usize,
            columns: usize,
            coefficients: *const f64,
            order: usize,
            kind: u32,
            axis: isize,
            out: *mut $output,
            sums: *mut f64,
        ) -> i32 {
            // SAFETY: as above; `sums` has room for order + 1 values or is null.
            unsafe {
                let polynomial = polynomial(coefficients, order, kind);
                let expansion = expansion(kind, axis, true, 1.0, 0.0);
                let x = ArrayView::from_shape_ptr(IxDyn(&[rows, columns]), x);
                let Ok(shape) = expansion.shape(&polynomial, x.shape()) else { return 1 };
                let gradient = ArrayView::from_shape_ptr(IxDyn(&shape), gradient);
                let mut out = ArrayViewMut::from_shape_ptr(IxDyn(&[rows, columns]), out);
                let found = expand_backward_into(
                    &gradient,
                    &x,
                    &polynomial,
                    &expansion,
                    Some(&mut out),
                    !sums.is_null(),
                );
                let Ok(found) = found else { return 1 };
                if !sums.is_null() {
                    std::ptr::copy_nonoverlapping(found.as_ptr(), sums, order + 1);
                }
                0
            }
        }
    };
}

entry!(expand_f32_f32, backward_f32_f32, fresh_f32_f32, f32, f32);
entry!(expand_u8_f32, backward_u8_f32, fresh_u8_f32, u8, f32);
entry!(expand_f64_f64, backward_f64_f64, fresh_f64_f64, f64, f64);
entry!(expand_f32_f16, backward_f32_f16, fresh_f32_f16, f32, half::f16);

unsafe fn forward<T: Element, U: Float>(
    x: *const T,
    rows: usize,
    columns: usize,
    polynomial: &Polynomial,
    expansion: &Expansion,
    out: *mut U,
) -> i32 {
    // SAFETY: the caller's arrays have these shapes.
    unsafe {
        let x = ArrayView::from_shape_ptr(IxDyn(&[rows, columns]), x);
        let Ok(shape) = expansion.shape(polynomial, x.shape()) else { return 1 };
        let mut out = ArrayViewMut::from_shape_ptr(IxDyn(&shape), out);
        i32::from(expand_into(&x, polynomial, expansion, &mut out).is_err())
    }
}

/// Expands a (count) array of `f32` along a new last axis, again and again, without the cost of
/// the call from Python.
///
/// # Safety
///
/// The arrays have these shapes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn repeat_f32(
    x: *const f32,
    count: usize,
    coefficients: *const f64,
    order: usize,
    kind: u32,
    axis: isize,
    out: *mut f32,
    repeats: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let polynomial = polynomial(coefficients, order, kind);
        let expansion = expansion(kind, axis, true, 1.0, 0.0);
        let x = ArrayView::from_shape_ptr(IxDyn(&[count]), x);
        let Ok(shape) = expansion.shape(&polynomial, x.shape()) else { return };
        let mut out = ArrayViewMut::from_shape_ptr(IxDyn(&shape), out);
        for _ in 0..repeats {
            let _ = expand_into(&x, &polynomial, &expansion, &mut out);
        }
    }
}

/// Memory that threads share, each its own part.
#[derive(Clone, Copy)]
struct Shared(*const u8, *mut u8);

// SAFETY: each block is touched by one thread.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    /// The addresses that many bytes further.
    ///
    /// # Safety
    ///
    /// The memory reaches that far.
    unsafe fn at(self, read: usize, write: usize) -> (*const u8, *mut u8) {
        // SAFETY: the caller's promise.
        unsafe { (self.0.add(read), self.1.add(write)) }
    }
}

/// The limit: reads `read` bytes and writes `write` bytes on all threads, by non-temporal stores if
/// `streams`. Both addresses lie at a cache line.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limit(
    from: *const u8,
    read: usize,
    to: *mut u8,
    write: usize,
    streams: bool,
    parallel: bool,
) {
    let shared = Shared(from, to);
    let blocks = write.max(read).div_ceil(BLOCK);
    let block = |index: usize| {
        let part = |all: usize| {
            let end = |i: usize| (all as u128 * i as u128 / blocks as u128) as usize / 64 * 64;
            (end(index), if index + 1 == blocks { all } else { end(index + 1) })
        };
        let ((r0, r1), (w0, w1)) = (part(read), part(write));
        // SAFETY: parts of the caller's arrays, which do not overlap.
        unsafe {
            let (from, to) = shared.at(r0, w0);
            touch(from, r1 - r0, to, w1 - w0, streams);
        }
    };
    if parallel {
        (0..blocks).into_par_iter().for_each(block);
    } else {
        (0..blocks).for_each(block);
    }
}

#[cfg(target_arch = "x86_64")]
unsafe fn touch(from: *const u8, read: usize, to: *mut u8, write: usize, streams: bool) {
    // SAFETY: the caller's promise, and the instructions are there.
    unsafe {
        if is_x86_feature_detected!("avx512f") {
            touch_lines(from, read, to, write, streams);
        } else {
            touch_parts(from, read, to, write, streams);
        }
    }
}

/// Whole cache lines, reads and writes finely mixed, as a kernel that overlaps them would.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn touch_lines(from: *const u8, read: usize, to: *mut u8, write: usize, streams: bool) {
    use std::arch::x86_64::{
        _mm_sfence, _mm512_loadu_si512, _mm512_setzero_si512, _mm512_store_si512,
        _mm512_stream_si512, _mm512_xor_si512,
    };
    const STEP: usize = 8;
    let (reads, writes) = (read / 64, write / 64);
    let steps = reads.max(writes).div_ceil(STEP).max(1);
    let mut sum = _mm512_setzero_si512();
    let (mut r, mut w) = (0, 0);
    for step in 1..=steps {
        let (r1, w1) = (reads * step / steps, writes * step / steps);
        // SAFETY: the caller's promise; stores start at cache lines.
        unsafe {
            while r < r1 {
                sum = _mm512_xor_si512(sum, _mm512_loadu_si512(from.add(64 * r).cast()));
                r += 1;
            }
            // What is written is what was read: the compiler cannot drop either.
            while w < w1 {
                let to = to.add(64 * w).cast();
                if streams {
                    _mm512_stream_si512(to, sum);
                } else {
                    _mm512_store_si512(to, sum);
                }
                w += 1;
            }
        }
    }
    _mm_sfence();
}

#[cfg(target_arch = "x86_64")]
unsafe fn touch_parts(from: *const u8, read: usize, to: *mut u8, write: usize, streams: bool) {
    use std::arch::x86_64::{
        _mm_loadu_si128, _mm_setzero_si128, _mm_sfence, _mm_store_si128, _mm_stream_si128,
        _mm_xor_si128,
    };
    // SAFETY: the caller's promise; stores start at cache lines.
    unsafe {
        let mut sum = _mm_setzero_si128();
        for place in (0..read / 16 * 16).step_by(16) {
            sum = _mm_xor_si128(sum, _mm_loadu_si128(from.add(place).cast()));
        }
        // What is written is what was read: the compiler cannot drop either.
        for place in (0..write / 16 * 16).step_by(16) {
            if streams {
                _mm_stream_si128(to.add(place).cast(), sum);
            } else {
                _mm_store_si128(to.add(place).cast(), sum);
            }
        }
        _mm_sfence();
    }
}

#[cfg(not(target_arch = "x86_64"))]
unsafe fn touch(from: *const u8, read: usize, to: *mut u8, write: usize, _: bool) {
    // SAFETY: the caller's promise.
    unsafe {
        let sum = (0..read).fold(0, |sum, place| sum ^ from.add(place).read());
        std::ptr::write_bytes(to, sum, write);
    }
}

/// Fused multiply-adds in registers, `steps` of 12 vectors on each of `threads` threads: returns the
/// floating point operations done, 0 where the machine has no such instruction that is known here.
#[unsafe(no_mangle)]
pub extern "C" fn multiply_adds(steps: usize, threads: usize) -> f64 {
    let one = |_| std::hint::black_box(multiply_adds_here(steps));
    (0..threads).into_par_iter().map(one).sum()
}

#[cfg(target_arch = "x86_64")]
fn multiply_adds_here(steps: usize) -> f64 {
    use std::arch::x86_64::*;

    macro_rules! chain {
        ($name:ident, $features:literal, $set:ident, $add:ident, $first:ident, $lanes:literal) => {
            #[target_feature(enable = $features)]
            fn $name(steps: usize) -> f64 {
                // Different numbers, or the compiler makes one chain of them.
                let mut sums = [$set(1.0); 12];
                for (place, sum) in sums.iter_mut().enumerate() {
                    *sum = $set(std::hint::black_box(place as f32));
                }
                let (factor, addend) = ($set(0.999), $set(1e-3));
                for _ in 0..steps {
                    for sum in &mut sums {
                        *sum = $add(*sum, factor, addend);
                    }
                }
                let used: f32 = sums.into_iter().map(|sum| $first(sum)).sum();
                std::hint::black_box(used);
                (2 * $lanes * 12 * steps) as f64
            }
        };
    }
    chain!(wide, "avx512f", _mm512_set1_ps, _mm512_fmadd_ps, _mm512_cvtss_f32, 16);
    chain!(narrow, "avx2,fma", _mm256_set1_ps, _mm256_fmadd_ps, _mm256_cvtss_f32, 8);
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: just asked for.
        unsafe { wide(steps) }
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: just asked for.
        unsafe { narrow(steps) }
    } else {
        0.0
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn multiply_adds_here(_: usize) -> f64 {
    0.0
}
