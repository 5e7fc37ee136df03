//! What is proven of a Padé approximant: its poles, and its error on a range.
//!
//! The poles are the zeros of its denominator `q`, of degree `n` with the leading coefficient `c`. For any
//! different `z_1 .. z_n` the discs of radius `n |q(z_i)/(c prod_(j != i) (z_i - z_j))|` about the `z_i`
//! contain all zeros, and discs that touch each other but no other ones contain as many as they are
//! (B. T. Smith, *Error bounds for zeros of a polynomial based upon Gerschgorin's theorems*, J. ACM 17,
//! 1970, 661 to 674).

use super::ErrorBound;
use crate::builtin::{Analytic, Complex, Rectangle};
use crate::number::{Arithmetic, Certified, Exact, Interval64, Value, exactly};
use crate::series::{Error, Pade};

/// Bits of the values of the denominator.
const BITS: usize = 512;

/// Steps of Aberth's method in doubles, and of Newton's with more bits.
const MOST_STEPS: usize = 200;
const MORE_STEPS: usize = 3;

/// Zeros of which the imaginary part is a smaller part of them are taken for real ones.
const NEARLY_REAL: f64 = 1e-9;

type Place = (f64, f64);

/// A disc of the complex plane that certainly contains a number of poles, counted with their orders;
/// [`Pade::poles`] finds them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Poles {
    /// The real part of the center.
    pub re: f64,
    /// The imaginary part of the center.
    pub im: f64,
    /// The radius.
    pub radius: f64,
    /// How many poles are in the disc: 1, or more where they are multiple or cannot be told apart.
    pub count: usize,
}

impl Poles {
    /// Whether it is one pole on the real axis: poles that are not real come in pairs.
    ///
    /// # Examples
    ///
    /// ```
    /// let pade = maclaurin::taylor("exp(x)", 3, "0")?.pade(0, 3)?;
    /// let poles = pade.poles()?;
    /// assert_eq!(poles.iter().filter(|pole| pole.is_real()).count(), 1);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn is_real(&self) -> bool {
        self.count == 1 && self.im == 0.0
    }
}

impl Pade {
    /// All poles of the approximant, each in a certified disc, by their distance from the expansion
    /// point. The approximant is the one with the exact coefficients, or with the rounded ones where some
    /// are only enclosed.
    ///
    /// # Errors
    ///
    /// [`Error::Undecided`] where no finite discs are found.
    ///
    /// # Examples
    ///
    /// ```
    /// let pade = maclaurin::taylor("tan(x)", 3, "0")?.pade(1, 2)?;
    /// assert_eq!(pade.to_string(), "x/(1 - x^2/3)");
    /// let poles = pade.poles()?;
    /// assert!((poles[0].re.abs() - 3f64.sqrt()).abs() <= poles[0].radius);
    /// assert!(poles.len() == 2 && poles.iter().all(|pole| pole.is_real() && pole.radius < 1e-14));
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn poles(&self) -> Result<Vec<Poles>, Error> {
        let a = Certified::new(BITS);
        let denominator = self.known_denominator();
        let found = discs(&a, &denominator).ok_or_else(|| Error::Undecided {
            what: format!("the poles of {self}"),
            bits: BITS,
            unbounded: true,
        })?;
        let at = Interval64::around(&a.enclose(self.point()));
        let shifted = |disc: Poles| {
            let re = at.add(Interval64::point(disc.re));
            let center = re.middle();
            let off = (re.high - center).max(center - re.low).next_up();
            let radius =
                if off > 0.0 && re.low < re.high { up(disc.radius, off) } else { disc.radius };
            Poles { re: center, radius, ..disc }
        };
        Ok(found.into_iter().map(shifted).collect())
    }

    /// A certified upper bound of `|f(x) - p(x)/q(x)|` for `low <= x <= high`, where the coefficients are
    /// the exact ones, or the rounded ones where some are only enclosed.
    ///
    /// # Errors
    ///
    /// As [`Series::error_bound`](crate::Series::error_bound); [`Error::Unbounded`] also where the
    /// denominator is not proven to have no zero on the range.
    ///
    /// # Examples
    ///
    /// ```
    /// let pade = maclaurin::taylor("log(1 + x)", 6, "0")?.pade(3, 3)?;
    /// // The series converges for |x| < 1 only.
    /// let error = pade.error_bound(0.0, 2.0)?;
    /// let truth = (pade.evaluate(2.0) - 3f64.ln()).abs();
    /// assert!(truth <= error.bound && error.bound <= 1.01 * truth);
    /// assert!(pade.error_bound(-3.0, 0.0).is_err());
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn error_bound(&self, low: f64, high: f64) -> Result<ErrorBound, Error> {
        let difference = self.difference()?;
        let degrees = 0..=difference.order();
        if degrees.clone().all(|degree| difference.is_zero_proven(degree)) {
            return difference.error_bound(low, high);
        }
        let difference = difference.truncated(0);
        let ErrorBound { bound, sampled, at } = difference.error_bound(low, high)?;
        // The series has a term of degree 0, rounded to the nearest double.
        let constant = difference.coefficients()[0].abs().next_up();
        Ok(ErrorBound {
            bound: up(bound, constant),
            sampled: (sampled - constant).next_down().max(0.0),
            at,
        })
    }
}

/// `a + b`, rounded up.
fn up(a: f64, b: f64) -> f64 {
    (a + b).next_up()
}

/// `|z|`
fn modulus_of((re, im): Rectangle) -> Interval64 {
    let square = re.square().add(im.square());
    // A square root is rounded to the nearest double.
    let low = square.low.max(0.0).sqrt().next_down().max(0.0);
    Interval64::between(low, square.high.sqrt().next_up())
}

/// Discs around the zeros of a polynomial, by their distance from 0.
fn discs(a: &Certified, polynomial: &[Exact]) -> Option<Vec<Poles>> {
    let coefficients: Vec<_> = polynomial.iter().map(|c| Value::Exact(c.clone())).collect();
    let degree = coefficients.len() - 1;
    let plane = Complex(Certified::new(BITS));
    let values = |z: Place| {
        let z = [z.0, z.1].map(|part| a.exact(&exactly(part).into()));
        let z = (z[0].clone(), z[1].clone());
        // The value and the slope, by Horner's rule.
        let zero = (plane.integer(0), plane.integer(0));
        coefficients.iter().rev().fold(zero, |(value, slope), c| {
            let slope = plane.add(&plane.multiply(&slope, &z), &value);
            let constant = plane.real(Value::Enclosure(a.enclose(c)));
            (plane.add(&plane.multiply(&value, &z), &constant), slope)
        })
    };
    let mut centers = approximations(&polynomial.iter().map(Exact::to_f64).collect::<Vec<_>>())?;
    for center in &mut centers {
        for _ in 0..MORE_STEPS {
            let (value, slope) = values(*center);
            let (re, im) = plane.rectangle(&plane.divide(&value, &slope));
            let step = (re.middle(), im.middle());
            if step.0.is_finite() && step.1.is_finite() {
                *center = (center.0 - step.0, center.1 - step.1);
            }
        }
    }
    let centers = paired(centers);
    let modulus = |z: Place| modulus_of((Interval64::point(z.0), Interval64::point(z.1)));
    let lead = Interval64::around(&a.enclose(&coefficients[degree]));
    let mut found: Vec<Poles> = Vec::with_capacity(degree);
    for (i, &center) in centers.iter().enumerate() {
        let size = modulus_of(plane.rectangle(&values(center).0));
        let others = centers.iter().enumerate().filter(|(j, _)| *j != i);
        let product = others.fold(lead, |product, (_, other)| {
            let side = |a: f64, b: f64| Interval64::point(a).subtract(Interval64::point(b));
            product.multiply(modulus_of((side(center.0, other.0), side(center.1, other.1))))
        });
        let radius = size.multiply(Interval64::point(degree as f64)).divide(product).magnitude();
        if !radius.is_finite() {
            return None;
        }
        found.push(Poles { re: center.0, im: center.1, radius, count: 1 });
    }
    // Discs that may touch become one around both, until none do.
    'merged: loop {
        for i in 0..found.len() {
            for j in i + 1..found.len() {
                let (one, other) = (found[i], found[j]);
                let apart = modulus((one.re - other.re, one.im - other.im));
                if apart.low * (1.0 - 1e-12) <= up(one.radius, other.radius) {
                    found.swap_remove(j);
                    found[i] = around(one, other, apart.high * (1.0 + 1e-12));
                    continue 'merged;
                }
            }
        }
        break;
    }
    found.sort_by(|a, b| {
        let distance = |disc: &Poles| disc.re.hypot(disc.im);
        distance(a).total_cmp(&distance(b)).then(b.im.total_cmp(&a.im))
    });
    Some(found)
}

/// A disc around two, whose centers are that far apart at most.
fn around(a: Poles, b: Poles, apart: f64) -> Poles {
    let is_pair = a.re == b.re && a.im == -b.im;
    let im = if is_pair { 0.0 } else { a.im.midpoint(b.im) };
    let radius = apart * (1.0 + 1e-12) + a.radius.max(b.radius) * (1.0 + 1e-12);
    Poles { re: a.re.midpoint(b.re), im, radius, count: a.count + b.count }
}

/// The zeros by Aberth's method (Aberth 1973): a guess.
fn approximations(coefficients: &[f64]) -> Option<Vec<Place>> {
    let degree = coefficients.len() - 1;
    let lead = coefficients[degree].abs();
    // A radius between those of the zeros.
    let scale = (coefficients[0].abs() / lead).powf(1.0 / degree.max(1) as f64);
    if degree > 0 && !(scale.is_finite() && scale > 0.0) {
        return None;
    }
    let start = |k: usize| {
        let angle = (2 * k) as f64 * std::f64::consts::PI / degree as f64 + 0.4;
        (scale * angle.cos(), scale * angle.sin())
    };
    let mut zeros: Vec<Place> = (0..degree).map(start).collect();
    for _ in 0..MOST_STEPS {
        let mut largest = 0f64;
        for i in 0..degree {
            let z = zeros[i];
            let zero = ((0.0, 0.0), (0.0, 0.0));
            let (value, slope) = coefficients.iter().rev().fold(zero, |(value, slope), c| {
                let (slope, next) = (multiply(slope, z), multiply(value, z));
                ((next.0 + c, next.1), (slope.0 + value.0, slope.1 + value.1))
            });
            let newton = divide(value, slope);
            let repelled = (0..degree).filter(|&j| j != i).fold((0.0, 0.0), |sum: Place, j| {
                let part = divide((1.0, 0.0), (z.0 - zeros[j].0, z.1 - zeros[j].1));
                (sum.0 + part.0, sum.1 + part.1)
            });
            let product = multiply(newton, repelled);
            let step = divide(newton, (1.0 - product.0, -product.1));
            if step.0.is_finite() && step.1.is_finite() {
                zeros[i] = (z.0 - step.0, z.1 - step.1);
                largest = largest.max(step.0.hypot(step.1) / z.0.hypot(z.1));
            }
        }
        if largest < 1e-15 {
            break;
        }
    }
    Some(zeros)
}

/// Real numbers and conjugate pairs, as many as there are: the zeros of a real polynomial.
fn paired(zeros: Vec<Place>) -> Vec<Place> {
    let is_real = |z: &Place| z.1.abs() <= NEARLY_REAL * z.0.abs();
    let above = zeros.iter().copied().filter(|z| !is_real(z) && z.1 > 0.0);
    let pairs = above.flat_map(|z| [z, (z.0, -z.1)]);
    let real = zeros.iter().filter(|z| is_real(z)).map(|z| (z.0, 0.0));
    let paired: Vec<_> = pairs.chain(real).collect();
    if paired.len() == zeros.len() { paired } else { zeros }
}

fn multiply(a: Place, b: Place) -> Place {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

fn divide(a: Place, b: Place) -> Place {
    let square = b.0 * b.0 + b.1 * b.1;
    ((a.0 * b.0 + a.1 * b.1) / square, (a.1 * b.0 - a.0 * b.1) / square)
}
