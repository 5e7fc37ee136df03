//! The colours of curves: eight that are told apart with every kind of colour vision, and a dash
//! pattern for each.
//!
//! The first three are those of Okabe and Ito (2008). The others were searched for, such that the
//! smallest CIEDE2000 distance between any two is largest, as seen with normal vision and with a
//! simulated lack of each kind of cone (Machado, Oliveira and Fernandes 2009); the tests measure
//! it.

use crate::canvas::{Line, Rgb};

/// The number of curves that are told apart.
pub const COUNT: usize = 8;

/// The colours.
const COLORS: [Rgb; COUNT] = [
    [213, 94, 0],
    [0, 114, 178],
    [0, 158, 115],
    [216, 175, 23],
    [8, 53, 100],
    [112, 118, 124],
    [88, 47, 8],
    [89, 79, 66],
];

/// Lengths of dashes and gaps in pixels.
const DASHES: [&[f32]; COUNT] = [
    &[],
    &[10.0, 3.0],
    &[3.0, 2.0],
    &[12.0, 3.0, 3.0, 3.0],
    &[6.0, 6.0],
    &[12.0, 3.0, 3.0, 3.0, 3.0, 3.0],
    &[2.0, 5.0],
    &[16.0, 6.0],
];

/// The function itself.
pub const FUNCTION: Rgb = [0, 0, 0];

/// The certified bound.
pub const BOUND: Rgb = [86, 180, 233];

/// The expansion point and the disc of convergence.
pub const POINT: Rgb = [170, 0, 90];
pub const DISC: Rgb = [90, 90, 90];

/// How the polynomial of an index is drawn.
pub fn line(index: usize) -> Line {
    let index = index % COUNT;
    Line { color: COLORS[index], width: 2.0, dash: DASHES[index].to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Triple = [f64; 3];

    fn times(matrix: [Triple; 3], v: Triple) -> Triple {
        matrix.map(|row| row.iter().zip(v).map(|(a, b)| a * b).sum())
    }

    /// Linear sRGB.
    fn linear(color: Rgb) -> Triple {
        color.map(|c| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// Machado, Oliveira and Fernandes (2009), severity 1: normal, protanopia, deuteranopia,
    /// tritanopia.
    const VISIONS: [[Triple; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ];

    /// CIE L*a*b* of linear sRGB.
    fn lab(rgb: Triple) -> Triple {
        const XYZ: [Triple; 3] = [
            [0.412_456_4, 0.357_576_1, 0.180_437_5],
            [0.212_672_9, 0.715_152_2, 0.072_175_0],
            [0.019_333_9, 0.119_192_0, 0.950_304_1],
        ];
        let white = times(XYZ, [1.0; 3]);
        let xyz = times(XYZ, rgb);
        let f: Vec<f64> =
            (0..3)
                .map(|i| xyz[i] / white[i])
                .map(|t| {
                    if t > 216.0 / 24389.0 { t.cbrt() } else { (24389.0 / 27.0 * t + 16.0) / 116.0 }
                })
                .collect();
        [116.0 * f[1] - 16.0, 500.0 * (f[0] - f[1]), 200.0 * (f[1] - f[2])]
    }

    /// The distance CIEDE2000, as Sharma, Wu and Dalal (2005) write it.
    fn distance([l1, a1, b1]: Triple, [l2, a2, b2]: Triple) -> f64 {
        let seventh = |c: f64| (c.powi(7) / (c.powi(7) + 25f64.powi(7))).sqrt();
        let g = 1.5 - 0.5 * seventh(f64::midpoint(a1.hypot(b1), a2.hypot(b2)));
        let (a1, a2) = (a1 * g, a2 * g);
        let (c1, c2) = (a1.hypot(b1), a2.hypot(b2));
        let hue = |a: f64, b: f64| b.atan2(a).to_degrees().rem_euclid(360.0);
        let (h1, h2) = (hue(a1, b1), hue(a2, b2));
        let gray = c1 * c2 == 0.0;
        let turn = if gray { 0.0 } else { (h2 - h1 + 540.0).rem_euclid(360.0) - 180.0 };
        let dh = 2.0 * (c1 * c2).sqrt() * (turn / 2.0).to_radians().sin();
        let (l, c) = (f64::midpoint(l1, l2), f64::midpoint(c1, c2));
        let h = if gray { h1 + h2 } else { (h1 + turn / 2.0).rem_euclid(360.0) };
        let cos = |angle: f64| angle.to_radians().cos();
        let t = 1.0 - 0.17 * cos(h - 30.0) + 0.24 * cos(2.0 * h) + 0.32 * cos(3.0 * h + 6.0)
            - 0.2 * cos(4.0 * h - 63.0);
        let theta = 30.0 * (-((h - 275.0) / 25.0).powi(2)).exp();
        let rotation = -(2.0 * theta).to_radians().sin() * 2.0 * seventh(c);
        let square = (l - 50.0).powi(2);
        let dl = (l2 - l1) / (1.0 + 0.015 * square / (20.0 + square).sqrt());
        let (dc, dh) = ((c2 - c1) / (1.0 + 0.045 * c), dh / (1.0 + 0.015 * c * t));
        (dl * dl + dc * dc + dh * dh + rotation * dc * dh).sqrt()
    }

    #[test]
    fn the_distance_is_that_of_its_authors() {
        // Sharma, Wu and Dalal (2005), table 1: pairs 1, 7, 17, 33 of their 34.
        for (first, second, expected) in [
            ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
            ([50.0, 0.0, 0.0], [50.0, -1.0, 2.0], 2.3669),
            ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
            ([22.7233, 20.0904, -46.6940], [23.0331, 14.9730, -42.5619], 2.0373),
        ] {
            assert!((distance(first, second) - expected).abs() < 1e-4, "{first:?}");
        }
    }

    #[test]
    fn the_colours_are_told_apart_with_every_colour_vision() {
        for (kind, vision) in VISIONS.into_iter().enumerate() {
            let seen = |color: Rgb| lab(times(vision, linear(color)).map(|c| c.clamp(0.0, 1.0)));
            for (i, color) in COLORS.into_iter().enumerate() {
                for other in &COLORS[..i] {
                    let distance = distance(seen(color), seen(*other));
                    assert!(distance > 12.0, "{color:?} {other:?} {kind}: {distance}");
                }
                for (other, least) in [([0; 3], 20.0), ([255; 3], 24.0)] {
                    let distance = distance(seen(color), seen(other));
                    assert!(distance > least, "{color:?} {other:?} {kind}: {distance}");
                }
            }
        }
        let mut dashes = DASHES.to_vec();
        dashes.sort_by(|a, b| a.partial_cmp(b).unwrap());
        dashes.dedup();
        assert_eq!(dashes.len(), COUNT);
    }
}
