//! The built-in functions: all that the engine knows of each is in one file here, its own or that
//! of a small family.
//!
//! A function is a type without values that implements [`Builtin`], or a line of [`call`] that
//! writes it in terms of others. [`list`] makes the enumeration [`Elementary`] of the types, for
//! steps to name them by; everything else asks the trait. Values come from the arithmetic of
//! `number`; an arithmetic that has them is [`Analytic`].

pub(crate) mod bessel_j;
mod call;
mod complex;
pub(crate) mod composition;
mod dawson;
mod double;
mod erf;
pub(crate) mod erlang_cdf;
mod exponential;
mod gamma;
mod integral;
mod inverse;
pub(crate) mod recurrence;
mod solution;
mod tangent;
mod taylor;
#[cfg(test)]
mod tests;
mod wave;
mod zeta;

pub(crate) use call::{About, Call, Definition, Double, calls, find, names};
pub(crate) use complex::{Branch, Complex, PLANE, Pair, Rectangle};
pub(crate) use dawson::Dawson;
pub(crate) use erf::{Erf, Erfi};
pub(crate) use exponential::{Exp, Log};
pub(crate) use gamma::{Digamma, DigammaOverGamma, Lgamma, Rgamma};
pub(crate) use integral::{Ein, Si};
pub(crate) use inverse::{Acos, Acosh, Asin, Asinh, Atan, Atanh};
pub(crate) use solution::{Erfinv, LambertW};
pub(crate) use tangent::{Tan, Tanh};
pub(crate) use wave::{Cos, Cosh, Sin, Sinh};
pub(crate) use zeta::EntireZeta;

use crate::number::{
    Arithmetic, Ball, Balls, Certified, Exact, Interval, Interval64, Named, Outward64, Symbol,
    Value,
};

/// A function of one variable, analytic but for isolated points. The defaults are those of an odd
/// entire function. Certificates rest on what a function says of its singularities: one with
/// others than simple poles and the branch points of logarithms needs more than this trait.
pub(crate) trait Builtin: Listed {
    /// How expressions and constants write it.
    const NAMED: Named;
    /// Other names for it in an expression.
    const ALIASES: &'static [&'static str] = &[];
    /// What a list of functions says of it.
    const ABOUT: About;
    /// Whether it is even or odd, if it is either.
    const PARITY: Option<Parity> = None;
    /// The derivative, as an expression in `x`, where there is one.
    const DERIVATIVE: Option<&'static str> = None;
    /// The entire functions whose quotient it is, if it has poles, all of them simple.
    const QUOTIENT: Option<[Elementary; 2]> = None;
    /// Whether it has branch points, all where [`Self::guard`] vanishes: [`Self::complex`] takes
    /// logarithms then, and never otherwise. (A logarithm itself is followed by `certify`.)
    const BRANCHES: bool = false;

    /// In double precision; NaN outside the domain.
    const DOUBLE: fn(f64) -> f64;
    /// The image of an interval to the given number of bits; the whole line where it leaves the domain.
    const INTERVAL: fn(&Interval, usize) -> Interval;
    /// The same between doubles.
    const INTERVAL64: fn(Interval64) -> Interval64 = general::<Self>;
    /// Roughly what an image takes, between doubles and to 128 bits, in operations on intervals of
    /// doubles: limits of work count them.
    const COSTS: [u64; 2] = [100, 3_000];
    /// Roughly what a value on a rectangle of the complex plane takes, in nanoseconds: a limit counts it.
    const COST_OF_COMPLEX: u64 = 4_000;

    /// A faster way to the image of a ball than through intervals, where there is one. The
    /// ball [is reducible](Ball::is_reducible).
    fn ball<const N: usize>(_: &Ball<N>) -> Option<Ball<N>> {
        None
    }

    /// The value at a constant inside the domain, or `None` where that is no rational combination
    /// of named constants. An odd function has a name for it.
    fn exact(x: &Exact) -> Option<Exact> {
        Some(x.odd(Self::NAMED))
    }

    /// The value in the complex plane off the real axis, on the branch given.
    fn complex<A: Analytic>(
        plane: &Complex<A>,
        z: &Pair<A>,
        branch: &mut dyn Branch<A>,
    ) -> Option<Pair<A>>;

    /// The power series of `F(f)`, as many coefficients as `f` has.
    fn series<A: Analytic>(a: &A, f: &[A::Number]) -> Vec<A::Number>;

    /// The value at an end of the domain, where [`Self::margin`] is zero, if there is one.
    fn at_end(_: &Exact) -> Option<Exact> {
        None
    }

    /// What must be positive where the function of a real number is analytic: at zero it has a
    /// branch point, below no real value.
    fn margin<A: Analytic>(_: &A, _: &A::Number) -> Option<A::Number> {
        None
    }

    /// Whether there certainly is a pole at `u`.
    fn has_pole<A: Analytic>(_: &A, _: &A::Number) -> bool {
        false
    }

    /// Whether a theorem says that the function has no zero on a rectangle, whatever its image there
    /// contains.
    fn has_no_zero(_: &Rectangle) -> bool {
        false
    }

    /// What has simple zeros at the singularities that are not those of a logarithm.
    fn guard<A: Analytic>(a: &A, u: &A::Number) -> Option<A::Number> {
        Self::QUOTIENT.map(|[_, under]| a.elementary(under, u))
    }

    /// Of the logarithms that [`Self::complex`] takes, counted from 0, the one whose argument
    /// vanishes where the guard does, at `u`.
    fn vanishing(_: &Rectangle) -> u8 {
        0
    }

    /// Whether on all of a rectangle the recurrence continues the principal branch.
    fn is_principal(_: &Rectangle) -> bool {
        true
    }
}

/// How a function behaves where its argument changes its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parity {
    /// `F(-x) = F(x)`
    Even,
    /// `F(-x) = -F(x)`
    Odd,
}

/// A function's place in [`Elementary`].
pub(crate) trait Listed: Sized {
    const ELEMENTARY: Elementary;
}

/// Arithmetic that has the values of built-in functions.
pub(crate) trait Analytic: Arithmetic {
    /// The bits that a number has where nothing was lost.
    fn bits(&self) -> usize;

    /// The number between doubles, as a complex one.
    fn rectangle(&self, a: &Self::Number) -> Rectangle;

    /// Whether the number is a constant in exact form.
    fn is_exact(&self, _: &Self::Number) -> bool {
        false
    }

    /// The image under a function of real intervals, given with a number of bits.
    fn image(
        &self,
        a: &Self::Number,
        function: &dyn Fn(&Interval, usize) -> Interval,
    ) -> Self::Number;

    /// `F(a)`, for `a` inside the function's domain.
    fn apply<F: Builtin>(&self, a: &Self::Number) -> Self::Number;

    /// `function(a)`
    fn elementary(&self, function: Elementary, a: &Self::Number) -> Self::Number {
        each!(function, F => self.apply::<F>(a))
    }
}

macro_rules! list {
    ($dollar:tt $($(#[$document:meta])* $name:ident),* $(,)?) => {
        /// The functions of one real variable that every number type knows.
        ///
        /// All other built-in functions are written in terms of these.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Elementary {
            $($(#[$document])* $name),*
        }

        $(impl Listed for $name {
            const ELEMENTARY: Elementary = Elementary::$name;
        })*

        const ALL: &[Elementary] = &[$(Elementary::$name),*];

        /// An expression in the type of a function that only a step names.
        macro_rules! each {
            ($dollar function:expr, $dollar type:ident => $dollar value:expr) => {
                match $dollar function {
                    $(Elementary::$name => {
                        type $dollar type = $crate::builtin::$name;
                        $dollar value
                    })*
                }
            };
        }
        pub(crate) use each;
    };
}

list! { $
    /// `e^x`
    Exp,
    /// The natural logarithm, for positive arguments.
    Log,
    /// Sine, in radians.
    Sin,
    /// Cosine, in radians.
    Cos,
    /// Tangent, in radians.
    Tan,
    /// Inverse sine, principal value, for arguments in `[-1, 1]`.
    Asin,
    /// Inverse cosine, principal value, for arguments in `[-1, 1]`.
    Acos,
    /// Inverse tangent, principal value.
    Atan,
    /// Hyperbolic sine.
    Sinh,
    /// Hyperbolic cosine.
    Cosh,
    /// Hyperbolic tangent.
    Tanh,
    /// Inverse hyperbolic sine.
    Asinh,
    /// Inverse hyperbolic cosine, for arguments from 1 up.
    Acosh,
    /// Inverse hyperbolic tangent, for arguments in `(-1, 1)`.
    Atanh,
    /// The error function, `2/sqrt(pi) * integral of exp(-t^2) from 0 to x` (DLMF 7.2.1).
    Erf,
    /// The imaginary error function, `2/sqrt(pi) * integral of exp(t^2) from 0 to x`.
    Erfi,
    /// Dawson's integral, `exp(-x^2) * integral of exp(t^2) from 0 to x` (DLMF 7.2.5).
    Dawson,
    /// The sine integral, `integral of sin(t)/t from 0 to x` (DLMF 6.2.9).
    Si,
    /// The entire exponential integral, `integral of (1 - exp(-t))/t from 0 to x` (DLMF 6.2.3).
    Ein,
    /// The reciprocal of the gamma function, an entire function (DLMF 5.2.1).
    Rgamma,
    /// The logarithm of the absolute value of the gamma function.
    Lgamma,
    /// The logarithmic derivative of the gamma function (DLMF 5.2.2).
    Digamma,
    /// The digamma function over the gamma function, an entire function.
    DigammaOverGamma,
    /// The principal branch of Lambert's function, `W exp(W) = x` (DLMF 4.13.1).
    LambertW,
    /// The inverse of the error function, for arguments in `(-1, 1)` (DLMF 7.17.1).
    Erfinv,
    /// Riemann's zeta function times `x - 1`, an entire function.
    EntireZeta,
}

impl Elementary {
    /// The name by which the function is written in an expression.
    #[must_use]
    pub fn name(self) -> &'static str {
        each!(self, F => F::NAMED.names().0)
    }

    /// [`Builtin::PARITY`]
    pub(crate) fn parity(self) -> Option<Parity> {
        each!(self, F => F::PARITY)
    }

    /// [`Builtin::COSTS`]
    pub(crate) fn costs(self) -> [u64; 2] {
        each!(self, F => F::COSTS)
    }

    /// [`Builtin::COST_OF_COMPLEX`]
    pub(crate) fn cost_of_complex(self) -> u64 {
        each!(self, F => F::COST_OF_COMPLEX)
    }

    /// [`Builtin::series`]
    pub(crate) fn series<A: Analytic>(self, a: &A, f: &[A::Number]) -> Vec<A::Number> {
        each!(self, F => F::series(a, f))
    }
}

/// The names of a function that constants know no more of.
const fn symbol<F: Builtin>(name: &'static str, latex: &'static str) -> Named {
    Named::Other(Symbol { rank: F::ELEMENTARY as usize, name, latex, enclose: F::INTERVAL })
}

/// The image between doubles by way of more bits.
fn general<F: Builtin>(x: Interval64) -> Interval64 {
    image64(x, &F::INTERVAL)
}

fn image64(x: Interval64, f: &dyn Fn(&Interval, usize) -> Interval) -> Interval64 {
    if x.low.is_infinite() || x.high.is_infinite() {
        return Interval64::WHOLE_LINE;
    }
    Interval64::around(&f(&Interval::from_f64(x.low, x.high), 64))
}

impl Analytic for Outward64 {
    fn image(&self, a: &Interval64, f: &dyn Fn(&Interval, usize) -> Interval) -> Interval64 {
        image64(*a, f)
    }

    fn bits(&self) -> usize {
        53
    }

    fn rectangle(&self, a: &Interval64) -> Rectangle {
        (*a, Interval64::point(0.0))
    }

    fn apply<F: Builtin>(&self, a: &Interval64) -> Interval64 {
        F::INTERVAL64(*a)
    }
}

impl<const N: usize> Analytic for Balls<N> {
    fn image(&self, a: &Ball<N>, f: &dyn Fn(&Interval, usize) -> Interval) -> Ball<N> {
        Ball::enclosing(&f(&a.to_interval(), Self::BITS))
    }

    fn bits(&self) -> usize {
        64 * N
    }

    fn rectangle(&self, a: &Ball<N>) -> Rectangle {
        (a.to_interval64(), Interval64::point(0.0))
    }

    fn apply<F: Builtin>(&self, a: &Ball<N>) -> Ball<N> {
        let fast = if a.is_reducible() { F::ball(a) } else { None };
        fast.unwrap_or_else(|| Ball::enclosing(&F::INTERVAL(&a.to_interval(), Self::BITS)))
    }
}

impl Analytic for Certified {
    fn image(&self, a: &Value, f: &dyn Fn(&Interval, usize) -> Interval) -> Value {
        Value::Enclosure(f(&self.enclose(a), Self::bits(self)))
    }

    fn bits(&self) -> usize {
        Self::bits(self)
    }

    fn rectangle(&self, a: &Value) -> Rectangle {
        (Interval64::around(&self.enclose(a)), Interval64::point(0.0))
    }

    fn is_exact(&self, a: &Value) -> bool {
        matches!(a, Value::Exact(_))
    }

    fn apply<F: Builtin>(&self, a: &Value) -> Value {
        let exact = match a {
            Value::Exact(exact) if exact.is_light() => F::exact(exact),
            _ => None,
        };
        Self::exact_or(exact, || F::INTERVAL(&self.enclose(a), self.bits()))
    }
}
