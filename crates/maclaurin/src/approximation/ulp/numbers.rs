//! The numbers of a format in their order, and its units in the last place.

use half::{bf16, f16};

use crate::number::{Format, exponent, power_of_two};

/// The numbers of one sign of a format, by magnitude: 0 is zero, 1 the smallest positive number, and so
/// on, in the order of their bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    pub format: Format,
    pub negative: bool,
}

impl Numbers {
    pub(super) fn number(self, magnitude: u32) -> f64 {
        let value = match self.format {
            Format::F16 => f16::from_bits(magnitude as u16).to_f64(),
            Format::BF16 => bf16::from_bits(magnitude as u16).to_f64(),
            Format::F32 | Format::F64 => f64::from(f32::from_bits(magnitude)),
        };
        if self.negative { -value } else { value }
    }

    /// The magnitudes of the finite numbers from `low` to `high`, and none of zero if `negative`: zero
    /// counts once.
    pub(super) fn within(self, low: f64, high: f64) -> Option<(u32, u32)> {
        let (near, far) = if self.negative { (-high, -low) } else { (low, high) };
        let plain = Self { negative: false, ..self };
        let infinity = match self.format {
            Format::F16 => 0x7c00,
            Format::BF16 => 0x7f80,
            Format::F32 | Format::F64 => 0x7f80_0000,
        };
        // The first magnitude for which a condition that stays true is true.
        let first = |condition: &dyn Fn(f64) -> bool| {
            let (mut below, mut above) = (0, infinity);
            while below < above {
                let middle = below + (above - below) / 2;
                if condition(plain.number(middle)) {
                    above = middle;
                } else {
                    below = middle + 1;
                }
            }
            above
        };
        let start = first(&|x| x >= near).max(u32::from(self.negative));
        let end = first(&|x| x > far);
        (far >= 0.0 && start < end).then(|| (start, end - 1))
    }

    /// Whether the last bit of a number of the format is set.
    pub(super) fn is_odd(self, value: f64) -> bool {
        let bits = match self.format {
            Format::F16 => f16::from_f64(value).to_bits().into(),
            Format::BF16 => bf16::from_f64(value).to_bits().into(),
            Format::F32 | Format::F64 => (value as f32).to_bits(),
        };
        bits & 1 == 1
    }

    /// The exponent of the smallest normal number: all below the next power of two have the same ulp.
    fn smallest(self) -> i32 {
        self.format.lowest() + self.format.precision().cast_signed() - 1
    }

    /// The power of two above the largest number: what infinity stands for.
    pub(super) fn beyond(self) -> f64 {
        power_of_two(exponent(self.format.largest()) + 1)
    }

    /// The binade of a value, rising with it: 0 for those with the smallest ulp, negative for those below.
    pub(super) fn binade(self, value: f64) -> i32 {
        let size = value.abs().min(self.beyond());
        if size < power_of_two(self.smallest() + 1) {
            return 0;
        }
        let above = exponent(size) - self.smallest();
        if value < 0.0 { -above } else { above }
    }

    /// The value at which a binade goes over to the next larger one, and whether it belongs to that.
    pub(super) fn upper_end(self, binade: i32) -> (f64, bool) {
        if binade >= 0 {
            (power_of_two(self.smallest() + binade + 1), true)
        } else {
            (-power_of_two(self.smallest() - binade), false)
        }
    }

    /// The unit in the last place of the values of a binade.
    pub(super) fn ulp(self, binade: i32) -> f64 {
        let size = (self.smallest() + binade.abs()).min(exponent(self.format.largest()));
        power_of_two(size + 1 - self.format.precision().cast_signed())
    }

    /// Whether values of a binade are above the largest number in magnitude, as infinity is.
    pub(super) fn is_beyond(self, binade: i32) -> bool {
        self.smallest() + binade.abs() > exponent(self.format.largest())
    }
}
