//! What an expression can call: the elementary functions, and those that are written here in terms
//! of others, in the same language in which users write theirs. A definition's arguments may stand
//! in it more than once: they are shared, not copied.

use std::cmp::Ordering;

use super::{ALL, Builtin, Elementary, double, each};
use crate::number::Exact;

/// What a function is made of.
#[derive(Clone, Copy)]
pub(crate) enum Definition {
    Elementary(Elementary),
    /// `|x|`
    Absolute,
    /// `a^b`
    Power,
    /// `x/|x|`
    Sign,
    /// The largest integer below `x` or equal to it.
    Floor,
    /// The Erlang distribution's cumulative distribution function, with its own recurrence.
    ErlangCdf,
    /// The Bessel function of the first kind of an integer order, with its own recurrence.
    BesselJ,
    /// An expression in the function's arguments.
    Text,
}

/// A function that expressions can call.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub name: &'static str,
    /// Other spellings.
    pub aliases: &'static [&'static str],
    /// The arguments' names. A last argument written `name=value` may be left out.
    pub arguments: &'static [&'static str],
    pub definition: Definition,
    pub about: About,
    /// The value in double precision, where an expression's loses digits.
    pub double: Option<Double>,
    /// Another formula where the expression divides zero by zero.
    pub special: Option<Special>,
}

/// The formula for arguments that are such constants exactly, `None` for those that are not.
pub(crate) type Special = fn(&[Option<Exact>]) -> Option<&'static str>;

/// A value in double precision for values of the arguments.
pub(crate) type Double = fn(&[f64]) -> f64;

impl Call {
    /// The position of the argument that is `x` where the name stands alone: the one of that name, or
    /// the first.
    pub(crate) fn variable(&self) -> usize {
        self.arguments.iter().position(|argument| *argument == "x").unwrap_or(0)
    }

    const fn in_doubles(self, double: Double) -> Self {
        Self { double: Some(double), ..self }
    }

    const fn in_particular(self, special: Special) -> Self {
        Self { special: Some(special), ..self }
    }
}

/// Whether the first argument is 0.
fn is_zero(arguments: &[Option<Exact>]) -> bool {
    arguments[0].as_ref().is_some_and(Exact::is_zero)
}

/// What a list of functions says of one beside its names.
#[derive(Clone, Copy)]
pub(crate) struct About {
    /// An expression where it is [made of one](Definition::Text), else what a reader expects.
    pub formula: &'static str,
    /// Where on the real line it is analytic.
    pub analytic: &'static str,
    /// What defines it: a section of the DLMF, a standard, a paper, or a library.
    pub source: &'static str,
}

const EVERYWHERE: &str = "all x";

const fn text(
    names: &'static [&'static str],
    formula: &'static str,
    analytic: &'static str,
    source: &'static str,
) -> Call {
    made_of(Definition::Text, names, &["x"], formula, analytic, source)
}

const fn made_of(
    definition: Definition,
    names: &'static [&'static str],
    arguments: &'static [&'static str],
    formula: &'static str,
    analytic: &'static str,
    source: &'static str,
) -> Call {
    let [name, aliases @ ..] = names else { panic!("a function without a name") };
    let about = About { formula, analytic, source };
    Call { name, aliases, arguments, definition, about, double: None, special: None }
}

#[rustfmt::skip]
static CALLS: &[Call] = &[
    text(&["exp2"], "2^x", EVERYWHERE, "DLMF 4.2")
        .in_doubles(|x| x[0].exp2()),
    text(&["exp10"], "10^x", EVERYWHERE, "DLMF 4.2"),
    text(&["expm1"], "exp(x) - 1", EVERYWHERE, "DLMF 4.2")
        .in_doubles(|x| x[0].exp_m1()),
    text(&["log1p"], "log(1 + x)", "x > -1", "DLMF 4.2")
        .in_doubles(|x| x[0].ln_1p()),
    text(&["log2"], "log(x)/log(2)", "x > 0", "DLMF 4.2")
        .in_doubles(|x| x[0].log2()),
    text(&["log10"], "log(x)/log(10)", "x > 0", "DLMF 4.2")
        .in_doubles(|x| x[0].log10()),
    text(&["sqrt"], "x^(1/2)", "x > 0", "DLMF 4.2")
        .in_doubles(|x| x[0].sqrt()),
    text(&["rsqrt"], "1/sqrt(x)", "x > 0", "PyTorch"),
    // The real cube root: of a negative number too.
    text(&["cbrt"], "x/(x^2)^(1/3)", "x != 0", "C11 7.12.7.1")
        .in_doubles(|x| x[0].cbrt())
        .in_particular(|x| is_zero(x).then_some("0")),
    text(&["square"], "x^2", EVERYWHERE, "NumPy"),
    text(&["reciprocal"], "1/x", "x != 0", "NumPy"),
    made_of(Definition::Power, &["pow", "power", "Pow", "float_power"], &["base", "exponent"], "base^exponent",
        "base > 0; for an integer exponent also base < 0", "DLMF 4.2"),
    made_of(Definition::Text, &["hypot"], &["x", "y"], "sqrt(x^2 + y^2)", "(x, y) != (0, 0)",
        "C11 7.12.7.3")
        .in_doubles(|x| x[0].hypot(x[1])),
    text(&["sec"], "1/cos(x)", "x != (n + 1/2) pi", "DLMF 4.14.6"),
    text(&["csc", "cosec"], "1/sin(x)", "x != n pi", "DLMF 4.14.5"),
    text(&["cot"], "cos(x)/sin(x)", "x != n pi", "DLMF 4.14.7"),
    text(&["asec", "arcsec"], "acos(1/x)", "|x| > 1", "DLMF 4.23.8")
        .in_doubles(|x| double::asec(x[0])),
    text(&["acsc", "arccsc"], "asin(1/x)", "|x| > 1", "DLMF 4.23.7"),
    // Not the function that is continuous at 0, pi/2 - atan(x).
    text(&["acot", "arccot"], "atan(1/x)", "x != 0", "DLMF 4.23.9")
        .in_particular(|x| is_zero(x).then_some("pi/2")),
    // The half-angle formula holds where atan(y/x) is off by pi too.
    made_of(Definition::Text, &["atan2", "arctan2"], &["y", "x"], "2*atan(y/(sqrt(x^2 + y^2) + x))",
        "x > 0 or y != 0", "C11 7.12.4.4")
        .in_doubles(|x| x[0].atan2(x[1]))
        .in_particular(|x| match &x[1] {
            _ if !is_zero(x) => None,
            Some(x) => (x.sign() == Some(Ordering::Less)).then_some("pi"),
            None => Some("pi*(1 - sign(x))/2"),
        }),
    text(&["sech"], "1/cosh(x)", EVERYWHERE, "DLMF 4.28.6")
        .in_doubles(|x| double::sech(x[0])),
    text(&["csch", "cosech"], "1/sinh(x)", "x != 0", "DLMF 4.28.5")
        .in_doubles(|x| double::csch(x[0])),
    text(&["coth"], "cosh(x)/sinh(x)", "x != 0", "DLMF 4.28.7")
        .in_doubles(|x| 1.0 / x[0].tanh()),
    text(&["asech", "arcsech", "arsech"], "acosh(1/x)", "0 < x < 1", "DLMF 4.37.8")
        .in_doubles(|x| double::asech(x[0])),
    text(&["acsch", "arccsch", "arcsch"], "asinh(1/x)", "x != 0", "DLMF 4.37.7"),
    text(&["acoth", "arccoth", "arcoth"], "atanh(1/x)", "|x| > 1", "DLMF 4.37.9")
        .in_doubles(|x| double::acoth(x[0])),
    text(&["sinpi"], "sin(pi*x)", EVERYWHERE, "IEEE 754-2019, 9.2")
        .in_doubles(|x| double::sinpi(x[0])),
    text(&["cospi"], "cos(pi*x)", EVERYWHERE, "IEEE 754-2019, 9.2")
        .in_doubles(|x| double::cospi(x[0])),
    // As in SymPy; NumPy's is that of pi x.
    text(&["sinc", "spherical_bessel_j0"], "sin(x)/x", EVERYWHERE, "DLMF 3.3.43")
        .in_doubles(|x| double::sinc(x[0]))
        .in_particular(|x| is_zero(x).then_some("1")),
    made_of(Definition::Absolute, &["abs", "Abs", "fabs", "absolute"], &["x"], "|x|", "x != 0",
        "DLMF 1.9.7"),
    made_of(Definition::Sign, &["sign", "sgn", "signum"], &["x"], "x/|x|", "x != 0", "DLMF 1.16.57"),
    made_of(Definition::Floor, &["floor"], &["x"], "the integer part", "x no integer",
        "C11 7.12.9.2"),
    text(&["ceil", "ceiling"], "-floor(-x)", "x no integer", "C11 7.12.9.1"),
    text(&["heaviside", "Heaviside"], "(1 + sign(x))/2", "x != 0", "DLMF 1.16.13"),
    made_of(Definition::Text, &["max", "maximum", "fmax", "Max"], &["a", "b"],
        "(a + b + abs(a - b))/2", "a != b", "C11 7.12.12.2")
        .in_doubles(|x| double::max(x[0], x[1])),
    made_of(Definition::Text, &["min", "minimum", "fmin", "Min"], &["a", "b"],
        "(a + b - abs(a - b))/2", "a != b", "C11 7.12.12.3")
        .in_doubles(|x| double::min(x[0], x[1])),
    made_of(Definition::Text, &["clip", "clamp"], &["x", "lo", "hi"], "min(max(x, lo), hi)",
        "x != lo, hi", "NumPy"),
    text(&["erfc"], "1 - erf(x)", EVERYWHERE, "DLMF 7.2.2")
        .in_doubles(|x| libm::erfc(x[0])),
    text(&["norm_cdf", "ndtr"], "(1 + erf(x/sqrt(2)))/2", EVERYWHERE, "SciPy")
        .in_doubles(|x| double::norm_cdf(x[0])),
    text(&["gaussian"], "exp(-x^2)", EVERYWHERE, "DLMF 7.2.1")
        .in_doubles(|x| double::gaussian(x[0])),
    text(&["sigmoid", "expit", "logistic", "Sigmoid"], "1/(1 + exp(-x))", EVERYWHERE, "SciPy"),
    text(&["log_sigmoid", "logsigmoid", "log_expit", "LogSigmoid"], "-softplus(-x)", EVERYWHERE, "PyTorch"),
    text(&["logit"], "log(x/(1 - x))", "0 < x < 1", "SciPy")
        .in_doubles(|x| double::logit(x[0])),
    text(&["softplus", "Softplus"], "log(1 + exp(x))", EVERYWHERE, "PyTorch")
        .in_doubles(|x| double::softplus(x[0])),
    text(&["softsign", "soft_sign", "Softsign"], "x/(1 + abs(x))", "x != 0", "PyTorch")
        .in_doubles(|x| if x[0].is_infinite() { x[0].signum() } else { x[0] / (1.0 + x[0].abs()) }),
    text(&["tanhshrink", "tanh_shrink", "Tanhshrink"], "x - tanh(x)", EVERYWHERE, "PyTorch")
        .in_doubles(|x| double::tanhshrink(x[0])),
    text(&["silu", "swish", "SiLU"], "x*sigmoid(x)", EVERYWHERE, "arXiv 1702.03118")
        .in_doubles(|x| double::silu(x[0])),
    // Exact, and with tanh.
    text(&["gelu", "GELU"], "x*(1 + erf(x/sqrt(2)))/2", EVERYWHERE, "arXiv 1606.08415")
        .in_doubles(|x| double::gelu(x[0])),
    text(&["gelu_tanh", "gelu_new"], "x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x^3)))/2", EVERYWHERE,
        "arXiv 1606.08415")
        .in_doubles(|x| double::gelu_tanh(x[0])),
    text(&["quick_gelu"], "x*sigmoid(1.702*x)", EVERYWHERE, "arXiv 1606.08415")
        .in_doubles(|x| double::quick_gelu(x[0])),
    text(&["mish", "Mish"], "x*tanh(softplus(x))", EVERYWHERE, "arXiv 1908.08681")
        .in_doubles(|x| double::mish(x[0])),
    text(&["relu", "ReLU"], "(x + abs(x))/2", "x != 0", "PyTorch")
        .in_doubles(|x| double::relu(x[0])),
    text(&["relu6", "ReLU6"], "clip(x, 0, 6)", "x != 0, 6", "PyTorch"),
    made_of(Definition::Text, &["leaky_relu", "leakyrelu", "LeakyReLU"], &["x", "negative_slope=0.01"],
        "relu(x) - negative_slope*relu(-x)", "x != 0", "PyTorch"),
    // x above zero, alpha (e^x - 1) below.
    made_of(Definition::Text, &["elu", "ELU"], &["x", "alpha=1"], "relu(x) + alpha*(exp(-relu(-x)) - 1)",
        "x != 0", "arXiv 1511.07289")
        .in_doubles(|x| double::elu(x[0], x[1])),
    made_of(Definition::Text, &["celu", "CELU"], &["x", "alpha=1"],
        "relu(x) + alpha*(exp(-relu(-x)/alpha) - 1)", "x != 0", "arXiv 1704.07483")
        .in_doubles(|x| double::celu(x[0], x[1])),
    text(&["selu", "SELU"], "1.0507009873554804934193349852946*elu(x, 1.6732632423543772848170429916717)",
        "x != 0", "PyTorch"),
    text(&["hardsigmoid", "hard_sigmoid", "Hardsigmoid"], "clip(x + 3, 0, 6)/6", "x != -3, 3", "PyTorch"),
    text(&["hardswish", "hard_swish", "hard_silu", "Hardswish"], "x*hardsigmoid(x)", "x != -3, 3",
        "arXiv 1905.02244")
        .in_doubles(|x| if x[0] <= -3.0 { -0.0 } else { x[0] * ((x[0] + 3.0).min(6.0) / 6.0) }),
    made_of(Definition::Text, &["hardtanh", "hard_tanh", "Hardtanh"], &["x", "min_val=-1", "max_val=1"],
        "clip(x, min_val, max_val)", "x != min_val, max_val", "PyTorch"),
    made_of(Definition::Text, &["softshrink", "soft_shrink", "Softshrink"], &["x", "lambd=0.5"],
        "relu(x - lambd) - relu(-x - lambd)", "x != -lambd, lambd", "PyTorch"),
    made_of(Definition::Text, &["hardshrink", "hard_shrink", "Hardshrink"], &["x", "lambd=0.5"],
        "x*(2 + sign(x - lambd) - sign(x + lambd))/2", "x != -lambd, lambd", "PyTorch"),
    text(&["squareplus"], "(x + sqrt(x^2 + 4))/2", EVERYWHERE, "JAX")
        .in_doubles(|x| double::squareplus(x[0])),
    text(&["norm_pdf"], "exp(-x^2/2)/sqrt(2*pi)", EVERYWHERE, "DLMF 7.20.1"),
    text(&["norm_ppf", "ndtri"], "sqrt(2)*erfinv(2*x - 1)", "0 < x < 1", "SciPy"),
    text(&["erfcinv"], "erfinv(1 - x)", "0 < x < 2", "DLMF 7.17.2"),
    text(&["entr"], "-x*log(x)", "x > 0", "SciPy"),
    made_of(Definition::Text, &["xlogy"], &["x", "y"], "x*log(y)", "y > 0", "SciPy"),
    made_of(Definition::Text, &["xlog1py"], &["x", "y"], "x*log(1 + y)", "y > -1", "SciPy"),
    made_of(Definition::Text, &["logaddexp"], &["a", "b"], "a + softplus(b - a)", EVERYWHERE,
        "NumPy"),
    text(&["exprel"], "(exp(x) - 1)/x", EVERYWHERE, "SciPy")
        .in_doubles(|x| match x[0] {
            0.0 => 1.0,
            f64::INFINITY => x[0],
            x => x.exp_m1() / x,
        })
        .in_particular(|x| is_zero(x).then_some("1")),
    text(&["cosm1"], "cos(x) - 1", EVERYWHERE, "SciPy")
        .in_doubles(|x| -2.0*(x[0]/2.0).sin().powi(2)),
    text(&["deg2rad", "radians"], "pi*x/180", EVERYWHERE, "NumPy"),
    text(&["rad2deg", "degrees"], "180*x/pi", EVERYWHERE, "NumPy"),
    text(&["factorial"], "gamma(x + 1)", "x != -1, -2, ...", "DLMF 5.2.1"),
    text(&["j0", "bessel_j0"], "bessel_j(0, x)", EVERYWHERE, "DLMF 10.2.2"),
    text(&["j1", "bessel_j1"], "bessel_j(1, x)", EVERYWHERE, "DLMF 10.2.2"),
    text(&["exp1", "E1"], "ein(x) - euler_gamma - log(x)", "x > 0", "DLMF 6.2.1, 6.2.4")
        .in_doubles(|x| if x[0] > 0.0 { -double::ei(-x[0]) } else { f64::NAN }),
    text(&["Ei", "expi"], "euler_gamma + log(x^2)/2 - ein(-x)", "x != 0", "DLMF 6.2.5, 6.2.7")
        .in_doubles(|x| double::ei(x[0])),
    // By its reciprocal, which is entire.
    text(&["gamma", "tgamma", "Gamma"], "1/rgamma(x)", "x != 0, -1, -2, ...", "DLMF 5.2.1"),
    // By its product with x - 1, which is entire.
    text(&["zeta"], "entire_zeta(x)/(x - 1)", "x != 1", "DLMF 25.2.1"),
    made_of(Definition::BesselJ, &["bessel_j", "besselj", "jv", "jn", "BesselJ", "bessel_jn"], &["n", "x"],
        "(x/2)^n*sum((-x^2/4)^k/(k!*(n + k)!))", EVERYWHERE, "DLMF 10.2.2"),
    made_of(Definition::ErlangCdf, &["erlang_cdf"], &["x", "k", "rate"],
        "1 - exp(-rate*x)*sum((rate*x)^n/n!, n < k)", EVERYWHERE, "DLMF 8.4.10"),
];

/// All functions.
pub(crate) fn calls() -> impl Iterator<Item = Call> {
    let elementary = ALL.iter().map(|&function| Call {
        name: function.name(),
        aliases: each!(function, F => F::ALIASES),
        arguments: &["x"],
        definition: Definition::Elementary(function),
        about: each!(function, F => F::ABOUT),
        double: None,
        special: None,
    });
    elementary.chain(CALLS.iter().copied())
}

/// The function of that name.
pub(crate) fn find(name: &str) -> Option<Call> {
    calls().find(|call| call.name == name || call.aliases.contains(&name))
}

/// All names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    calls().flat_map(|call| std::iter::once(call.name).chain(call.aliases.iter().copied()))
}
