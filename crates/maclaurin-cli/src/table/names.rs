//! Names of the columns that a table gets: those of the Python package's `TaylorFeatures`.

use maclaurin::{Kind, Rational, Series, UBig};

/// How the columns are made, as far as their names say it.
pub struct Names<'a> {
    pub series: &'a Series,
    pub kind: Kind,
    pub weighted: bool,
    pub scale: f64,
    pub shift: f64,
}

impl Names<'_> {
    /// The name of the column of constants.
    pub fn constant(&self) -> String {
        if self.kind == Kind::Powers { "1".into() } else { self.term(0, "") }
    }

    /// The name of a degree of a column.
    pub fn of(&self, column: &str, degree: usize) -> String {
        let variable = self.variable(column);
        match self.kind {
            Kind::Powers => self.power(&variable, degree),
            Kind::Terms => self.term(degree, &self.power(&variable, degree)),
            Kind::PartialSums | Kind::Sum => {
                let name = self.series.name();
                let of = if is_identifier(&name) {
                    format!("({variable})")
                } else {
                    format!(" of {variable}")
                };
                let weighted = if self.weighted { ", weighted" } else { "" };
                format!("{name}{of} to {degree}{weighted}")
            }
        }
    }

    /// A column after scale and shift, as the series has it.
    fn variable(&self, column: &str) -> String {
        let scaled = if self.scale == 1.0 {
            column.to_owned()
        } else {
            format!("{}*{column}", general(self.scale))
        };
        if self.shift == 0.0 {
            return scaled;
        }
        let sign = if self.shift < 0.0 { '-' } else { '+' };
        format!("{scaled} {sign} {}", general(self.shift.abs()))
    }

    fn power(&self, variable: &str, degree: usize) -> String {
        let at = self.series.at();
        let base = match (self.series.at_f64() == 0.0, at.strip_prefix('-')) {
            (true, _) => variable.to_owned(),
            (false, Some(opposite)) => format!("{variable} + {opposite}"),
            (false, None) => format!("{variable} - {at}"),
        };
        let base = if is_identifier(&base) { base } else { format!("({base})") };
        if degree > 1 { format!("{base}^{degree}") } else { base }
    }

    fn term(&self, degree: usize, power: &str) -> String {
        let exact = self.series.exact(degree);
        let short = UBig::from(10u8).pow(40);
        if let Some(factor) =
            exact.and_then(|exact| exact.as_rational()).filter(|q| *q.denominator() < short)
        {
            return multiple(factor, power);
        }
        let text = match exact {
            Some(exact) => exact.to_string(),
            None => format!("{:?}", self.series.coefficients()[degree]),
        };
        match (power.is_empty(), text.contains(' ')) {
            (true, _) => text,
            (false, true) => format!("({text})*{power}"),
            (false, false) => format!("{text}*{power}"),
        }
    }
}

/// `-3/4` and `x^2` as `-3*x^2/4`.
fn multiple(factor: &Rational, power: &str) -> String {
    let sign = if *factor < Rational::ZERO { "-" } else { "" };
    let above = factor.numerator().to_string();
    let (above, below) = (above.trim_start_matches('-'), factor.denominator());
    let product = match (above, power) {
        (above, "") => above.to_owned(),
        ("1", power) => power.to_owned(),
        (above, power) => format!("{above}*{power}"),
    };
    let divided = if *below > UBig::ONE { format!("/{below}") } else { String::new() };
    format!("{sign}{product}{divided}")
}

fn is_identifier(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.chars().all(is_part) && text.chars().next().is_some_and(|c| !c.is_numeric())
}

/// A number of six digits, as `%g` of C writes it.
fn general(value: f64) -> String {
    let text = format!("{value:.5e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let short = |text: &str| {
        let is_decimal = text.contains('.');
        let text = if is_decimal { text.trim_end_matches('0').trim_end_matches('.') } else { text };
        text.to_owned()
    };
    if (-4..6).contains(&exponent) {
        short(&format!("{value:.*}", (5 - exponent) as usize))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", short(mantissa), exponent.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `TaylorFeatures.get_feature_names_out` gives.
    #[test]
    fn names_are_those_of_the_python_package() {
        let names = |text: &str, at: &str, kind, scale, shift| {
            let series = maclaurin::taylor(text, 3, at).unwrap();
            let names = Names { series: &series, kind, weighted: false, scale, shift };
            let mut all = vec![names.constant()];
            all.extend(series.degrees().iter().map(|&degree| names.of("a", degree)));
            all
        };
        assert_eq!(names("exp(x)", "0", Kind::Terms, 1.0, 0.0), ["1", "a", "a^2/2", "a^3/6"]);
        assert_eq!(
            names("softplus", "0", Kind::Terms, 1.0 / 255.0, 0.0),
            ["log(2)", "(0.00392157*a)/2", "(0.00392157*a)^2/8"]
        );
        assert_eq!(
            names("exp(x)", "-1", Kind::Powers, 2e-7, -0.5),
            ["1", "(2e-07*a - 0.5 + 1)", "(2e-07*a - 0.5 + 1)^2", "(2e-07*a - 0.5 + 1)^3"]
        );
        assert_eq!(
            names("sin(x)", "pi/6", Kind::Terms, 1.0, 0.0),
            ["1/2", "sqrt(3)/2*(a - pi/6)", "-(a - pi/6)^2/4", "-sqrt(3)/12*(a - pi/6)^3"]
        );
        assert_eq!(
            names("softplus", "0", Kind::PartialSums, 1.0, 0.0),
            ["log(2)", "softplus(a) to 1", "softplus(a) to 2"]
        );
        assert_eq!(names("x/2 - 3*x^2/4", "0", Kind::Terms, 1.0, 0.0), ["0", "a/2", "-3*a^2/4"]);
        for (value, text) in [
            (1.0, "1"),
            (100_000.0, "100000"),
            (1e6, "1e+06"),
            (1_234_567.0, "1.23457e+06"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-2.5, "-2.5"),
            (0.1 + 0.2, "0.3"),
            (999_999.9, "1e+06"),
        ] {
            assert_eq!(general(value), text);
        }
    }
}
