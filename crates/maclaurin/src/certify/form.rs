//! A polynomial with exact coefficients, in powers or in Chebyshev polynomials of a range.

use std::sync::OnceLock;

use crate::number::{Arithmetic, Ball, Balls, Interval64, Rational, exactly, to_f64};

/// The radius of a disc for Cauchy's estimate, in widths of a piece: a power of two.
const DISC: f64 = 16.0;

/// The polynomials whose multiples are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// `u^k`
    Powers,
    /// The Chebyshev polynomials of the first kind, `T_k(u)` (DLMF 18.3).
    Chebyshev,
}

/// `sum_k coefficients[k] phi_k(u)` for `u = (x - center) / half_width`.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub basis: Basis,
    pub center: f64,
    pub half_width: f64,
    pub coefficients: Vec<Rational>,
    /// The coefficients in balls.
    balls: OnceLock<Coefficients>,
}

/// Coefficients in balls of as many bits as make up for what either recurrence loses: intervals widen
/// by `(1 + sqrt(2))^order` in it.
#[derive(Clone, Debug)]
enum Coefficients {
    Few(Vec<Ball<2>>),
    More(Vec<Ball<6>>),
    Many(Vec<Ball<20>>),
}

impl Form {
    pub(crate) fn new(
        basis: Basis,
        center: f64,
        half_width: f64,
        coefficients: Vec<Rational>,
    ) -> Self {
        Self { basis, center, half_width, coefficients, balls: OnceLock::new() }
    }

    pub(super) fn order(&self) -> usize {
        self.coefficients.len().saturating_sub(1)
    }

    /// The coefficients in an arithmetic.
    pub(super) fn rounded<A: Arithmetic>(&self, a: &A) -> Vec<A::Number> {
        self.coefficients.iter().map(|c| a.exact(&c.clone().into())).collect()
    }

    /// The first `terms` coefficients in `s` about `x = along[0] + along[1] s`.
    pub(super) fn about<A: Arithmetic>(
        &self,
        a: &A,
        coefficients: &[A::Number],
        along: &[A::Number; 2],
        terms: usize,
    ) -> Vec<A::Number> {
        let double = |x: f64| a.exact(&exactly(x).into());
        let half_width = double(self.half_width);
        let place = a.subtract(&along[0], &double(self.center));
        let u = [a.divide(&place, &half_width), a.divide(&along[1], &half_width)];
        match self.basis {
            Basis::Powers => horner(a, coefficients, &u, terms),
            Basis::Chebyshev => clenshaw(a, coefficients, &u, terms),
        }
    }

    /// [`Form::about`] the point `x`, with `x + width s`, between doubles.
    pub(super) fn about_f64(&self, x: f64, width: f64, terms: usize) -> Vec<Interval64> {
        let balls = self.balls.get_or_init(|| match self.order() {
            0..=40 => Coefficients::Few(self.rounded(&Balls::<2>)),
            41..=200 => Coefficients::More(self.rounded(&Balls::<6>)),
            _ => Coefficients::Many(self.rounded(&Balls::<20>)),
        });
        match balls {
            Coefficients::Few(balls) => self.about_in(balls, x, width, terms),
            Coefficients::More(balls) => self.about_in(balls, x, width, terms),
            Coefficients::Many(balls) => self.about_in(balls, x, width, terms),
        }
    }

    /// The Taylor coefficient of degree `degree` in `s` for `x = c + width s`, at any point of an interval
    /// that lies in the range of the Chebyshev polynomials; `None` for powers, and elsewhere.
    ///
    /// By Cauchy's estimate: in a disc of radius `r` about a point of [-1, 1] the modulus of `T_k` is at most
    /// `rho^k`, where `rho + 1/rho = 2 (1 + r)` is that of the ellipse around all such discs.
    pub(super) fn remainder(&self, x: Interval64, width: f64, degree: usize) -> Option<Interval64> {
        let half_width = Interval64::point(self.half_width);
        let place = x.subtract(Interval64::point(self.center)).divide(half_width);
        if self.basis == Basis::Powers || place.magnitude() > 1.0 {
            return None;
        }
        let one = Interval64::point(1.0);
        let step = Interval64::point(width).divide(half_width);
        let radius = step.multiply(Interval64::point(DISC));
        // The semi-axes of the ellipse: 1 + r and its square less 1, rooted.
        let axis = radius.add(one);
        let root = axis.square().subtract(one).high.max(0.0).sqrt().next_up();
        let rho = axis.add(Interval64::point(root));
        let size = |c: &Rational| Interval64::point(to_f64(c).abs().next_up());
        let sum = |sum: Interval64, c| sum.multiply(rho).add(size(c));
        let largest = self.coefficients.iter().rev().fold(Interval64::point(0.0), sum);
        let ratio = Interval64::point(1.0 / DISC).integer_power(degree as u64);
        let bound = largest.multiply(ratio).high;
        bound.is_finite().then(|| Interval64::symmetric(bound))
    }

    fn about_in<const N: usize>(
        &self,
        coefficients: &[Ball<N>],
        x: f64,
        width: f64,
        terms: usize,
    ) -> Vec<Interval64> {
        let a = Balls::<N>;
        let along = [a.exact(&exactly(x).into()), a.exact(&exactly(width).into())];
        let about = self.about(&a, coefficients, &along, terms);
        about.into_iter().map(Ball::to_interval64).collect()
    }
}

/// The first `terms` coefficients of `sum_k coefficients[k] (t_0 + t_1 s)^k`, by Horner's rule.
pub(super) fn horner<A: Arithmetic>(
    a: &A,
    coefficients: &[A::Number],
    t: &[A::Number; 2],
    terms: usize,
) -> Vec<A::Number> {
    let mut sum = vec![a.integer(0); terms];
    for (done, coefficient) in coefficients.iter().rev().enumerate() {
        sum = times(a, &sum, t, done + 1);
        sum[0] = a.add(&sum[0], coefficient);
    }
    sum
}

/// The first `terms` coefficients of `sum_k coefficients[k] T_k(t_0 + t_1 s)`, by Clenshaw's
/// recurrence (DLMF 3.11.15): `b_k = c_k + 2 t b_(k+1) - b_(k+2)`.
fn clenshaw<A: Arithmetic>(
    a: &A,
    coefficients: &[A::Number],
    t: &[A::Number; 2],
    terms: usize,
) -> Vec<A::Number> {
    let zero = vec![a.integer(0); terms];
    let (mut next, mut after) = (zero.clone(), zero);
    let twice = [a.add(&t[0], &t[0]), a.add(&t[1], &t[1])];
    for (done, coefficient) in coefficients.iter().rev().enumerate() {
        let last = done + 1 == coefficients.len();
        let product = times(a, &next, if last { t } else { &twice }, done + 1);
        let mut own: Vec<_> = product.iter().zip(&after).map(|(p, b)| a.subtract(p, b)).collect();
        own[0] = a.add(&own[0], coefficient);
        (next, after) = (own, next);
    }
    next
}

/// `(t_0 + t_1 s)` times a polynomial with at most `count` coefficients that are not zero.
fn times<A: Arithmetic>(
    a: &A,
    polynomial: &[A::Number],
    t: &[A::Number; 2],
    count: usize,
) -> Vec<A::Number> {
    let mut product = polynomial.to_vec();
    for k in (0..product.len().min(count)).rev() {
        let mut value = a.multiply(&polynomial[k], &t[0]);
        if k > 0 {
            value = a.add(&value, &a.multiply(&polynomial[k - 1], &t[1]));
        }
        product[k] = value;
    }
    product
}
