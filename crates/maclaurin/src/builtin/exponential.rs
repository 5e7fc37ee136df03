//! `e^x` and its inverse (DLMF 4.2).

use super::recurrence::{derivative, divide, integral, solve};
use super::wave::{Cos, Sin};
use super::{About, Analytic, Branch, Builtin, Complex, Pair};
use crate::number::{Ball, Exact, Interval, Interval64, Named};

pub(crate) struct Exp;

impl Builtin for Exp {
    const NAMED: Named = Named::Exp;
    const ABOUT: About = About { formula: "e^x", analytic: "all x", source: "DLMF 4.2.19" };
    const DERIVATIVE: Option<&'static str> = Some("exp(x)");

    const DOUBLE: fn(f64) -> f64 = f64::exp;
    const INTERVAL: fn(&Interval, usize) -> Interval = Interval::exp;
    const INTERVAL64: fn(Interval64) -> Interval64 = Interval64::exp;
    fn ball<const N: usize>(x: &Ball<N>) -> Option<Ball<N>> {
        x.exponential()
    }

    fn exact(x: &Exact) -> Option<Exact> {
        x.exponential()
    }

    /// `e^x (cos y + i sin y)`
    fn complex<A: Analytic>(
        plane: &Complex<A>,
        z: &Pair<A>,
        _: &mut dyn Branch<A>,
    ) -> Option<Pair<A>> {
        let a = &plane.0;
        let modulus = a.apply::<Self>(&z.0);
        let part = |wave: A::Number| a.multiply(&modulus, &wave);
        Some((part(a.apply::<Cos>(&z.1)), part(a.apply::<Sin>(&z.1))))
    }

    /// `y' = f' y`
    fn series<A: Analytic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
        solve(a, f, a.apply::<Self>(&f[0]), |y| y[y.len() - 1].clone())
    }
}

pub(crate) struct Log;

impl Builtin for Log {
    const NAMED: Named = Named::Log;
    const ALIASES: &'static [&'static str] = &["ln"];
    const ABOUT: About = About {
        formula: "the integral of 1/t from 1 to x",
        analytic: "x > 0",
        source: "DLMF 4.2.2",
    };
    const DERIVATIVE: Option<&'static str> = Some("1/x");

    const DOUBLE: fn(f64) -> f64 = f64::ln;
    const INTERVAL: fn(&Interval, usize) -> Interval = Interval::log;
    const INTERVAL64: fn(Interval64) -> Interval64 = Interval64::log;
    fn ball<const N: usize>(x: &Ball<N>) -> Option<Ball<N>> {
        x.logarithm()
    }

    fn exact(x: &Exact) -> Option<Exact> {
        x.logarithm()
    }

    fn complex<A: Analytic>(
        _: &Complex<A>,
        z: &Pair<A>,
        branch: &mut dyn Branch<A>,
    ) -> Option<Pair<A>> {
        branch.log(z)
    }

    /// `y' = f' / f`
    fn series<A: Analytic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
        let slope = divide(a, &derivative(a, f), &f[..f.len() - 1]);
        integral(a, a.apply::<Self>(&f[0]), &slope)
    }

    fn margin<A: Analytic>(_: &A, u: &A::Number) -> Option<A::Number> {
        Some(u.clone())
    }
}
