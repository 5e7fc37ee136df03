//! Sine and cosine, circular and hyperbolic (DLMF 4.14 to 4.40): one formula each, but for signs.

use super::recurrence::{coefficient, derivative, trimmed};
use super::{About, Analytic, Branch, Builtin, Complex, Elementary, Listed, Pair, Parity, symbol};
use crate::number::{Arithmetic, Ball, Balls, Exact, Interval, Interval64, Named, half};

pub(crate) struct Wave<const CIRCULAR: bool, const EVEN: bool>;

pub(crate) type Sin = Wave<true, false>;
pub(crate) type Cos = Wave<true, true>;
pub(crate) type Sinh = Wave<false, false>;
pub(crate) type Cosh = Wave<false, true>;

/// The odd function and the even one.
pub(super) const fn pair(circular: bool) -> [Elementary; 2] {
    if circular { [Elementary::Sin, Elementary::Cos] } else { [Elementary::Sinh, Elementary::Cosh] }
}

impl<const CIRCULAR: bool, const EVEN: bool> Builtin for Wave<CIRCULAR, EVEN>
where
    Self: Listed,
{
    const NAMED: Named = match (CIRCULAR, EVEN) {
        (true, false) => Named::Sin,
        (true, true) => Named::Cos,
        (false, false) => symbol::<Self>("sinh", r"\sinh"),
        (false, true) => symbol::<Self>("cosh", r"\cosh"),
    };
    const ABOUT: About = {
        let (formula, source) = match (CIRCULAR, EVEN) {
            (true, false) => ("(e^(ix) - e^(-ix))/(2i)", "DLMF 4.14.1"),
            (true, true) => ("(e^(ix) + e^(-ix))/2", "DLMF 4.14.2"),
            (false, false) => ("(e^x - e^(-x))/2", "DLMF 4.28.1"),
            (false, true) => ("(e^x + e^(-x))/2", "DLMF 4.28.2"),
        };
        About { formula, analytic: "all x", source }
    };
    const PARITY: Option<Parity> = Some(if EVEN { Parity::Even } else { Parity::Odd });
    const DERIVATIVE: Option<&'static str> = Some(match (CIRCULAR, EVEN) {
        (true, false) => "cos(x)",
        (true, true) => "-sin(x)",
        (false, false) => "cosh(x)",
        (false, true) => "sinh(x)",
    });

    const DOUBLE: fn(f64) -> f64 = match (CIRCULAR, EVEN) {
        (true, false) => f64::sin,
        (true, true) => f64::cos,
        (false, false) => f64::sinh,
        (false, true) => f64::cosh,
    };
    const INTERVAL: fn(&Interval, usize) -> Interval = match (CIRCULAR, EVEN) {
        (true, false) => Interval::sin,
        (true, true) => Interval::cos,
        (false, false) => Interval::sinh,
        (false, true) => Interval::cosh,
    };
    const INTERVAL64: fn(Interval64) -> Interval64 = match (CIRCULAR, EVEN) {
        (true, false) => Interval64::sin,
        (true, true) => Interval64::cos,
        (false, false) => Interval64::sinh,
        (false, true) => Interval64::cosh,
    };

    fn ball<const N: usize>(x: &Ball<N>) -> Option<Ball<N>> {
        if CIRCULAR {
            let (sine, cosine) = x.wave()?;
            return Some(if EVEN { cosine } else { sine });
        }
        if !x.is_away() {
            return None;
        }
        let grow = x.exponential()?;
        let decay = Ball::integer(1).divide(&grow);
        let decay = if EVEN { decay } else { Balls::<N>.negate(&decay) };
        Some(Balls::<N>.add(&grow, &decay).halved())
    }

    fn exact(x: &Exact) -> Option<Exact> {
        if CIRCULAR {
            return Some(if EVEN { Exact::cosine(x) } else { Exact::sine(x) });
        }
        let (grow, decay) = (x.exponential()?, x.negate().exponential()?);
        Some(if x.as_rational().is_some() || grow.as_rational().is_some() {
            let decay = if EVEN { decay } else { decay.negate() };
            grow.add(&decay).scale(&half())
        } else if EVEN {
            x.even(Self::NAMED)
        } else {
            x.odd(Self::NAMED)
        })
    }

    /// `sin(x + iy) = sin x cosh y + i cos x sinh y` and its kin (DLMF 4.21.37 to 4.21.38,
    /// 4.35.34 to 4.35.35).
    fn complex<A: Analytic>(
        plane: &Complex<A>,
        z: &Pair<A>,
        _: &mut dyn Branch<A>,
    ) -> Option<Pair<A>> {
        let a = &plane.0;
        let [own, other] = [pair(CIRCULAR), pair(!CIRCULAR)];
        let (same, opposite) = (usize::from(EVEN), usize::from(!EVEN));
        let product = |f, g| a.multiply(&a.elementary(f, &z.0), &a.elementary(g, &z.1));
        let (re, im) = (product(own[same], other[1]), product(own[opposite], other[0]));
        Some((re, if CIRCULAR && EVEN { a.negate(&im) } else { im }))
    }

    /// `(sin f)' = f' cos f`, `(cos f)' = -f' sin f`: sine and cosine need each other.
    fn series<A: Analytic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
        let derivative = derivative(a, f);
        let inner = trimmed(a, &derivative);
        let [mut sine, mut cosine] = pair(CIRCULAR).map(|f0| vec![a.elementary(f0, &f[0])]);
        for k in 1..f.len() {
            let divisor = a.integer(k as i64);
            let rise = a.divide(&coefficient(a, inner, &cosine, k - 1), &divisor);
            let fall = a.divide(&coefficient(a, inner, &sine, k - 1), &divisor);
            sine.push(rise);
            cosine.push(if CIRCULAR { a.negate(&fall) } else { fall });
        }
        if EVEN { cosine } else { sine }
    }
}
