//! The singularities that are proven with the radius of convergence.

use maclaurin::taylor;
use proptest::prelude::*;

fn exact(text: &str, at: &str) -> Vec<(String, String)> {
    let mut found: Vec<_> =
        taylor(text, 0, at).unwrap().singularities().into_iter().filter_map(|p| p.exact).collect();
    found.sort();
    found
}

#[test]
fn places_are_those_of_the_functions() {
    let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter().map(|(re, im)| ((*re).to_owned(), (*im).to_owned())).collect()
    };
    for (text, at, expected) in [
        ("log(1 + exp(x))", "0", &[("0", "pi")][..]),
        ("1/(1 + x^2)", "1", &[("0", "1")]),
        ("log(x)", "2", &[("0", "0")]),
        ("sqrt(1 - x)", "0", &[("1", "0")]),
        ("tanh(x)", "3", &[("0", "pi/2")]),
        ("abs(x)", "1", &[("0", "0")]),
        ("exp(x)", "0", &[]),
        ("sin(x)/x", "0", &[]),
    ] {
        assert_eq!(exact(text, at), pairs(expected), "{text} at {at}");
    }
}

#[test]
fn those_farther_away_than_the_radius_are_left_out() {
    assert_eq!(exact("1/(x - 1) + 1/(x - 3)", "0"), [("1".into(), "0".into())]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Poles at a + bi and its conjugate, and at another real point: each disc holds one that is nearest.
    #[test]
    fn a_disc_holds_a_pole(a in -300i32..300, b in 1i32..300, c in 1i32..300, negative: bool) {
        let (re, im) = (f64::from(a) / 97.0, f64::from(b) / 89.0);
        let pole = f64::from(if negative { -c } else { c }) / 83.0;
        let text = format!("1/((x - {a}/97)^2 + ({b}/89)^2) + 1/(x - {}/83)", if negative { -c } else { c });
        let series = taylor(&text, 0, "0").unwrap();
        let radius = re.hypot(im).min(pole.abs());
        let found = series.singularities();
        prop_assert!(!found.is_empty());
        for point in found {
            let away = |x: f64, y: f64| (point.re - x).hypot(point.im - y);
            let slack = point.radius + 2e-15 * radius.max(1.0);
            prop_assert!(away(re, im) <= slack || away(pole, 0.0) <= slack, "{text}: {point:?}");
            prop_assert!(point.re.hypot(point.im) - point.radius <= radius * (1.0 + 1e-9));
        }
    }
}
