//! The inverse functions, circular and hyperbolic (DLMF 4.23, 4.37): each has the derivative
//! `(c + s u^2)^-1` or `(c + s u^2)^(-1/2)`, and branch points where the radicand vanishes.

use std::sync::LazyLock;

use super::recurrence::{derivative, integral, multiply, negate, power};
use super::{
    About, Analytic, Branch, Builtin, Complex, Exp, Listed, PLANE, Pair, Parity, Rectangle,
    general, symbol,
};
use crate::number::{Arithmetic, Ball, Balls, Exact, Interval, Interval64, Named, Rational, half};

macro_rules! inverses {
    ($($name:ident $function:ident $latex:literal $aliases:tt $formula:literal $analytic:literal $source:literal)*) => {
        #[derive(Clone, Copy, PartialEq)]
        pub(crate) enum Kind {
            $($name),*
        }

        $(
            pub(crate) struct $name;

            impl Inverse for $name {
                const KIND: Kind = Kind::$name;
                const SYMBOL: Named = symbol::<Self>(stringify!($function), $latex);
                const SPELLINGS: &'static [&'static str] = &$aliases;
                const DESCRIPTION: About = About {
                    formula: $formula,
                    analytic: $analytic,
                    source: $source,
                };
                const OF_DOUBLE: fn(f64) -> f64 = f64::$function;
                const OF_INTERVAL: fn(&Interval, usize) -> Interval = Interval::$function;
            }
        )*
    };
}

pub(crate) trait Inverse: Listed {
    const KIND: Kind;
    const SYMBOL: Named;
    const SPELLINGS: &'static [&'static str];
    const DESCRIPTION: About;
    const OF_DOUBLE: fn(f64) -> f64;
    const OF_INTERVAL: fn(&Interval, usize) -> Interval;
}

inverses! {
    Asin asin r"\arcsin" ["arcsin"] "the inverse of sin, in [-pi/2, pi/2]" "-1 < x < 1" "DLMF 4.23.16"
    Acos acos r"\arccos" ["arccos"] "the inverse of cos, in [0, pi]" "-1 < x < 1" "DLMF 4.23.17"
    Atan atan r"\arctan" ["arctan"] "the inverse of tan, in (-pi/2, pi/2)" "all x" "DLMF 4.23.18"
    Asinh asinh r"\operatorname{asinh}" ["arcsinh", "arsinh"] "log(x + sqrt(x^2 + 1))" "all x" "DLMF 4.37.16"
    Acosh acosh r"\operatorname{acosh}" ["arccosh", "arcosh"] "log(x + sqrt(x^2 - 1))" "x > 1" "DLMF 4.37.19"
    Atanh atanh r"\operatorname{atanh}" ["arctanh", "artanh"] "log((1 + x)/(1 - x))/2" "-1 < x < 1" "DLMF 4.37.24"
}

impl Kind {
    /// `c` and `s`.
    const fn signs(self) -> (i64, i64) {
        match self {
            Self::Asin | Self::Acos | Self::Atanh => (1, -1),
            Self::Atan | Self::Asinh => (1, 1),
            Self::Acosh => (-1, 1),
        }
    }

    /// Whether the radicand's zeros are `i` and `-i`, not `1` and `-1`.
    const fn is_turned(self) -> bool {
        let (c, s) = self.signs();
        c == s
    }

    /// Whether the derivative has a square root.
    const fn has_root(self) -> bool {
        !matches!(self, Self::Atan | Self::Atanh)
    }

    /// `c + s u^2`
    fn radicand<A: Arithmetic>(self, a: &A, u: &A::Number) -> A::Number {
        let (c, s) = self.signs();
        let square = a.multiply(u, u);
        let square = if s < 0 { a.negate(&square) } else { square };
        a.add(&a.integer(c), &square)
    }
}

impl<F: Inverse> Builtin for F {
    const NAMED: Named = F::SYMBOL;
    const ALIASES: &'static [&'static str] = F::SPELLINGS;
    const ABOUT: About = F::DESCRIPTION;
    const PARITY: Option<Parity> = match F::KIND {
        Kind::Acos | Kind::Acosh => None,
        Kind::Asin | Kind::Atan | Kind::Asinh | Kind::Atanh => Some(Parity::Odd),
    };
    const DERIVATIVE: Option<&'static str> = Some(match F::KIND {
        Kind::Asin => "1/sqrt(1 - x^2)",
        Kind::Acos => "-1/sqrt(1 - x^2)",
        Kind::Atan => "1/(1 + x^2)",
        Kind::Asinh => "1/sqrt(1 + x^2)",
        Kind::Acosh => "1/sqrt(x^2 - 1)",
        Kind::Atanh => "1/(1 - x^2)",
    });
    const BRANCHES: bool = true;
    const DOUBLE: fn(f64) -> f64 = match F::KIND {
        // The standard library's loses digits near -1.
        Kind::Atanh => libm::atanh,
        // And near 1.
        Kind::Acosh => libm::acosh,
        _ => F::OF_DOUBLE,
    };
    const INTERVAL: fn(&Interval, usize) -> Interval = F::OF_INTERVAL;
    const COSTS: [u64; 2] = match F::KIND {
        Kind::Atan => [100, 3_000],
        _ => [5_000, 8_000],
    };
    const COST_OF_COMPLEX: u64 = 8_000;
    const INTERVAL64: fn(Interval64) -> Interval64 = match F::KIND {
        Kind::Atan => Interval64::atan,
        _ => general::<F>,
    };

    fn ball<const N: usize>(x: &Ball<N>) -> Option<Ball<N>> {
        let (a, one) = (Balls::<N>, Ball::integer(1));
        match F::KIND {
            Kind::Atan => x.arctangent(),
            // log((1 + x)/(1 - x))/2
            Kind::Atanh if x.is_away() && x.middle().abs() < 0.99 => {
                Some(a.add(&one, x).divide(&a.subtract(&one, x)).logarithm()?.halved())
            }
            _ => None,
        }
    }

    fn exact(x: &Exact) -> Option<Exact> {
        let named = || Some(x.odd(F::NAMED));
        let arcsine = || angle(&OF_SINES, x);
        match F::KIND {
            Kind::Asin => arcsine().or_else(named),
            Kind::Acos => {
                let arcsine = arcsine().unwrap_or_else(|| x.odd(Asin::NAMED));
                Some(Exact::pi().scale(&half()).add(&arcsine.negate()))
            }
            Kind::Atan => angle(&OF_TANGENTS, x).or_else(named),
            Kind::Atanh => match x.as_rational() {
                Some(q) => {
                    let ratio = (Rational::ONE + q) / (Rational::ONE - q);
                    Some(Exact::from(ratio).logarithm()?.scale(&half()))
                }
                None => named(),
            },
            Kind::Asinh | Kind::Acosh => {
                // log(a + sqrt(a^2 +- 1)), closed where the root is rational.
                let closed = x.as_rational().and_then(|q| {
                    let root = Exact::from(q * q + Rational::from(F::KIND.signs().0));
                    Some(q + root.power(&half())?.as_rational()?)
                });
                match closed {
                    Some(argument) => Exact::from(argument).logarithm(),
                    None if F::KIND == Kind::Asinh => named(),
                    None => Some(x.value_of(F::NAMED)),
                }
            }
        }
    }

    fn at_end(x: &Exact) -> Option<Exact> {
        match F::KIND {
            Kind::Asin | Kind::Acos => F::exact(x),
            Kind::Acosh => Some(Exact::default()),
            Kind::Atan | Kind::Asinh | Kind::Atanh => None,
        }
    }

    /// DLMF 4.23.19, 4.23.23, 4.23.26, 4.37.16, 4.37.19, 4.37.24
    fn complex<A: Analytic>(
        plane: &Complex<A>,
        u: &Pair<A>,
        branch: &mut dyn Branch<A>,
    ) -> Option<Pair<A>> {
        let one = plane.integer(1);
        let turned = plane.turned(u);
        let v = if F::KIND.is_turned() { &turned } else { u };
        let plus = branch.log(&plane.add(&one, v))?;
        let (above, below) = if F::KIND == Kind::Acosh { (v, &one) } else { (&one, v) };
        let minus = branch.log(&plane.subtract(above, below))?;
        let halved = |z: &Pair<A>| plane.scaled(z, &plane.0.exact(&half().into()));
        let unturned = |z: &Pair<A>| plane.negate(&plane.turned(z));
        if !F::KIND.has_root() {
            let value = halved(&plane.subtract(&plus, &minus));
            return Some(if F::KIND.is_turned() { unturned(&value) } else { value });
        }
        let root = plane.apply::<Exp>(&halved(&plane.add(&plus, &minus)));
        if !matches!(F::KIND, Kind::Asin | Kind::Acos) {
            return branch.log(&plane.add(u, &root));
        }
        let arcsine = unturned(&branch.log(&plane.add(&turned, &root))?);
        Some(if F::KIND == Kind::Acos {
            plane.subtract(&halved(&plane.real(plane.0.pi())), &arcsine)
        } else {
            arcsine
        })
    }

    /// `y' = f' (c + s f^2)^r`, `r = -1` or `-1/2`
    fn series<A: Analytic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
        let constant = a.apply::<F>(&f[0]);
        let shorter = &f[..f.len() - 1];
        if shorter.is_empty() {
            return vec![constant];
        }
        let (c, s) = F::KIND.signs();
        let square = multiply(a, shorter, shorter);
        let mut radicand = if s < 0 { negate(a, &square) } else { square };
        radicand[0] = a.add(&a.integer(c), &radicand[0]);
        let r = if F::KIND.has_root() { -half() } else { Rational::NEG_ONE };
        let slope = multiply(a, &derivative(a, f), &power(a, &radicand, &r));
        let falls = F::KIND == Kind::Acos;
        integral(a, constant, &if falls { negate(a, &slope) } else { slope })
    }

    fn margin<A: Analytic>(a: &A, u: &A::Number) -> Option<A::Number> {
        match F::KIND {
            Kind::Asin | Kind::Acos | Kind::Atanh => Some(F::KIND.radicand(a, u)),
            Kind::Acosh => Some(a.subtract(u, &a.integer(1))),
            Kind::Atan | Kind::Asinh => None,
        }
    }

    fn guard<A: Analytic>(a: &A, u: &A::Number) -> Option<A::Number> {
        Some(F::KIND.radicand(a, u))
    }

    /// Of `log(1 + v)` and `log(1 - v)`, `v = u` or `iu`, one vanishes at either end of a cut.
    fn vanishing(u: &Rectangle) -> u8 {
        let turned = F::KIND.is_turned();
        let side = if turned { u.1 } else { u.0 };
        u8::from(turned != (side.low > 0.0))
    }

    /// The derivative's root is principal where its radicand is in the right half-plane.
    fn is_principal(u: &Rectangle) -> bool {
        let right = |z: &Rectangle| z.0.low > 0.0;
        !F::KIND.has_root()
            || right(&F::KIND.radicand(&PLANE, u)) && (F::KIND != Kind::Acosh || right(u))
    }
}

/// Multiples of pi/12 in `[-pi/2, pi/2]`, each after its image under a function.
type Angles = LazyLock<Vec<(Exact, Exact)>>;

static OF_SINES: Angles = LazyLock::new(|| in_twelfths(|angle| Some(Exact::sine(angle))));

static OF_TANGENTS: Angles = LazyLock::new(|| {
    in_twelfths(|angle| {
        Some(Exact::sine(angle).multiply(&Exact::cosine(angle).power(&Rational::NEG_ONE)?))
    })
});

fn in_twelfths(function: impl Fn(&Exact) -> Option<Exact>) -> Vec<(Exact, Exact)> {
    let angles = (-6i64..=6).map(|n| Exact::pi().scale(&(Rational::from(n) / Rational::from(12))));
    angles.filter_map(|angle| Some((function(&angle)?, angle))).collect()
}

/// The angle whose image a constant is, where it is a multiple of pi/12.
fn angle(angles: &[(Exact, Exact)], image: &Exact) -> Option<Exact> {
    angles.iter().find_map(|(known, angle)| (known == image).then(|| angle.clone()))
}
