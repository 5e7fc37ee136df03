//! The tangent, circular and hyperbolic (DLMF 4.14.4, 4.28.4).

use super::recurrence::solve;
use super::wave::pair;
use super::{About, Analytic, Branch, Builtin, Complex, Elementary, Listed, Pair, Parity, symbol};
use crate::number::{
    Arithmetic, Ball, Balls, Exact, Interval, Interval64, Named, Rational, tanh_at,
};

pub(crate) struct Tangent<const CIRCULAR: bool>;

pub(crate) type Tan = Tangent<true>;
pub(crate) type Tanh = Tangent<false>;

impl<const CIRCULAR: bool> Builtin for Tangent<CIRCULAR>
where
    Self: Listed,
{
    const NAMED: Named =
        if CIRCULAR { symbol::<Self>("tan", r"\tan") } else { symbol::<Self>("tanh", r"\tanh") };
    const ABOUT: About = if CIRCULAR {
        About { formula: "sin(x)/cos(x)", analytic: "x != (n + 1/2) pi", source: "DLMF 4.14.4" }
    } else {
        About { formula: "sinh(x)/cosh(x)", analytic: "all x", source: "DLMF 4.28.4" }
    };
    const PARITY: Option<Parity> = Some(Parity::Odd);
    const DERIVATIVE: Option<&'static str> =
        Some(if CIRCULAR { "1/cos(x)^2" } else { "1/cosh(x)^2" });
    const QUOTIENT: Option<[Elementary; 2]> = Some(pair(CIRCULAR));
    const DOUBLE: fn(f64) -> f64 = if CIRCULAR { f64::tan } else { f64::tanh };
    const COSTS: [u64; 2] = [200, 4_000];
    const INTERVAL: fn(&Interval, usize) -> Interval =
        if CIRCULAR { Interval::tan } else { Interval::tanh };
    const INTERVAL64: fn(Interval64) -> Interval64 =
        if CIRCULAR { |x| x.sin().divide(x.cos()) } else { |x| x.monotone(tanh_at) };

    fn ball<const N: usize>(x: &Ball<N>) -> Option<Ball<N>> {
        let a = Balls::<N>;
        if CIRCULAR {
            let (sine, cosine) = x.wave()?;
            return Some(sine.divide(&cosine));
        }
        if !x.is_away() {
            return None;
        }
        let square = a.add(x, x).exponential()?;
        let one = Ball::integer(1);
        Some(a.subtract(&square, &one).divide(&a.add(&square, &one)))
    }

    fn exact(x: &Exact) -> Option<Exact> {
        if CIRCULAR {
            // At multiples of pi/12 the quotient is closed; elsewhere tan has its own name.
            let turn = x.pi_multiple().filter(|turn| turn.denominator() <= &12u8.into());
            let cosine = turn.and_then(|_| Exact::cosine(x).power(&Rational::NEG_ONE));
            return Some(
                cosine.map_or_else(|| x.odd(Self::NAMED), |c| Exact::sine(x).multiply(&c)),
            );
        }
        // (e^2a - 1) / (e^2a + 1), closed where e^2a is rational.
        let square = x.scale(&Rational::from(2)).exponential();
        Some(match square.as_ref().and_then(Exact::as_rational) {
            Some(q) => ((q - Rational::ONE) / (q + Rational::ONE)).into(),
            None => x.odd(Self::NAMED),
        })
    }

    fn complex<A: Analytic>(
        plane: &Complex<A>,
        z: &Pair<A>,
        _: &mut dyn Branch<A>,
    ) -> Option<Pair<A>> {
        let [over, under] = pair(CIRCULAR).map(|function| plane.elementary(function, z));
        Some(plane.divide(&over, &under))
    }

    /// `y' = f' (1 + y^2)`, or `f' (1 - y^2)`
    fn series<A: Analytic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
        a.tangent(f, CIRCULAR).unwrap_or_else(|| {
            solve(a, f, a.apply::<Self>(&f[0]), |y| {
                // The coefficient of y^2 of the highest degree that y is known to.
                let square = a.convolve(y, y);
                let square = if CIRCULAR { square } else { a.negate(&square) };
                if y.len() == 1 { a.add(&a.integer(1), &square) } else { square }
            })
        })
    }

    /// A hyperbolic cosine has no real zero.
    fn has_pole<A: Analytic>(a: &A, u: &A::Number) -> bool {
        (CIRCULAR || !A::REAL) && a.is_zero(&a.elementary(pair(CIRCULAR)[1], u))
    }
}
