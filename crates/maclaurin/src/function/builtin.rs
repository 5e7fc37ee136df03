//! The built-in functions: one table.
//!
//! A function is elementary (every number type knows it), or it is written here in terms of
//! others, in the same language in which users write theirs. A definition's arguments may stand
//! in it more than once: they are shared, not copied.

use crate::number::Elementary;

/// What a built-in function is made of.
pub(super) enum Definition {
    Elementary(Elementary),
    /// `|x|`
    Absolute,
    /// `a^b`
    Power,
    /// The Erlang distribution's cumulative distribution function, with its own recurrence.
    ErlangCdf,
    /// An expression in the function's arguments.
    Text(&'static str),
}

/// A built-in function.
pub(super) struct Builtin {
    pub name: &'static str,
    /// The arguments' names. A last argument written `name=value` may be left out.
    pub arguments: &'static [&'static str],
    pub definition: Definition,
}

const fn elementary(name: &'static str, function: Elementary) -> Builtin {
    Builtin { name, arguments: &["x"], definition: Definition::Elementary(function) }
}

const fn text(name: &'static str, text: &'static str) -> Builtin {
    Builtin { name, arguments: &["x"], definition: Definition::Text(text) }
}

/// Every function that an expression can call.
static BUILTINS: &[Builtin] = &[
    elementary("exp", Elementary::Exp),
    text("expm1", "exp(x) - 1"),
    elementary("log", Elementary::Log),
    elementary("ln", Elementary::Log),
    text("log1p", "log(1 + x)"),
    text("log2", "log(x)/log(2)"),
    text("log10", "log(x)/log(10)"),
    text("sqrt", "x^(1/2)"),
    // The real cube root: of a negative number too.
    text("cbrt", "x/(x^2)^(1/3)"),
    Builtin { name: "pow", arguments: &["base", "exponent"], definition: Definition::Power },
    elementary("sin", Elementary::Sin),
    elementary("cos", Elementary::Cos),
    elementary("tan", Elementary::Tan),
    text("sec", "1/cos(x)"),
    text("csc", "1/sin(x)"),
    text("cot", "cos(x)/sin(x)"),
    elementary("asin", Elementary::Asin),
    elementary("acos", Elementary::Acos),
    elementary("atan", Elementary::Atan),
    elementary("sinh", Elementary::Sinh),
    elementary("cosh", Elementary::Cosh),
    elementary("tanh", Elementary::Tanh),
    elementary("asinh", Elementary::Asinh),
    elementary("acosh", Elementary::Acosh),
    elementary("atanh", Elementary::Atanh),
    Builtin { name: "abs", arguments: &["x"], definition: Definition::Absolute },
    elementary("erf", Elementary::Erf),
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
    Builtin {
        name: "elu",
        arguments: &["x", "alpha=1"],
        definition: Definition::Text("relu(x) + alpha*(exp(-relu(-x)) - 1)"),
    },
    Builtin {
        name: "erlang_cdf",
        arguments: &["x", "k", "rate"],
        definition: Definition::ErlangCdf,
    },
];

/// The built-in function of that name.
pub(super) fn find(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|builtin| builtin.name == name)
}

/// The names of all of them.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().map(|builtin| builtin.name)
}
