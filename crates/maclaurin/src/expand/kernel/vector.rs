//! Sixteen values of one type in registers: what the arithmetic of expansions and convolutions is made of.

use crate::expand::element::Lane;

/// Values of a vector, of every type and on every machine.
pub(crate) const WIDTH: usize = 16;

/// Sixteen values of one type, in as many registers as they take.
///
/// # Safety
///
/// All functions need the instruction set that the type is of, and the memory that they name.
pub trait Vector: Copy {
    /// The type of a value.
    type Lane: Lane;
    /// Rows of the largest tile whose sums stay in registers.
    const ROWS: usize;
    /// Vectors in a row of that tile.
    const BLOCKS: usize;

    /// The same value sixteen times.
    unsafe fn splat(from: *const Self::Lane) -> Self;
    /// Sixteen contiguous values.
    unsafe fn load(from: *const Self::Lane) -> Self;
    /// `count` contiguous values, at most sixteen, then zeros.
    unsafe fn load_first(from: *const Self::Lane, count: usize) -> Self;
    /// Writes all.
    unsafe fn store(self, to: *mut Self::Lane);
    /// Writes the first `count`, at most sixteen.
    unsafe fn store_first(self, to: *mut Self::Lane, count: usize);
    /// `a b`
    unsafe fn multiply(self, b: Self) -> Self;
    /// `a + b`
    unsafe fn add(self, b: Self) -> Self;
    /// `a b + c`, rounded once where the machine can: for sums that nobody compares bit for bit.
    unsafe fn multiply_add(self, b: Self, c: Self) -> Self;

    /// Adds each value to a sum of its own.
    #[inline(always)]
    unsafe fn add_to(self, sums: &mut [f64; WIDTH]) {
        let mut values = [Self::Lane::default(); WIDTH];
        // SAFETY: the array is a vector long.
        unsafe { self.store(values.as_mut_ptr()) };
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += value.exact();
        }
    }

    /// Rows become columns.
    #[inline(always)]
    unsafe fn transpose(block: [Self; WIDTH]) -> [Self; WIDTH] {
        let zero = Self::Lane::default();
        let (mut rows, mut columns) = ([[zero; WIDTH]; WIDTH], [[zero; WIDTH]; WIDTH]);
        for (row, vector) in rows.iter_mut().zip(block) {
            // SAFETY: a row has room for a vector.
            unsafe { vector.store(row.as_mut_ptr()) };
        }
        for (column, values) in columns.iter_mut().enumerate() {
            for (row, value) in values.iter_mut().enumerate() {
                *value = rows[row][column];
            }
        }
        let mut result = block;
        for (vector, column) in result.iter_mut().zip(&columns) {
            // SAFETY: as above.
            *vector = unsafe { Self::load(column.as_ptr()) };
        }
        result
    }
}

/// Any machine without vectors that are known here.
#[cfg(not(target_arch = "x86_64"))]
#[derive(Clone, Copy)]
pub struct Array<L>([L; WIDTH]);

#[cfg(not(target_arch = "x86_64"))]
macro_rules! array {
    ($lane:ty) => {
        impl Vector for Array<$lane> {
            type Lane = $lane;
            const ROWS: usize = 2;
            const BLOCKS: usize = 1;

            #[inline(always)]
            unsafe fn splat(from: *const $lane) -> Self {
                // SAFETY: the caller's promise, here and below.
                Self([unsafe { from.read() }; WIDTH])
            }

            #[inline(always)]
            unsafe fn load(from: *const $lane) -> Self {
                // SAFETY: as above.
                Self(unsafe { from.cast::<[$lane; WIDTH]>().read() })
            }

            #[inline(always)]
            unsafe fn load_first(from: *const $lane, count: usize) -> Self {
                let mut values = [0.0; WIDTH];
                // SAFETY: as above.
                unsafe { std::ptr::copy_nonoverlapping(from, values.as_mut_ptr(), count) };
                Self(values)
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $lane) {
                // SAFETY: as above.
                unsafe { to.cast::<[$lane; WIDTH]>().write(self.0) };
            }

            #[inline(always)]
            unsafe fn store_first(self, to: *mut $lane, count: usize) {
                // SAFETY: as above.
                unsafe { std::ptr::copy_nonoverlapping(self.0.as_ptr(), to, count) };
            }

            #[inline(always)]
            unsafe fn multiply(mut self, b: Self) -> Self {
                for (a, b) in self.0.iter_mut().zip(b.0) {
                    *a *= b;
                }
                self
            }

            #[inline(always)]
            unsafe fn add(mut self, b: Self) -> Self {
                for (a, b) in self.0.iter_mut().zip(b.0) {
                    *a += b;
                }
                self
            }

            #[inline(always)]
            unsafe fn multiply_add(self, b: Self, mut c: Self) -> Self {
                for (c, (a, b)) in c.0.iter_mut().zip(self.0.into_iter().zip(b.0)) {
                    // Without the instruction, `mul_add` is a call of a hundred instructions.
                    *c = if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
                        a.mul_add(b, *c)
                    } else {
                        a * b + *c
                    };
                }
                c
            }
        }
    };
}

#[cfg(not(target_arch = "x86_64"))]
array!(f32);
#[cfg(not(target_arch = "x86_64"))]
array!(f64);

/// Vectors made of several registers of `$count` lanes each.
#[cfg(target_arch = "x86_64")]
macro_rules! registers {
    ($name:ident, $lane:ty, $register:ty, $registers:literal, $tile:expr,
     $splat:ident, $load:ident, $store:ident, $multiply:ident, $add:ident, $multiply_add:ident) => {
        #[doc = concat!("Sixteen values in ", stringify!($registers), " of the machine's vectors.")]
        #[derive(Clone, Copy)]
        pub struct $name([$register; $registers]);

        impl Vector for $name {
            type Lane = $lane;
            const ROWS: usize = $tile.0;
            const BLOCKS: usize = $tile.1;

            #[inline(always)]
            unsafe fn splat(from: *const $lane) -> Self {
                // SAFETY: the caller's promise, here and below.
                Self([unsafe { $splat(from.read()) }; $registers])
            }

            #[inline(always)]
            unsafe fn load(from: *const $lane) -> Self {
                const STEP: usize = WIDTH / $registers;
                // SAFETY: as above.
                let mut values = [unsafe { $load(from) }; $registers];
                for (part, value) in values.iter_mut().enumerate().skip(1) {
                    // SAFETY: as above.
                    *value = unsafe { $load(from.add(STEP * part)) };
                }
                Self(values)
            }

            #[inline(always)]
            unsafe fn load_first(from: *const $lane, count: usize) -> Self {
                let mut values = [0.0; WIDTH];
                // SAFETY: as above; the array is a vector long.
                unsafe {
                    std::ptr::copy_nonoverlapping(from, values.as_mut_ptr(), count);
                    Self::load(values.as_ptr())
                }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $lane) {
                const STEP: usize = WIDTH / $registers;
                for (part, value) in self.0.into_iter().enumerate() {
                    // SAFETY: as above.
                    unsafe { $store(to.add(STEP * part), value) };
                }
            }

            #[inline(always)]
            unsafe fn store_first(self, to: *mut $lane, count: usize) {
                let mut values = [0.0; WIDTH];
                // SAFETY: as above; the array is a vector long.
                unsafe {
                    self.store(values.as_mut_ptr());
                    std::ptr::copy_nonoverlapping(values.as_ptr(), to, count);
                }
            }

            #[inline(always)]
            unsafe fn multiply(mut self, b: Self) -> Self {
                for (a, b) in self.0.iter_mut().zip(b.0) {
                    // SAFETY: as above.
                    *a = unsafe { $multiply(*a, b) };
                }
                self
            }

            #[inline(always)]
            unsafe fn add(mut self, b: Self) -> Self {
                for (a, b) in self.0.iter_mut().zip(b.0) {
                    // SAFETY: as above.
                    *a = unsafe { $add(*a, b) };
                }
                self
            }

            #[inline(always)]
            unsafe fn multiply_add(self, b: Self, mut c: Self) -> Self {
                for (part, c) in c.0.iter_mut().enumerate() {
                    // SAFETY: as above.
                    *c = unsafe { $multiply_add(self.0[part], b.0[part], *c) };
                }
                c
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::*;

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Vector, WIDTH};

    /// `a b + c`, rounded twice.
    #[inline(always)]
    unsafe fn multiply_then_add_ps(a: __m128, b: __m128, c: __m128) -> __m128 {
        // SAFETY: every x86-64 has SSE2, here and below.
        unsafe { _mm_add_ps(_mm_mul_ps(a, b), c) }
    }

    /// `a b + c`, rounded twice.
    #[inline(always)]
    unsafe fn multiply_then_add_pd(a: __m128d, b: __m128d, c: __m128d) -> __m128d {
        // SAFETY: as above.
        unsafe { _mm_add_pd(_mm_mul_pd(a, b), c) }
    }

    registers!(
        Sse2Singles,
        f32,
        __m128,
        4,
        (2, 1),
        _mm_set1_ps,
        _mm_loadu_ps,
        _mm_storeu_ps,
        _mm_mul_ps,
        _mm_add_ps,
        multiply_then_add_ps
    );
    registers!(
        Sse2Doubles,
        f64,
        __m128d,
        8,
        (2, 1),
        _mm_set1_pd,
        _mm_loadu_pd,
        _mm_storeu_pd,
        _mm_mul_pd,
        _mm_add_pd,
        multiply_then_add_pd
    );
    registers!(
        Avx2Singles,
        f32,
        __m256,
        2,
        (6, 1),
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_mul_ps,
        _mm256_add_ps,
        _mm256_fmadd_ps
    );
    registers!(
        Avx2Doubles,
        f64,
        __m256d,
        4,
        (2, 1),
        _mm256_set1_pd,
        _mm256_loadu_pd,
        _mm256_storeu_pd,
        _mm256_mul_pd,
        _mm256_add_pd,
        _mm256_fmadd_pd
    );
    registers!(
        Avx512Doubles,
        f64,
        __m512d,
        2,
        (12, 1),
        _mm512_set1_pd,
        _mm512_loadu_pd,
        _mm512_storeu_pd,
        _mm512_mul_pd,
        _mm512_add_pd,
        _mm512_fmadd_pd
    );

    /// Sixteen values in one of the machine's vectors.
    #[derive(Clone, Copy)]
    pub struct Avx512Singles(__m512);

    impl Vector for Avx512Singles {
        type Lane = f32;
        const ROWS: usize = 14;
        const BLOCKS: usize = 2;

        #[inline(always)]
        unsafe fn splat(from: *const f32) -> Self {
            // SAFETY: the caller's promise, here and below.
            Self(unsafe { _mm512_set1_ps(from.read()) })
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm512_loadu_ps(from) })
        }

        #[inline(always)]
        unsafe fn load_first(from: *const f32, count: usize) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm512_maskz_loadu_ps(first(count), from) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: as above.
            unsafe { _mm512_storeu_ps(to, self.0) };
        }

        #[inline(always)]
        unsafe fn store_first(self, to: *mut f32, count: usize) {
            // SAFETY: as above.
            unsafe { _mm512_mask_storeu_ps(to, first(count), self.0) };
        }

        #[inline(always)]
        unsafe fn multiply(self, b: Self) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm512_mul_ps(self.0, b.0) })
        }

        #[inline(always)]
        unsafe fn add(self, b: Self) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm512_add_ps(self.0, b.0) })
        }

        #[inline(always)]
        unsafe fn multiply_add(self, b: Self, c: Self) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm512_fmadd_ps(self.0, b.0, c.0) })
        }

        #[inline(always)]
        unsafe fn transpose(rows: [Self; WIDTH]) -> [Self; WIDTH] {
            let (mut pairs, mut quads, mut columns) = (rows, rows, rows);
            // SAFETY: as above.
            unsafe {
                for i in 0..8 {
                    let (a, b) = (rows[2 * i].0, rows[2 * i + 1].0);
                    pairs[2 * i].0 = _mm512_unpacklo_ps(a, b);
                    pairs[2 * i + 1].0 = _mm512_unpackhi_ps(a, b);
                }
                for i in 0..8 {
                    let place = i / 2 * 4 + i % 2;
                    let a = _mm512_castps_pd(pairs[place].0);
                    let b = _mm512_castps_pd(pairs[place + 2].0);
                    let place = i / 2 * 4 + i % 2 * 2;
                    quads[place].0 = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
                    quads[place + 1].0 = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
                }
                // Lane group l of quads[4 i + j] has the column 4 l + j of the rows from 4 i on.
                for j in 0..4 {
                    let (a, b) = (quads[j].0, quads[4 + j].0);
                    let (c, d) = (quads[8 + j].0, quads[12 + j].0);
                    let even = _mm512_shuffle_f32x4::<0x88>(a, b);
                    let odd = _mm512_shuffle_f32x4::<0xdd>(a, b);
                    let lower_even = _mm512_shuffle_f32x4::<0x88>(c, d);
                    let lower_odd = _mm512_shuffle_f32x4::<0xdd>(c, d);
                    columns[j].0 = _mm512_shuffle_f32x4::<0x88>(even, lower_even);
                    columns[4 + j].0 = _mm512_shuffle_f32x4::<0x88>(odd, lower_odd);
                    columns[8 + j].0 = _mm512_shuffle_f32x4::<0xdd>(even, lower_even);
                    columns[12 + j].0 = _mm512_shuffle_f32x4::<0xdd>(odd, lower_odd);
                }
            }
            columns
        }
    }

    /// The mask of the first `count` lanes.
    #[inline(always)]
    fn first(count: usize) -> __mmask16 {
        ((1u32 << count.min(WIDTH)) - 1) as __mmask16
    }
}
