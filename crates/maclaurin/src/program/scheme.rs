//! The orders of operations in which polynomials are evaluated.

use std::collections::BTreeMap;
use std::fmt;

use super::{ChebyshevSum, Id, Number, Program};

/// An order of operations in which powers are added up.
///
/// The values differ in their rounding alone: the comment of printed code states the error of its own
/// scheme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Horner's rule: `n` multiplications and `n` additions for degree `n`, the fewest that all
    /// polynomials can do with (Knuth, *The Art of Computer Programming* 2, 4.6.4), each waiting for the
    /// one before.
    #[default]
    Horner,
    /// Horner's rule in `t^2` for the even and for the odd part (Knuth, 4.6.4, "second-order" rule):
    /// two chains of half the length. Polynomials that are odd or even have one of the two, and need
    /// half of the multiplications.
    EvenOdd,
    /// Estrin's scheme: pairs `a + b t`, pairs of these with `t^2`, and so on, so that `log2(n)`
    /// multiplications follow each other (Estrin, *Organization of computer systems: the fixed plus
    /// variable structure computer*, Western Joint Computer Conference 1960).
    Estrin,
    /// Paterson and Stockmeyer: blocks of about `sqrt(n)` terms that share the powers of `t`, so that
    /// about `2 sqrt(n)` multiplications are of two values (*On the number of nonscalar
    /// multiplications necessary to evaluate polynomials*, SIAM Journal on Computing 2, 1973). The
    /// blocks are added up in pairs, as in Estrin's scheme: the depth stays logarithmic, which counts
    /// under encryption.
    PatersonStockmeyer,
}

impl fmt::Display for Scheme {
    /// The name in Python: `even_odd`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Horner => "horner",
            Self::EvenOdd => "even_odd",
            Self::Estrin => "estrin",
            Self::PatersonStockmeyer => "paterson_stockmeyer",
        })
    }
}

impl Scheme {
    /// All schemes.
    pub const ALL: [Self; 4] =
        [Self::Horner, Self::EvenOdd, Self::Estrin, Self::PatersonStockmeyer];

    /// Whether it is chosen for its depth, which its comment therefore states.
    pub(crate) fn is_shallow(self) -> bool {
        matches!(self, Self::Estrin | Self::PatersonStockmeyer)
    }

    /// For a comment.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Horner => "Horner's rule",
            Self::EvenOdd => "Horner's rule for the even and the odd part",
            Self::Estrin => "Estrin's scheme",
            Self::PatersonStockmeyer => "Paterson and Stockmeyer's scheme",
        }
    }

    /// The program for `sum_k coefficients[k] (x - center)^k`.
    pub(crate) fn program(self, center: Number, coefficients: &[Number]) -> Program {
        let make = |build: &dyn Fn(&mut Powers<'_>) -> Option<Id>| {
            let mut program = Program::default();
            let x = program.input();
            let t = program.shifted(x, center);
            let letter = if t == x { 'x' } else { 't' };
            if t != x {
                program.name(t, letter);
            }
            let known = BTreeMap::from([(1, t)]);
            let mut powers = Powers { program: &mut program, coefficients, known, letter };
            let result = build(&mut powers);
            let result = result.unwrap_or_else(|| program.constant(Number::exactly(0.0)));
            program.finish(result);
            program
        };
        match self {
            Self::Horner => make(&|powers| powers.horner(0, 1)),
            Self::EvenOdd => make(&|powers| powers.even_odd()),
            Self::Estrin => make(&|powers| powers.blocks(1)),
            Self::PatersonStockmeyer => {
                let sizes = (0..)
                    .map(|bits| 1 << bits)
                    .take_while(|&size| size == 1 || size < coefficients.len());
                let programs = sizes.map(|size| make(&|powers| powers.blocks(size)));
                let key =
                    |program: &Program| (program.cost().products, program.cost().multiplications);
                programs.min_by_key(key).unwrap_or_default()
            }
        }
    }
}

/// Builds programs that add up powers of `t`.
struct Powers<'a> {
    program: &'a mut Program,
    coefficients: &'a [Number],
    /// Powers of `t` that are there.
    known: BTreeMap<usize, Id>,
    /// What their names begin with.
    letter: char,
}

impl Powers<'_> {
    /// `t^n` for `n > 0`, `ceil(log2(n))` multiplications deep.
    fn power(&mut self, n: usize) -> Id {
        if let Some(&id) = self.known.get(&n) {
            return id;
        }
        let half = n.next_power_of_two() / 2;
        let (a, b) = (self.power(half), self.power(n - half));
        let id = self.program.multiply(a, b);
        self.program.name(id, format!("{}{n}", self.letter));
        self.known.insert(n, id);
        id
    }

    /// The coefficient of a degree, unless it is exactly zero.
    fn coefficient(&mut self, degree: usize) -> Option<Id> {
        let number = *self.coefficients.get(degree)?;
        (!number.is(0.0)).then(|| self.program.constant(number))
    }

    fn sum(&mut self, a: Option<Id>, b: Option<Id>) -> Option<Id> {
        match (a, b) {
            (Some(a), Some(b)) => Some(self.program.add(a, b)),
            (a, b) => a.or(b),
        }
    }

    /// `sum_i coefficients[first + i step] t^(i step)` by Horner's rule. Zero coefficients cost no
    /// addition.
    fn horner(&mut self, first: usize, step: usize) -> Option<Id> {
        let mut sum = None;
        for degree in (first..self.coefficients.len()).step_by(step).rev() {
            if let Some(before) = sum {
                let power = self.power(step);
                sum = Some(self.program.multiply(before, power));
            }
            let own = self.coefficient(degree);
            sum = self.sum(sum, own);
        }
        sum
    }

    fn even_odd(&mut self) -> Option<Id> {
        let even = self.horner(0, 2);
        let odd = self.horner(1, 2).map(|odd| {
            let t = self.power(1);
            self.program.multiply(odd, t)
        });
        // The product first, as in the other schemes: compilers may fuse it with the sum.
        self.sum(odd, even)
    }

    /// Blocks of `size` terms, a power of two, added up in pairs: Estrin's scheme for blocks of one.
    fn blocks(&mut self, size: usize) -> Option<Id> {
        let count = self.coefficients.len().div_ceil(size);
        let mut blocks: Vec<Option<Id>> =
            (0..count).map(|block| self.block(block * size, size)).collect();
        let mut width = size;
        while blocks.len() > 1 {
            let mut next = Vec::with_capacity(blocks.len().div_ceil(2));
            for pair in blocks.chunks(2) {
                let high = pair.get(1).copied().flatten().map(|high| {
                    let power = self.power(width);
                    self.program.multiply(high, power)
                });
                next.push(self.sum(high, pair[0]));
            }
            (blocks, width) = (next, 2 * width);
        }
        blocks.pop().flatten()
    }

    /// `sum_(i < size) coefficients[first + i] t^i`, the powers themselves multiplied by coefficients.
    fn block(&mut self, first: usize, size: usize) -> Option<Id> {
        let mut sum = None;
        for i in (0..size).rev() {
            let mut term = self.coefficient(first + i);
            if let Some(coefficient) = term.filter(|_| i > 0) {
                let power = self.power(i);
                term = Some(self.program.multiply(coefficient, power));
            }
            sum = self.sum(sum, term);
        }
        sum
    }
}

/// The program for `sum_k coefficients[k] T_k(u)` with `u = (x - center) / half_width`, by Clenshaw's
/// recurrence `b_k = c_k + 2 u b_(k+1) - b_(k+2)` (Clenshaw, *A note on the summation of Chebyshev
/// series*, Mathematical Tables and Other Aids to Computation 9, 1955; DLMF 3.11.15).
pub(crate) fn clenshaw(center: Number, half_width: Number, coefficients: &[Number]) -> Program {
    let mut program = Program::default();
    let x = program.input();
    let shifted = program.shifted(x, center);
    let half_width = program.constant(half_width);
    let u = program.divide(shifted, half_width);
    program.name(u, "u");
    let twice = program.add(u, u);
    program.name(twice, "w");
    let (mut next, mut after) = (None, None);
    for (k, &coefficient) in coefficients.iter().enumerate().rev() {
        let mut sum = (!coefficient.is(0.0)).then(|| program.constant(coefficient));
        if let Some(next) = next {
            let product = program.multiply(if k == 0 { u } else { twice }, next);
            sum = Some(sum.map_or(product, |sum| program.add(sum, product)));
        }
        if let (Some(value), Some(after)) = (sum, after) {
            sum = Some(program.subtract(value, after));
        }
        if let Some(value) = sum.filter(|_| k > 0) {
            program.name(value, format!("b{k}"));
        }
        (next, after) = (sum, next);
    }
    program.sum = Some(ChebyshevSum { argument: u, coefficients: coefficients.to_vec() });
    let result = next.unwrap_or_else(|| program.constant(Number::exactly(0.0)));
    program.finish(result);
    program
}
