//! Modules that expand every value: [`TaylorExpansion`] and [`TaylorActivation`].

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use maclaurin::{Expansion, Polynomial, taylor};

use crate::operations::away;
use crate::{Constants, StartError};

/// What each value becomes, for each degree `k`; `t` is `scale * x + shift - x0`.
///
/// # Examples
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use maclaurin_burn::{Kind, TaylorExpansionConfig};
///
/// let exp = TaylorExpansionConfig::new().with_function("exp(x)".into()).with_order(2);
/// let x = Tensor::<2>::from_data([[2.0f32]], &Device::flex());
/// for (kind, expected) in [
///     (Kind::Powers, &[2.0, 4.0][..]),
///     (Kind::Terms, &[2.0, 2.0]),
///     (Kind::PartialSums, &[3.0, 5.0]),
///     (Kind::Sum, &[5.0]),
/// ] {
///     let y = exp.clone().with_kind(kind).init()?.forward(x.clone());
///     assert_eq!(y.try_into_vec_as::<f32>().unwrap(), expected);
/// }
/// # Ok::<(), maclaurin_burn::StartError>(())
/// ```
#[derive(Config, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `t^k`
    Powers,
    /// `a_k t^k`
    Terms,
    /// `a_0 + a_1 t + ... + a_k t^k`
    PartialSums,
    /// The whole polynomial: as many channels as before.
    Sum,
}

/// The degrees that come out; the constant is asked for apart.
///
/// # Examples
///
/// ```
/// use maclaurin_burn::{Degrees, TaylorExpansionConfig};
///
/// let sine = TaylorExpansionConfig::new().with_function("sin(x)".into()).with_order(4);
/// assert_eq!(sine.init()?.degrees, [1, 3]);
/// assert_eq!(sine.clone().with_degrees(Degrees::All).init()?.degrees, [1, 2, 3, 4]);
/// let listed = sine.with_degrees(Degrees::List(vec![3])).with_constant(true);
/// assert_eq!(listed.init()?.degrees, [0, 3]);
/// # Ok::<(), maclaurin_burn::StartError>(())
/// ```
#[derive(Config, Debug, PartialEq, Eq)]
pub enum Degrees {
    /// Degrees 1 and up whose coefficient is not zero.
    NonZero,
    /// All from 1 to the order.
    All,
    /// These, in this order.
    List(Vec<usize>),
}

/// Configuration of [`TaylorExpansion`].
#[derive(Config, Debug)]
pub struct TaylorExpansionConfig {
    /// The function.
    #[config(default = "String::from(\"softplus\")")]
    pub function: String,
    /// The highest degree.
    #[config(default = "4")]
    pub order: usize,
    /// The expansion point, as text.
    #[config(default = "String::from(\"0\")")]
    pub at: String,
    /// What comes out for each degree.
    #[config(default = "Kind::Terms")]
    pub kind: Kind,
    /// Which degrees come out.
    #[config(default = "Degrees::NonZero")]
    pub degrees: Degrees,
    /// Whether degree 0 comes out too, first: `1`, `a_0`, `a_0`.
    #[config(default = false)]
    pub constant: bool,
    /// The dimension of the channels.
    #[config(default = "1")]
    pub dim: usize,
    /// The value expanded is `scale * x + shift`.
    #[config(default = "1.0")]
    pub scale: f64,
    /// The value expanded is `scale * x + shift`.
    #[config(default = "0.0")]
    pub shift: f64,
}

/// Every channel becomes one channel for each degree of a Taylor series.
///
/// Multiplications and additions of Burn's own, on every back-end and with its autodiff. A record has
/// the series' numbers, `scale` and `shift`; the degrees and the kind are those of the configuration.
///
/// # Examples
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use maclaurin_burn::TaylorExpansionConfig;
///
/// let layer = TaylorExpansionConfig::new().with_function("exp(x)".into()).with_order(3).init()?;
/// let x = Tensor::<2>::from_data([[1.0f32, 2.0]], &Device::flex());
/// let terms = layer.forward(x).try_into_vec_as::<f32>().unwrap();
/// assert_eq!(terms, [1.0, 2.0, 0.5, 2.0, 1.0 / 6.0, 8.0 / 6.0]);
/// # Ok::<(), maclaurin_burn::StartError>(())
/// ```
#[derive(Module, Debug)]
pub struct TaylorExpansion {
    /// The expansion point, `scale`, `shift` and the coefficients `a_0`, `a_1`, ...
    pub numbers: Constants,
    /// What comes out for each degree.
    #[module(skip)]
    pub kind: Kind,
    /// The degrees that come out, 0 for the constant; none for the sum.
    #[module(skip)]
    pub degrees: Vec<usize>,
    /// The dimension of the channels.
    pub dim: usize,
}

impl TaylorExpansionConfig {
    /// The layer.
    ///
    /// # Errors
    ///
    /// [`StartError`] for a function without a series at the point, and for degrees that it does not
    /// have.
    pub fn init(&self) -> Result<TaylorExpansion, StartError> {
        let polynomial = polynomial(&self.function, self.order, &self.at)?;
        let expansion = Expansion {
            kind: match self.kind {
                Kind::Powers => maclaurin::Kind::Powers,
                Kind::Terms => maclaurin::Kind::Terms,
                Kind::PartialSums => maclaurin::Kind::PartialSums,
                Kind::Sum => maclaurin::Kind::Sum,
            },
            degrees: match &self.degrees {
                Degrees::NonZero => maclaurin::Degrees::NonZero,
                Degrees::All => maclaurin::Degrees::All,
                Degrees::List(degrees) => maclaurin::Degrees::List(degrees.clone()),
            },
            constant: self.constant,
            ..Expansion::default()
        };
        let mut numbers = vec![polynomial.center(), self.scale, self.shift];
        numbers.extend(polynomial.coefficients());
        Ok(TaylorExpansion {
            numbers: Constants::new(numbers),
            kind: self.kind.clone(),
            degrees: expansion.degrees_of(&polynomial).map_err(StartError::Degrees)?,
            dim: self.dim,
        })
    }
}

impl TaylorExpansion {
    /// How many channels each channel becomes.
    ///
    /// # Examples
    ///
    /// ```
    /// let layer = maclaurin_burn::TaylorExpansionConfig::new().with_order(4).init()?;
    /// assert_eq!(layer.multiplier(), 3); // softplus has no third degree
    /// # Ok::<(), maclaurin_burn::StartError>(())
    /// ```
    #[must_use]
    pub fn multiplier(&self) -> usize {
        self.degrees.len().max(1)
    }

    /// The expansion of `x`: along the dimension of the channels all of one degree, then of the next.
    ///
    /// # Panics
    ///
    /// If `x` does not have the dimension of the channels.
    #[must_use]
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        assert!(self.dim < D, "the channels are dimension {} of a tensor of {D}", self.dim);
        let [center, scale, shift, coefficients @ ..] = self.numbers.values() else {
            panic!("a record of an expansion has at least 4 numbers, not {:?}", self.numbers);
        };
        let x = if *scale == 1.0 { x } else { x.mul_scalar(*scale) };
        let x = if *shift == 0.0 { x } else { x.add_scalar(*shift) };
        let t = away(x, *center);
        if self.kind == Kind::Sum {
            return horner(t, coefficients.len(), |total: Tensor<D>, degree| {
                total.add_scalar(coefficients[degree])
            });
        }
        Tensor::cat(rows(&t, coefficients, &self.kind, &self.degrees), self.dim)
    }
}

/// The values of each degree at `t`; powers, terms and partial sums share their products.
fn rows<const D: usize>(
    t: &Tensor<D>,
    coefficients: &[f64],
    kind: &Kind,
    degrees: &[usize],
) -> Vec<Tensor<D>> {
    let last = degrees.iter().copied().max().unwrap_or(0);
    let mut found = vec![None; last + 1];
    let mut total = t.ones_like().mul_scalar(coefficients[0]);
    found[0] = Some(if *kind == Kind::Powers { t.ones_like() } else { total.clone() });
    let mut power = t.clone();
    for degree in 1..=last {
        if degree > 1 {
            power = power * t.clone();
        }
        let coefficient = coefficients[degree];
        // A degree whose coefficient is zero adds nothing, however large its power.
        if *kind == Kind::PartialSums && coefficient != 0.0 {
            total = total + power.clone().mul_scalar(coefficient);
        }
        found[degree] = Some(match kind {
            Kind::Powers => power.clone(),
            Kind::Terms => power.clone().mul_scalar(coefficient),
            Kind::PartialSums | Kind::Sum => total.clone(),
        });
    }
    degrees.iter().filter_map(|&degree| found[degree].clone()).collect()
}

/// The polynomial at `t` by Horner's rule; `add` adds the coefficient of a degree.
fn horner<const D: usize>(
    t: Tensor<D>,
    coefficients: usize,
    add: impl Fn(Tensor<D>, usize) -> Tensor<D>,
) -> Tensor<D> {
    let mut total = add(t.zeros_like(), coefficients - 1);
    for degree in (0..coefficients - 1).rev() {
        total = add(total * t.clone(), degree);
    }
    total
}

fn polynomial(function: &str, order: usize, at: &str) -> Result<Polynomial, StartError> {
    Ok(taylor(function, order, at).map_err(StartError::Series)?.polynomial())
}

/// Configuration of [`TaylorActivation`].
#[derive(Config, Debug)]
pub struct TaylorActivationConfig {
    /// The function whose series the coefficients are initialized with.
    #[config(default = "String::from(\"softplus\")")]
    pub function: String,
    /// The highest degree.
    #[config(default = "4")]
    pub order: usize,
    /// The expansion point, as text.
    #[config(default = "String::from(\"0\")")]
    pub at: String,
    /// The initial value of a trainable factor of the input, or none.
    pub rate: Option<f64>,
}

/// A polynomial with trainable coefficients that is initialized as the Taylor series of a function.
///
/// # Examples
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use maclaurin_burn::TaylorActivationConfig;
///
/// let device = Device::flex().autodiff();
/// let config = TaylorActivationConfig::new().with_function("exp(x)".into()).with_order(2);
/// let layer = config.init(&device)?;
/// let y = layer.forward(Tensor::<1>::from_data([0.0f32, 1.0], &device));
/// assert_eq!(y.clone().try_into_vec_as::<f32>().unwrap(), [1.0, 2.5]);
/// let gradients = y.sum().backward();
/// assert_eq!(layer.coefficients.val().grad(&gradients).unwrap().dims(), [3]);
/// # Ok::<(), maclaurin_burn::StartError>(())
/// ```
#[derive(Module, Debug)]
pub struct TaylorActivation {
    /// (order + 1): `a_0`, `a_1`, ...
    pub coefficients: Param<Tensor<1>>,
    /// (1), if there is one.
    pub rate: Option<Param<Tensor<1>>>,
    /// The expansion point.
    pub center: Constants,
}

impl TaylorActivationConfig {
    /// A layer with the series' coefficients.
    ///
    /// # Errors
    ///
    /// [`StartError`] for a function without a series at the point.
    pub fn init(&self, device: &Device) -> Result<TaylorActivation, StartError> {
        let polynomial = polynomial(&self.function, self.order, &self.at)?;
        let parameter = |values: &[f64]| Param::from_tensor(Tensor::<1>::from_data(values, device));
        Ok(TaylorActivation {
            coefficients: parameter(polynomial.coefficients()),
            rate: self.rate.map(|rate| parameter(&[rate])),
            center: Constants::new(vec![polynomial.center()]),
        })
    }
}

impl TaylorActivation {
    /// The polynomial at every value of `x`, times the rate if there is one.
    #[must_use]
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let x = match &self.rate {
            Some(rate) => x * rate.val().reshape([1; D]),
            None => x,
        };
        let coefficients = self.coefficients.val();
        let t = away(x, self.center.values()[0]);
        horner(t, coefficients.dims()[0], |total, degree| {
            total + coefficients.clone().narrow(0, degree, 1).reshape([1; D])
        })
    }
}
