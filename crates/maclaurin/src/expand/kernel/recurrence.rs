//! Polynomials by a three-term recurrence ([`Recurrence`](crate::expand::Recurrence)), in the type of the output.
//!
//! `t = scale x + offset`, squashed; `P_(k+1) = (A_k t + B_k) P_k - C_k P_(k-1)`, and its derivative
//! `P'_(k+1) = (A_k P_k + (A_k t + B_k) P'_k) - C_k P'_(k-1)`. Each operation is rounded once and none is fused with
//! another.

use super::instructions::Instructions;
use super::rows::Numbers;
use super::vector::{Vector, WIDTH};
use super::{NO_ROW, Plan};
use crate::expand::element::Lane;
use crate::expand::recurrence::Squash;

/// A step of a recurrence in the type of the lanes.
#[derive(Clone, Copy)]
pub(super) struct Three<L> {
    a: L,
    /// Left out where it is zero, so that infinities stay infinities.
    b: Option<L>,
    /// `-C_k`: a difference is the sum with the negative number. Left out where it is zero, and from degree 0.
    c: Option<L>,
    first: bool,
}

impl<L: Lane> Three<L> {
    /// The steps of a plan from degree to degree; none of powers.
    pub(super) fn all(plan: &Plan) -> Vec<Self> {
        let steps = plan.recurrence.as_ref().map_or(&[][..], |recurrence| &recurrence.steps);
        let some = |value: L| (value != L::default()).then_some(value);
        let three = |(k, &[a, b, c]): (usize, &[f64; 3])| Self {
            a: L::round(a),
            b: some(L::round(b)),
            c: some(L::round(-c)).filter(|_| k > 0),
            first: k == 0,
        };
        steps.iter().enumerate().map(three).collect()
    }
}

/// The polynomials of a vector of arguments on their way from degree to degree, and with `SLOPES` their derivatives.
pub(super) struct Ascent<V, const SLOPES: bool> {
    t: V,
    value: V,
    value_before: V,
    slope: V,
    slope_before: V,
}

impl<V: Vector, const SLOPES: bool> Ascent<V, SLOPES> {
    /// At degree 0.
    ///
    /// # Safety
    ///
    /// The machine has the vector's instructions, here and below.
    #[inline(always)]
    pub(super) unsafe fn new(t: V) -> Self {
        // SAFETY: the caller's promise.
        let (one, zero) =
            unsafe { (V::splat(&V::Lane::round(1.0)), V::splat(&V::Lane::default())) };
        Self { t, value: one, value_before: zero, slope: zero, slope_before: zero }
    }

    /// To the next degree.
    ///
    /// # Safety
    ///
    /// As above.
    #[inline(always)]
    pub(super) unsafe fn raise(&mut self, three: &Three<V::Lane>) {
        // SAFETY: as above.
        unsafe {
            let a = V::splat(&raw const three.a);
            let mut factor = a.multiply(self.t);
            if let Some(b) = &three.b {
                factor = factor.add(V::splat(b));
            }
            let mut value = factor.multiply(self.value);
            if let Some(c) = &three.c {
                value = value.add(V::splat(c).multiply(self.value_before));
            }
            if SLOPES {
                let mut slope = a;
                // Zero times an infinite argument is no zero.
                if !three.first {
                    slope = a.multiply(self.value).add(factor.multiply(self.slope));
                }
                if let Some(c) = &three.c {
                    slope = slope.add(V::splat(c).multiply(self.slope_before));
                }
                (self.slope_before, self.slope) = (self.slope, slope);
            }
            (self.value_before, self.value) = (self.value, value);
        }
    }

    /// The polynomial of this degree, or with `SLOPES` its derivative.
    #[inline(always)]
    pub(super) fn row(&self) -> V {
        if SLOPES { self.slope } else { self.value }
    }
}

/// The gradients of a tile's arguments, which `slope` has room for as whole vectors.
#[inline(always)]
pub(super) fn take_back_tile<I: Instructions, L: Lane>(
    numbers: &Numbers<L>,
    [t, change]: [&[L]; 2],
    gradients: &[L],
    stride: usize,
    slope: &mut [L],
) {
    let whole = slope.len() / WIDTH * WIDTH;
    assert!(t.len() >= whole && change.len() >= whole && stride >= whole);
    let last = numbers.steps.iter().map(|step| step.place).filter(|&place| place != NO_ROW).max();
    assert!(last.is_none_or(|last| last * stride + whole <= gradients.len()));
    for first in (0..whole).step_by(WIDTH) {
        // SAFETY: a vector from `first` on lies inside all of them, by the assertions.
        unsafe {
            let arguments = L::Vector::<I>::load(t.as_ptr().add(first));
            let gradients = gradients.as_ptr().add(first);
            let total = take_back(numbers, arguments, gradients, stride);
            let change = L::Vector::<I>::load(change.as_ptr().add(first));
            total.multiply(change).store(slope.as_mut_ptr().add(first));
        }
    }
}

/// The gradient of a vector of arguments: those of the rows, row `r` at `gradient + r * stride`, times the derivatives,
/// by ascending degree.
///
/// # Safety
///
/// The machine has the vector's instructions, and a vector can be read from each row.
#[inline(always)]
unsafe fn take_back<V: Vector>(
    numbers: &Numbers<V::Lane>,
    t: V,
    gradient: *const V::Lane,
    stride: usize,
) -> V {
    // SAFETY: the caller's promise.
    unsafe {
        let mut ascent = Ascent::<V, true>::new(t);
        let mut total = V::splat(&V::Lane::default());
        let (mut raised, mut started) = (false, false);
        for step in &numbers.steps {
            if let Some(three) = &step.three {
                ascent.raise(three);
                raised = true;
            }
            // A constant has no derivative, whatever its gradient.
            if raised && step.place != NO_ROW {
                let term = ascent.slope.multiply(V::load(gradient.add(step.place * stride)));
                total = if started { total.add(term) } else { term };
                started = true;
            }
        }
        total
    }
}

/// Squashes arguments, where that is asked for, and how they change.
#[inline(always)]
pub(super) fn squash<L: Lane>(plan: &Plan, t: &mut [L], change: Option<&mut [L]>) {
    let Some(squash) = plan.recurrence.as_ref().and_then(|recurrence| recurrence.squash) else {
        return;
    };
    let (one, minus) = (L::round(1.0), L::round(-1.0));
    if squash == Squash::Tanh {
        for t in &mut *t {
            *t = t.tanh();
        }
        for (change, &t) in change.into_iter().flatten().zip(&*t) {
            *change = *change * (one - t * t);
        }
        return;
    }
    for (change, &t) in change.into_iter().flatten().zip(&*t) {
        *change = if t >= minus && t <= one { *change } else { L::default() };
    }
    for t in t {
        *t = if *t < minus { minus } else { *t };
        *t = if *t > one { one } else { *t };
    }
}
