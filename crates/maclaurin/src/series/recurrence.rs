//! The recurrences of power series: multiplication, division, powers, and what follows from a
//! differential equation.
//!
//! For `y = phi(f)` every elementary `phi` satisfies a first-order equation that turns into a
//! recurrence for the coefficients of `y`, so order `n` costs `O(n^2)` operations and no
//! derivative is ever formed symbolically. Griewank and Walther, *Evaluating Derivatives* (2008),
//! chapter 13, tables 13.1 and 13.2; Brent and Kung, *Fast algorithms for manipulating formal
//! power series*, J. ACM 25 (1978), 581 to 595.
//!
//! All slices start at degree 0 and are of equal length. Divisors and bases of powers have a
//! leading coefficient known not to be zero; the caller has checked the domain of `phi`.

use crate::number::{Arithmetic, Elementary, Exact, Rational};

/// `f` without the zeros at its end.
fn trimmed<'f, A: Arithmetic>(a: &A, f: &'f [A::Number]) -> &'f [A::Number] {
    let used = f.iter().rposition(|c| !a.is_zero(c)).map_or(0, |last| last + 1);
    &f[..used]
}

/// `sum_(i+j=k) f_i g_j` for an `f` and a `g` whose further coefficients are zero.
fn coefficient<A: Arithmetic>(a: &A, f: &[A::Number], g: &[A::Number], k: usize) -> A::Number {
    let first = (k + 1).saturating_sub(g.len());
    let end = f.len().min(k + 1);
    if first >= end {
        return a.integer(0);
    }
    a.convolve(&f[first..end], &g[k + 1 - end..=k - first])
}

/// `c_k = sum_i a_i b_(k-i)`
pub(crate) fn multiply<A: Arithmetic>(a: &A, f: &[A::Number], g: &[A::Number]) -> Vec<A::Number> {
    let (short, other) = (trimmed(a, f), trimmed(a, g));
    (0..f.len()).map(|k| coefficient(a, short, other, k)).collect()
}

/// `q_k = (f_k - sum_(j>=1) g_j q_(k-j)) / g_0`
pub(crate) fn divide<A: Arithmetic>(a: &A, f: &[A::Number], g: &[A::Number]) -> Vec<A::Number> {
    let mut quotient: Vec<A::Number> = Vec::with_capacity(f.len());
    let rest = trimmed(a, g.get(1..).unwrap_or_default());
    for k in 0..f.len() {
        let known = if k == 0 { a.integer(0) } else { coefficient(a, rest, &quotient, k - 1) };
        quotient.push(a.divide(&a.subtract(&f[k], &known), &g[0]));
        if k > 0
            && rest.len() > 1
            && a.is_coarse(&quotient[k])
            && let Some(reciprocal) = a.reciprocal(g)
        {
            return multiply(a, f, &reciprocal);
        }
    }
    quotient
}

/// `y = f^r` from `f y' = r f' y`:
/// `k f_0 y_k = (r+1) sum_(j=1..k) j f_j y_(k-j) - k sum_(j=1..k) f_j y_(k-j)`.
pub(super) fn power<A: Arithmetic>(a: &A, f: &[A::Number], r: &Rational) -> Vec<A::Number> {
    let derivative = derivative(a, f);
    let slope = trimmed(a, &derivative);
    let rest = &f[1..=slope.len()];
    let factor = a.exact(&(r + Rational::ONE).into());
    let mut y = vec![a.power(&f[0], r)];
    for k in 1..f.len() {
        let weighted = a.multiply(&factor, &coefficient(a, slope, &y, k - 1));
        let plain = a.multiply(&a.integer(k as i64), &coefficient(a, rest, &y, k - 1));
        let divisor = a.multiply(&a.integer(k as i64), &f[0]);
        y.push(a.divide(&a.subtract(&weighted, &plain), &divisor));
        if rest.len() > 1
            && a.is_coarse(&y[k])
            && let Some(reciprocal) = a.reciprocal(f)
        {
            return power_by_logarithm(a, f, &reciprocal, r, y.swap_remove(0));
        }
    }
    y
}

/// `y = f^r` from `y' = (r f'/f) y`, with `1/f` given.
fn power_by_logarithm<A: Arithmetic>(
    a: &A,
    f: &[A::Number],
    reciprocal: &[A::Number],
    r: &Rational,
    constant: A::Number,
) -> Vec<A::Number> {
    if *r == Rational::NEG_ONE {
        return reciprocal.to_vec();
    }
    let factor = a.exact(&r.clone().into());
    let slope = multiply(a, &derivative(a, f), &reciprocal[..f.len() - 1]);
    let slope: Vec<_> = slope.iter().map(|c| a.multiply(&factor, c)).collect();
    let mut y = vec![constant];
    for k in 1..f.len() {
        y.push(a.divide(&coefficient(a, &slope, &y, k - 1), &a.integer(k as i64)));
    }
    y
}

/// The coefficients of `f'`, one fewer than those of `f`: `(k+1) f_(k+1)`.
pub(crate) fn derivative<A: Arithmetic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
    let indexed = f.iter().enumerate().skip(1);
    indexed.map(|(k, coefficient)| a.multiply(&a.integer(k as i64), coefficient)).collect()
}

/// The antiderivative with the constant term given: `y_k = slope_(k-1) / k`.
pub(crate) fn integral<A: Arithmetic>(
    a: &A,
    constant: A::Number,
    slope: &[A::Number],
) -> Vec<A::Number> {
    let rest = slope.iter().zip(1i64..).map(|(s, k)| a.divide(s, &a.integer(k)));
    std::iter::once(constant).chain(rest).collect()
}

/// `y = phi(f)` where `y_0 = phi(f_0)` and `y' = f' u`, `u` growing along with `y` by `next`:
/// given all of `y` up to degree `k`, the coefficient of degree `k` of `u`.
fn solve<A: Arithmetic>(
    a: &A,
    f: &[A::Number],
    constant: A::Number,
    next: impl Fn(&[A::Number]) -> A::Number,
) -> Vec<A::Number> {
    let derivative = derivative(a, f);
    let inner = trimmed(a, &derivative);
    let mut y = vec![constant];
    let mut u = Vec::with_capacity(f.len());
    for k in 1..f.len() {
        u.push(next(&y));
        let slope = coefficient(a, inner, &u, k - 1);
        y.push(a.divide(&slope, &a.integer(k as i64)));
    }
    y
}

/// `y = phi(f)` for the elementary functions.
pub(crate) fn elementary<A: Arithmetic>(
    a: &A,
    function: Elementary,
    f: &[A::Number],
) -> Vec<A::Number> {
    if let Elementary::Tan | Elementary::Tanh = function
        && let Some(y) = a.tangent(f, function == Elementary::Tan)
    {
        return y;
    }
    let constant = a.elementary(function, &f[0]);
    let last = |y: &[A::Number]| y[y.len() - 1].clone();
    // The coefficient of y^2 of the highest degree that y is known to.
    let square = |y: &[A::Number]| a.convolve(y, y);
    let is_first = |y: &[A::Number]| y.len() == 1;
    match function {
        // y' = f' y
        Elementary::Exp => solve(a, f, constant, last),
        // y' = f' (1 + y^2) and f' (1 - y^2)
        Elementary::Tan | Elementary::Tanh => solve(a, f, constant, |y| {
            let squared = square(y);
            let squared = if function == Elementary::Tan { squared } else { a.negate(&squared) };
            if is_first(y) { a.add(&a.integer(1), &squared) } else { squared }
        }),
        // (sin f)' = f' cos f, (cos f)' = -f' sin f
        Elementary::Sin | Elementary::Cos | Elementary::Sinh | Elementary::Cosh => {
            wave(a, function, f)
        }
        // y' = f' / f
        Elementary::Log => {
            let slope = divide(a, &derivative(a, f), &f[..f.len() - 1]);
            integral(a, constant, &slope)
        }
        // y' = f' (1 + s f^2)^r with (s, r) as listed
        Elementary::Atan => algebraic(a, f, constant, (1, 1), &Rational::NEG_ONE),
        Elementary::Atanh => algebraic(a, f, constant, (1, -1), &Rational::NEG_ONE),
        Elementary::Asin => algebraic(a, f, constant, (1, -1), &minus_half()),
        Elementary::Asinh => algebraic(a, f, constant, (1, 1), &minus_half()),
        Elementary::Acosh => algebraic(a, f, constant, (-1, 1), &minus_half()),
        Elementary::Acos => {
            let rising = algebraic(a, f, constant.clone(), (1, -1), &minus_half());
            let falling = rising[1..].iter().map(|coefficient| a.negate(coefficient));
            std::iter::once(constant).chain(falling).collect()
        }
        // y' = f' 2/sqrt(pi) e^(-f^2) (DLMF 7.10.1)
        Elementary::Erf => {
            let square: Vec<_> = multiply(a, f, f).iter().map(|c| a.negate(c)).collect();
            let bell = elementary(a, Elementary::Exp, &square);
            let root = a.power(&a.exact(&Exact::pi()), &minus_half());
            let factor = a.multiply(&a.integer(2), &root);
            let scaled: Vec<_> = derivative(a, f).iter().map(|d| a.multiply(&factor, d)).collect();
            integral(a, constant, &multiply(a, &scaled, &bell[..bell.len() - 1]))
        }
    }
}

fn minus_half() -> Rational {
    Rational::from_parts((-1).into(), 2u8.into())
}

/// `y' = f' (c + s f^2)^r`
fn algebraic<A: Arithmetic>(
    a: &A,
    f: &[A::Number],
    constant: A::Number,
    (c, s): (i64, i64),
    r: &Rational,
) -> Vec<A::Number> {
    let shorter = &f[..f.len() - 1];
    let mut radicand: Vec<_> =
        multiply(a, shorter, shorter).iter().map(|q| a.multiply(&a.integer(s), q)).collect();
    if let Some(first) = radicand.first_mut() {
        *first = a.add(&a.integer(c), first);
    } else {
        return vec![constant];
    }
    let slope = multiply(a, &derivative(a, f), &power(a, &radicand, r));
    integral(a, constant, &slope)
}

/// Sine and cosine, circular or hyperbolic, which need each other.
fn wave<A: Arithmetic>(a: &A, function: Elementary, f: &[A::Number]) -> Vec<A::Number> {
    let circular = matches!(function, Elementary::Sin | Elementary::Cos);
    let (odd, even) = if circular {
        (Elementary::Sin, Elementary::Cos)
    } else {
        (Elementary::Sinh, Elementary::Cosh)
    };
    let derivative = derivative(a, f);
    let inner = trimmed(a, &derivative);
    let mut sine = vec![a.elementary(odd, &f[0])];
    let mut cosine = vec![a.elementary(even, &f[0])];
    for k in 1..f.len() {
        let divisor = a.integer(k as i64);
        let rise = a.divide(&coefficient(a, inner, &cosine, k - 1), &divisor);
        let fall = a.divide(&coefficient(a, inner, &sine, k - 1), &divisor);
        sine.push(rise);
        cosine.push(if circular { a.negate(&fall) } else { fall });
    }
    if function == odd { sine } else { cosine }
}

/// The Erlang distribution's cumulative distribution function of `u`, shape `k`:
/// `y_0 = 1 - e^(-u_0) sum_(n<k) u_0^n / n!`, `y' = u' u^(k-1) e^(-u) / (k-1)!`
/// (the regularised incomplete gamma function, DLMF 8.4.9 and 8.8.13).
pub(crate) fn erlang_cdf<A: Arithmetic>(a: &A, u: &[A::Number], shape: u32) -> Vec<A::Number> {
    let negative: Vec<_> = u.iter().map(|c| a.negate(c)).collect();
    let decay = elementary(a, Elementary::Exp, &negative);
    let mut term = a.integer(1);
    let mut sum = a.integer(0);
    let mut last = term.clone();
    for n in 1..=i64::from(shape) {
        sum = a.add(&sum, &term);
        last = term;
        term = a.divide(&a.multiply(&last, &u[0]), &a.integer(n));
    }
    let constant = a.subtract(&a.integer(1), &a.multiply(&decay[0], &sum));
    let terms = u.len() - 1;
    if terms == 0 {
        return vec![constant];
    }
    // u^(k-1)/(k-1)!: by multiplication, for u may start at zero.
    let mut density = vec![a.integer(0); terms];
    if a.is_zero(&u[0]) {
        density[0] = a.integer(1);
        for n in 1..shape {
            let scaled = multiply(a, &density, &u[..terms]);
            density = scaled.iter().map(|c| a.divide(c, &a.integer(n.into()))).collect();
        }
    } else {
        let r = Rational::from(shape - 1);
        density = power(a, &u[..terms], &r);
        // The constant term is u_0^(k-1); `last` is that over (k-1)!.
        let ratio = a.divide(&last, &density[0]);
        density = density.iter().map(|c| a.multiply(c, &ratio)).collect();
    }
    let slope = multiply(a, &multiply(a, &derivative(a, u), &density), &decay[..terms]);
    integral(a, constant, &slope)
}
