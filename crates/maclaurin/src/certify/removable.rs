//! A function over a rectangle that holds a removable singularity.
//!
//! Interval arithmetic cannot divide by what contains zero. But where the orders of all
//! subexpressions at a place `c` are known, each is `f(z) = (z - c)^v F(z)` with `F(c) != 0`, and
//! it is `F` that is enclosed: quotients divide the `F` and subtract the `v`. Where terms cancel
//! in a sum, `F` itself vanishes to some order `d`, and the quotient `F(z)/(z - c)^d` needs `F`'s
//! Taylor coefficients over the rectangle `Z` (convex, `c` in it):
//!
//! `F(z)/(z - c)^d = d int_0^1 (1 - s)^(d-1) F_d(c + s (z - c)) ds` with `F_d = F^(d)/d!`,
//!
//! the integral form of the remainder (DLMF 1.4.37), a mean of `F_d` over `Z`. Differentiated
//! `k` times it shows that the Taylor coefficient of degree `k` is a mean of `F_(d+k)`, for
//! `C(d+k, k) d int_0^1 (1 - s)^(d-1) s^k ds = 1`. So the division by `(z - c)^d` drops the first
//! `d` coefficients of an interval jet.

use super::region::{Branches, Evaluation, Followed, PLANE, Rectangle, Region, Source, hull};
use super::singularity::Local;
use crate::builtin::{Builtin, Elementary, Exp, bessel_j, each, erlang_cdf, recurrence};
use crate::function::{Index, Operand, Operation};
use dashu_base::UnsignedAbs;

use crate::number::{Arithmetic, PI, Rational};

/// Coefficients of the jets: more than the orders that cancel in practice.
const TERMS: usize = 10;

/// The largest order that is multiplied out.
const LARGEST_ORDER: i64 = 64;

/// `(z - c)^order F(z)`: the coefficient `k` of the jet contains `F^(k)/k!` on the rectangle.
#[derive(Clone)]
struct Germ {
    order: i64,
    jet: Vec<Rectangle>,
}

/// One evaluation over a rectangle.
struct Walk<'a> {
    region: &'a Region<'a>,
    local: &'a Local,
    /// The rectangle.
    z: Rectangle,
    /// `z - c`
    t: Rectangle,
    branches: Branches<'a>,
}

/// The function on the smallest rectangle around `z` and a place where its singularity is
/// removable. `None` where it is not proven analytic there, or where a branch is not the
/// principal one, for those are the branches in which the orders are known.
pub(super) fn evaluate<'a>(
    region: &'a Region<'a>,
    local: &'a Local,
    z: &Rectangle,
    neighbour: Option<&'a [super::region::Guard]>,
) -> Option<Evaluation> {
    let z = hull(z, &local.center);
    let t = PLANE.subtract(&z, &local.center);
    let branches = Branches::new(neighbour);
    let mut walk = Walk { region, local, z, t, branches };
    let germs = region.function().try_fold(|index, operation| {
        let germ = match region.constant(index) {
            Some(constant) => Germ::constant(constant),
            None => walk.step(operation).ok_or(())?,
        };
        walk.settled(index, germ).ok_or(())
    });
    let germs = germs.ok()?;
    let last = germs.last().filter(|germ| germ.order >= 0)?;
    let value = walk.analytic(last)?[0];
    Some(Evaluation { value, guards: walk.branches.guards })
}

impl Germ {
    fn constant(value: Rectangle) -> Self {
        let mut jet = vec![PLANE.integer(0); TERMS];
        jet[0] = value;
        Self { order: 0, jet }
    }

    fn multiply(&self, other: &Self) -> Option<Self> {
        let terms = self.jet.len().min(other.jet.len());
        let order = self.order.checked_add(other.order)?;
        Some(Self {
            order,
            jet: recurrence::multiply(&PLANE, &self.jet[..terms], &other.jet[..terms]),
        })
    }

    /// The quotient, the divisor's jet known not to vanish.
    fn divide(&self, other: &Self) -> Option<Self> {
        let terms = self.jet.len().min(other.jet.len());
        let order = self.order.checked_sub(other.order)?;
        Some(Self {
            order,
            jet: recurrence::divide(&PLANE, &self.jet[..terms], &other.jet[..terms]),
        })
    }

    fn negate(&self) -> Self {
        Self { order: self.order, jet: recurrence::negate(&PLANE, &self.jet) }
    }
}

impl Walk<'_> {
    /// The germ with the order that the step is known to have: `None` where that takes more
    /// coefficients than there are.
    fn settled(&self, index: Index, mut germ: Germ) -> Option<Germ> {
        let Some(order) = self.local.orders.get(index).copied().flatten() else {
            return Some(germ);
        };
        let cancelled = usize::try_from(order - germ.order).ok()?;
        if cancelled >= germ.jet.len() {
            return None;
        }
        germ.jet.drain(..cancelled);
        Some(Germ { order, ..germ })
    }

    /// The jet of `(z - c)^(germ.order - order) F(z)`.
    fn raised(&self, germ: &Germ, order: i64) -> Option<Vec<Rectangle>> {
        let gap = germ.order - order;
        if gap == 0 {
            return Some(germ.jet.clone());
        }
        if !(0..=LARGEST_ORDER).contains(&gap) {
            return None;
        }
        // The coefficient of s^k in (t + s)^gap is C(gap, k) t^(gap - k).
        let mut binomial = 1i64;
        let mut power = Vec::with_capacity(germ.jet.len());
        for k in 0..germ.jet.len() as i64 {
            power.push(if k > gap {
                PLANE.integer(0)
            } else {
                let rest = PLANE.power(&self.t, &Rational::from(gap - k));
                PLANE.multiply(&PLANE.integer(binomial), &rest)
            });
            binomial = binomial.checked_mul((gap - k).max(0))? / (k + 1);
        }
        Some(recurrence::multiply(&PLANE, &power, &germ.jet))
    }

    /// The jet of a germ without a pole.
    fn analytic(&self, germ: &Germ) -> Option<Vec<Rectangle>> {
        self.raised(germ, 0)
    }

    fn add(&self, f: &Germ, g: &Germ) -> Option<Germ> {
        let order = f.order.min(g.order);
        let (f, g) = (self.raised(f, order)?, self.raised(g, order)?);
        let jet = f.iter().zip(&g).map(|(f, g)| PLANE.add(f, g)).collect();
        Some(Germ { order, jet })
    }

    fn step(&mut self, operation: Operation<Operand<'_, Germ>>) -> Option<Germ> {
        Some(match operation {
            Operation::Variable => {
                let mut germ = Germ::constant(self.z);
                germ.jet[1] = PLANE.integer(1);
                germ
            }
            Operation::Constant(value) => Germ::constant(PLANE.exact(&value)),
            Operation::Negate(f) => f.negate(),
            Operation::Add(f, g) => self.add(&f, &g)?,
            Operation::Subtract(f, g) => self.add(&f, &g.negate())?,
            Operation::Multiply(f, g) => f.multiply(&g)?,
            Operation::Divide(f, g) => {
                self.divisor(&g)?;
                f.divide(&g)?
            }
            Operation::Absolute(f) => {
                if f.order != 0 {
                    return None;
                }
                let guard = self.branches.pass(Source::Step(f.index), &f.jet[0], false).ok()?;
                if guard.level < 0 { f.negate() } else { Germ::clone(&f) }
            }
            Operation::PiecewiseConstant(level, u, guard) => {
                if guard.order != 0 {
                    return None;
                }
                let source = Source::Step(guard.index);
                let u = self.analytic(&u)?;
                let value = self.branches.level(level, &u[0], source, &guard.jet[0]).ok()?;
                Germ::constant(PLANE.integer(value))
            }
            Operation::Power(f, g) => self.power(&f, &g)?,
            Operation::Elementary(Elementary::Log, f) => self.log(&f)?,
            Operation::Elementary(function, f) => each!(function, F => self.through::<F>(&f))?,
            Operation::BesselJ(order, u) => {
                let u = self.analytic(&u)?;
                Germ { order: 0, jet: bessel_j::series(&PLANE, &u, order) }
            }
            Operation::ErlangCdf(shape, u) => {
                let u = self.analytic(&u)?;
                Germ { order: 0, jet: erlang_cdf::series(&PLANE, &u, shape) }
            }
        })
    }

    /// Passes the guard of a division by a step.
    fn divisor(&mut self, g: &Operand<'_, Germ>) -> Option<()> {
        if self.region.may_vanish(g.index) {
            self.branches.divisor(Source::Step(g.index), &g.jet[0], g.order).ok()?;
        } else if g.order != 0 {
            return None;
        }
        Some(())
    }

    /// The logarithm of a step, the principal one.
    fn log(&mut self, f: &Operand<'_, Germ>) -> Option<Germ> {
        if let Some(exponent) = self.region.exponent_of(f.index) {
            return Some(f.values[exponent].clone());
        }
        if let Some(log) = self.region.log_of_constant(f.index) {
            return Some(Germ::constant(log));
        }
        if f.order != 0 {
            return None;
        }
        let constant =
            self.branches.log(Source::Step(f.index), &f.jet[0]).ok().filter(is_principal)?;
        let slope = recurrence::derivative(&PLANE, &f.jet);
        let slope = recurrence::divide(&PLANE, &slope, &f.jet[..slope.len()]);
        Some(Germ { order: 0, jet: recurrence::integral(&PLANE, constant, &slope) })
    }

    fn power(&mut self, f: &Operand<'_, Germ>, g: &Operand<'_, Germ>) -> Option<Germ> {
        let exponent = self.region.function().rational(g.index).filter(|r| r.is_int());
        if let Some(r) = exponent {
            let count = u32::try_from(r.numerator().unsigned_abs()).ok()?;
            if *r < Rational::ZERO {
                self.divisor(f)?;
            }
            let mut power = Germ::constant(PLANE.integer(1));
            let bits = (0..32 - count.leading_zeros()).rev();
            for bit in bits {
                power = power.multiply(&power)?;
                if count >> bit & 1 == 1 {
                    power = power.multiply(f)?;
                }
            }
            return if *r < Rational::ZERO {
                Germ::constant(PLANE.integer(1)).divide(&power)
            } else {
                Some(power)
            };
        }
        let log = self.log(f)?;
        let exponent = g.multiply(&log)?;
        let u = self.analytic(&exponent)?;
        Some(Germ { order: 0, jet: Exp::series(&PLANE, &u) })
    }

    /// A built-in function of a step.
    fn through<F: Builtin>(&mut self, f: &Operand<'_, Germ>) -> Option<Germ> {
        let u = self.analytic(f)?;
        let source = |number| Source::Within(F::ELEMENTARY, f.index, number);
        let series = |function: Elementary| Germ { order: 0, jet: function.series(&PLANE, &u) };
        if let Some([over, under]) = F::QUOTIENT {
            let mut under = series(under);
            if let Some(order) = self.local.order(source(0)) {
                let cancelled = usize::try_from(order).ok().filter(|n| *n < under.jet.len())?;
                under.jet.drain(..cancelled);
                under.order = order;
            }
            self.branches.divisor(source(0), &under.jet[0], under.order).ok()?;
            return series(over).divide(&under);
        }
        let mut germ = series(F::ELEMENTARY);
        if F::BRANCHES {
            let mut followed = Followed::new(&mut self.branches, F::ELEMENTARY, f.index);
            germ.jet[0] = F::complex(&PLANE, &u[0], &mut followed)?;
            if !followed.is_principal {
                return None;
            }
        }
        F::is_principal(&u[0]).then_some(germ)
    }
}

/// Whether a logarithm is certainly the principal one.
fn is_principal(log: &Rectangle) -> bool {
    log.1.magnitude() < PI.low
}
