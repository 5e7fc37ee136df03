//! What an expression can call: the elementary functions, and those that are written here in terms
//! of others, in the same language in which users write theirs. A definition's arguments may stand
//! in it more than once: they are shared, not copied.

use super::{ALL, Builtin, Elementary, each};

/// What a function is made of.
#[derive(Clone, Copy)]
pub(crate) enum Definition {
    Elementary(Elementary),
    /// `|x|`
    Absolute,
    /// `a^b`
    Power,
    /// The Erlang distribution's cumulative distribution function, with its own recurrence.
    ErlangCdf,
    /// The Bessel function of the first kind of an integer order, with its own recurrence.
    BesselJ,
    /// An expression in the function's arguments.
    Text(&'static str),
}

/// A function by one of its names.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub name: &'static str,
    /// The arguments' names. A last argument written `name=value` may be left out.
    pub arguments: &'static [&'static str],
    pub definition: Definition,
}

const fn text(name: &'static str, text: &'static str) -> Call {
    Call { name, arguments: &["x"], definition: Definition::Text(text) }
}

static CALLS: &[Call] = &[
    text("expm1", "exp(x) - 1"),
    text("log1p", "log(1 + x)"),
    text("log2", "log(x)/log(2)"),
    text("log10", "log(x)/log(10)"),
    text("sqrt", "x^(1/2)"),
    // The real cube root: of a negative number too.
    text("cbrt", "x/(x^2)^(1/3)"),
    Call { name: "pow", arguments: &["base", "exponent"], definition: Definition::Power },
    text("sec", "1/cos(x)"),
    text("csc", "1/sin(x)"),
    text("cot", "cos(x)/sin(x)"),
    Call { name: "abs", arguments: &["x"], definition: Definition::Absolute },
    text("erfc", "1 - erf(x)"),
    text("sigmoid", "1/(1 + exp(-x))"),
    text("softplus", "log(1 + exp(x))"),
    text("silu", "x*sigmoid(x)"),
    text("swish", "x*sigmoid(x)"),
    // Hendrycks and Gimpel 2016 (arXiv 1606.08415), exact and with tanh.
    text("gelu", "x*(1 + erf(x/sqrt(2)))/2"),
    text("gelu_tanh", "x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x^3)))/2"),
    // Misra 2019 (arXiv 1908.08681).
    text("mish", "x*tanh(softplus(x))"),
    text("softsign", "x/(1 + abs(x))"),
    text("logit", "log(x/(1 - x))"),
    text("gaussian", "exp(-x^2)"),
    text("relu", "(x + abs(x))/2"),
    // Clevert et al. 2015 (arXiv 1511.07289): x above zero, alpha (e^x - 1) below.
    Call {
        name: "elu",
        arguments: &["x", "alpha=1"],
        definition: Definition::Text("relu(x) + alpha*(exp(-relu(-x)) - 1)"),
    },
    text("norm_cdf", "(1 + erf(x/sqrt(2)))/2"),
    text("dawson", "sqrt(pi)/2*exp(-x^2)*erfi(x)"),
    // DLMF 6.2.5 and 6.2.7.
    text("Ei", "euler_gamma + log(x^2)/2 - ein(-x)"),
    // DLMF 5.2.1, by its reciprocal, which is entire.
    text("gamma", "1/rgamma(x)"),
    Call { name: "bessel_j", arguments: &["n", "x"], definition: Definition::BesselJ },
    Call { name: "erlang_cdf", arguments: &["x", "k", "rate"], definition: Definition::ErlangCdf },
];

fn calls() -> impl Iterator<Item = Call> {
    let elementary = ALL.iter().flat_map(|&function| {
        let aliases = each!(function, F => F::ALIASES);
        let names = std::iter::once(function.name()).chain(aliases.iter().copied());
        let definition = Definition::Elementary(function);
        names.map(move |name| Call { name, arguments: &["x"], definition })
    });
    elementary.chain(CALLS.iter().copied())
}

/// The function of that name.
pub(crate) fn find(name: &str) -> Option<Call> {
    calls().find(|call| call.name == name)
}

/// All names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    calls().map(|call| call.name)
}
