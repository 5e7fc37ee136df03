//! Errors and times of approximations.

use maclaurin::{Approximation, Choice, Function};
use std::time::Instant;
fn main() {
    let h = std::f64::consts::FRAC_PI_2;
    let cases: &[(&str, f64, f64, usize)] = &[
        ("exp(x)", -1.0, 1.0, 5), ("sigmoid", -8.0, 8.0, 7), ("sigmoid", -8.0, 8.0, 15), ("silu", -4.0, 4.0, 6),
        ("gelu", -4.0, 4.0, 8), ("softplus", -8.0, 8.0, 10), ("tanh", -3.0, 3.0, 9), ("erf", -3.0, 3.0, 11),
        ("sin", -1.5708, 1.5708, 7), ("cos", -0.7854, 0.7854, 6), ("log", 1.0, 2.0, 6), ("1/x", 1.0, 2.0, 6),
        ("2^x", 0.0, 1.0, 3), ("2^x", 0.0, 1.0, 5), ("2^x", -0.5, 0.5, 7), ("log2", 1.0, 2.0, 8),
        ("mish", -5.0, 5.0, 10), ("atan", -1.0, 1.0, 11),
        ("sigmoid", -10.0, 10.0, 40), ("tanh", -8.0, 8.0, 31), ("exp", 0.0, 1.0, 30), ("1/(1+25*x^2)", -1.0, 1.0, 20),
        ("abs", -1.0, 1.0, 8), ("relu", -3.0, 3.0, 7), ("1+1e-20*sin(x)", 0.0, 1.0, 3), ("sin(x)/x", -3.0, 3.0, 8), ("sin(x)", 0.0, h, 5),
        ("exp(x)", 0.0, 1.0, 0), ("sqrt(x)", 0.0, 1.0, 5), ("(exp(x)-1)/x", -1.0, 2.0, 6),
    ];
    for &(text, low, high, degree) in cases {
        let f = Function::parse(text).unwrap();
        let start = Instant::now();
        match Approximation::new(&f, degree, &[(low, high)], &Choice::default()) {
            Ok(p) => {
                let e = p.error();
                println!("{text:16} [{low},{high}] {degree:3}: {:.9e} seen {:.9e} best {:.9e} ratio-1 {:.1e} {:?} {:?}", e.bound, e.sampled, p.best(), e.bound / p.best() - 1.0, p.basis(), start.elapsed());
            }
            Err(error) => println!("{text} [{low},{high}] {degree}: {error} {:?}", start.elapsed()),
        }
    }
}
