//! The singularities nearest to an expansion point, as far as they are proven.

use super::path::Place;
use super::region::Rectangle;
use super::singularity::ExactPlace;
use crate::number::{Exact, Interval64};
use crate::series::Series;

/// A disc of the complex plane in which a function certainly has a singularity.
#[derive(Clone, Debug, PartialEq)]
pub struct SingularPoint {
    /// The real part of the disc's centre.
    pub re: f64,
    /// Its imaginary part, not negative: the conjugate of a singularity is one as well.
    pub im: f64,
    /// The disc's radius, which is small.
    pub radius: f64,
    /// The singularity itself where it is known: its real and imaginary part, such as `("0", "pi")`.
    pub exact: Option<(String, String)>,
}

impl Series {
    /// The singularities of the function that were proven while the radius of convergence was searched:
    /// those on the circle of convergence, or as near to it as is known. There may be more.
    ///
    /// Empty where the function has none, none is proven, or no expression says what the function is.
    ///
    /// # Examples
    ///
    /// ```
    /// let softplus = maclaurin::taylor("log(1 + exp(x))", 4, "0")?;
    /// let nearest = &softplus.singularities()[0];
    /// assert_eq!(nearest.exact, Some(("0".into(), "pi".into())));
    /// assert!((nearest.im - std::f64::consts::PI).abs() <= nearest.radius);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn singularities(&self) -> Vec<SingularPoint> {
        let (radius, found) = self.convergence();
        let at = self.at_f64();
        let is_near = |point: &&SingularPoint| {
            let away = (point.re - at).hypot(point.im);
            away - point.radius <= radius.upper * (1.0 + 1e-12)
        };
        found.iter().filter(is_near).cloned().collect()
    }
}

impl SingularPoint {
    pub(super) fn at((re, im): &ExactPlace) -> Self {
        // Of the two conjugates the upper one.
        let im = if im.to_f64() < 0.0 { &im.negate() } else { im };
        let (x, y) = (re.to_f64(), im.to_f64());
        let off = |exact: &Exact, double: f64| {
            Interval64::around(&exact.enclose(128)).subtract(Interval64::point(double)).magnitude()
        };
        let radius = off(re, x).hypot(off(im, y)).next_up();
        Self { re: x, im: y, radius, exact: Some((re.to_string(), im.to_string())) }
    }

    /// One that lies in a rectangle relative to an expansion point.
    pub(super) fn within(place: &Rectangle, origin: Interval64) -> Self {
        let (re, im) = (place.0.add(origin), place.1);
        let center: Place = (re.middle(), im.middle().abs());
        let off =
            |side: Interval64, middle: f64| side.subtract(Interval64::point(middle)).magnitude();
        let radius = off(re, center.0).hypot(off(im, im.middle())).next_up();
        Self { re: center.0, im: center.1, radius, exact: None }
    }
}
