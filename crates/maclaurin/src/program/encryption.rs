//! Polynomials of encrypted values, by the evaluators of CKKS libraries.

use super::Language;
use super::language::{comment, hexadecimal};

/// A polynomial in the form that a library takes.
pub(crate) enum Encrypted {
    /// The coefficients of the Chebyshev polynomials of a range.
    Chebyshev { coefficients: Vec<f64>, low: f64, high: f64 },
    /// The coefficients of the powers of `x - center`.
    Powers { coefficients: Vec<f64>, center: f64 },
}

impl Encrypted {
    /// A function of a ciphertext in one of the languages for that.
    pub(crate) fn print(
        mut self,
        name: &str,
        mut sentences: Vec<String>,
        language: Language,
    ) -> String {
        let (Self::Chebyshev { coefficients, .. } | Self::Powers { coefficients, .. }) = &mut self;
        while coefficients.last() == Some(&0.0) {
            coefficients.pop();
        }
        let degree = coefficients.len().saturating_sub(1);
        let constant = coefficients.first().copied().unwrap_or(0.0);
        sentences.extend(self.sentences(degree, language));
        let comment = comment(&sentences, language);
        if language == Language::OpenFhe {
            return self.in_cpp(name, &comment, (degree == 0).then_some(constant));
        }
        let openfhe = language == Language::OpenFhePython;
        let arguments = if openfhe { "cc, x" } else { "x" };
        let head = format!("def {name}({arguments}):\n{comment}");
        let shifted = |center: f64| match center {
            0.0 => "x".to_owned(),
            _ if openfhe => format!("cc.EvalSub(x, {center:?})"),
            c if c < 0.0 => format!("(x + {:?})", -c),
            c => format!("(x - {c:?})"),
        };
        let body = match &self {
            _ if degree == 0 && openfhe => {
                format!("    return cc.EvalAdd(cc.EvalSub(x, x), {constant:?})\n")
            }
            _ if degree == 0 => format!("    return x * 0.0 + {constant:?}\n"),
            Self::Chebyshev { coefficients, low, high } => format!(
                "    coefficients = {}\n    return cc.EvalChebyshevSeries(x, coefficients, {low:?}, {high:?})\n",
                list(&doubled_first(coefficients), ["[", "]"], |c| format!("{c:?}"))
            ),
            Self::Powers { coefficients, center } => {
                let list = list(coefficients, ["[", "]"], |c| format!("{c:?}"));
                let t = shifted(*center);
                let call = if openfhe {
                    format!("cc.EvalPoly({t}, coefficients)")
                } else {
                    format!("{t}.polyval(coefficients)")
                };
                format!("    coefficients = {list}\n    return {call}\n")
            }
        };
        head + &body
    }

    fn in_cpp(&self, name: &str, comment: &str, constant: Option<f64>) -> String {
        let hex = |value: &f64| hexadecimal(*value);
        let (coefficients, call) = match self {
            _ if constant.is_some() => (None, String::new()),
            Self::Chebyshev { coefficients, low, high } => (
                Some(doubled_first(coefficients)),
                format!("cc->EvalChebyshevSeries(x, coefficients, {}, {})", hex(low), hex(high)),
            ),
            Self::Powers { coefficients, center } => {
                let t = match center {
                    0.0 => "x".to_owned(),
                    _ => format!("cc->EvalSub(x, {})", hex(center)),
                };
                (Some(coefficients.clone()), format!("cc->EvalPoly({t}, coefficients)"))
            }
        };
        let body = match coefficients {
            Some(coefficients) => {
                let list = list(&coefficients, ["{", "}"], hex);
                format!(
                    "    const std::vector<double> coefficients = {list};\n    return {call};\n"
                )
            }
            None => format!(
                "    return cc->EvalAdd(cc->EvalSub(x, x), {});\n",
                hex(&constant.unwrap_or(0.0))
            ),
        };
        format!(
            "#include <vector>\n\n#include \"openfhe.h\"\n\n{comment}lbcrypto::Ciphertext<lbcrypto::DCRTPoly> {name}(\n    \
             const lbcrypto::CryptoContext<lbcrypto::DCRTPoly>& cc,\n    \
             const lbcrypto::Ciphertext<lbcrypto::DCRTPoly>& x) {{\n{body}}}\n"
        )
    }

    /// What a reader must know of the library's evaluator.
    fn sentences(&self, degree: usize, language: Language) -> Vec<String> {
        if degree == 0 {
            return Vec::new();
        }
        let mut sentences = Vec::new();
        match self {
            Self::Chebyshev { .. } => {
                sentences.push(
                    "coefficients[0] is twice that of T_0: EvalChebyshevSeries adds up coefficients[0] / 2.".into(),
                );
                sentences.extend(chebyshev_depth(degree).map(|depth| {
                    format!("Multiplicative depth: {depth}, with the map of the range to [-1, 1] (OpenFHE, FUNCTION_EVALUATION.md).")
                }));
            }
            Self::Powers { .. } if language == Language::TenSeal => {
                sentences.push(format!("Multiplicative depth: {}.", degree.ilog2() + 1));
            }
            Self::Powers { .. } => {
                sentences
                    .push(format!("Multiplicative depth: that of EvalPoly for degree {degree}."));
            }
        }
        sentences
    }
}

/// OpenFHE's convention for Chebyshev series: the first coefficient is halved where they are added up
/// (`AdvancedSHECKKSRNS::EvalChebyshevSeriesLinear` adds `coefficients[0] / 2`).
fn doubled_first(coefficients: &[f64]) -> Vec<f64> {
    let mut coefficients = coefficients.to_vec();
    coefficients.iter_mut().take(1).for_each(|first| *first *= 2.0);
    coefficients
}

/// The multiplicative depth of `EvalChebyshevSeries`, from the table of OpenFHE's
/// `src/pke/examples/FUNCTION_EVALUATION.md`; of degrees 1 and 2, that of the code: the map, the square,
/// the coefficient.
fn chebyshev_depth(degree: usize) -> Option<usize> {
    let highest = [(1, 2), (2, 3), (5, 4), (13, 5), (27, 6), (59, 7), (119, 8), (247, 9)];
    highest.iter().find(|(highest, _)| degree <= *highest).map(|(_, depth)| *depth)
}

/// Numbers in brackets, a few on a line.
fn list(numbers: &[f64], [open, close]: [&str; 2], text: impl Fn(&f64) -> String) -> String {
    let row = |row: &[f64]| row.iter().map(&text).collect::<Vec<_>>().join(", ");
    let rows: Vec<_> = numbers.chunks(4).map(row).collect();
    format!("{open}\n        {},\n    {close}", rows.join(",\n        "))
}
