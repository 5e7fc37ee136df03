//! Which chunks of the output a block of the input becomes.
//!
//! A chunk holds one degree of one block: so a degree can be read without the others, and chunks are written as the
//! kernels make them. Degrees joined along an axis need blocks that divide it, or that are as long as it is.

use maclaurin::{Expansion, Kind};

use super::blocks::Blocks;
use super::cores;
use crate::Failure;
use crate::summary::in_units;

/// More chunks than these are no sensible store.
const MOST_CHUNKS: u64 = 100_000_000;

/// Copies of a chunk that are there while it is encoded and written.
const COPIES: u64 = 3;

/// Memory of the program itself.
const PROGRAM: u64 = 32 << 20;

/// The grid of blocks, and that of chunks.
pub struct Plan {
    /// Shape and chunk of the output.
    pub shape: Vec<u64>,
    pub chunk: Vec<u64>,
    /// The extents of a block of the input.
    pub block: Vec<u64>,
    /// The number of blocks, and of chunks that each becomes.
    pub blocks: u64,
    pub slots: usize,
    /// Whether there is one value for each value.
    pub summed: bool,
    pub values: u64,
    pub value_size: u64,
    pub input: Vec<u64>,
    grid: Vec<u64>,
    /// The axis of the degrees, and whether it is a new one.
    pub axis: usize,
    pub stack: bool,
    output_size: u64,
}

impl Plan {
    pub fn new(
        blocks: &Blocks,
        chunks: Option<&[u64]>,
        expansion: &Expansion,
        degrees: usize,
        output_size: usize,
    ) -> Result<Self, Failure> {
        let input = blocks.shape().to_vec();
        let mut block = match chunks {
            None => blocks.chunk(),
            Some(given) if given.len() == input.len() => given.to_vec(),
            Some(given) => {
                return Err(Failure::Usage(format!(
                    "--chunks has {} extents, and {} has {} axes",
                    given.len(),
                    blocks.name(),
                    input.len()
                )));
            }
        };
        for (extent, &whole) in block.iter_mut().zip(&input) {
            *extent = (*extent).min(whole).max(1);
        }
        let (summed, stack) = (expansion.kind == Kind::Sum, expansion.stack);
        let axes = input.len() + usize::from(stack);
        let axis = expansion.axis + if expansion.axis < 0 { axes as isize } else { 0 };
        if !summed && !(0..axes as isize).contains(&axis) {
            return Err(Failure::Usage(format!(
                "--axis {} is out of bounds for {axes} axes",
                expansion.axis
            )));
        }
        let axis = axis.max(0) as usize;
        if !summed && !stack {
            block[axis] = divisor(input[axis], block[axis]);
        }
        let grid: Vec<u64> =
            input.iter().zip(&block).map(|(&n, &extent)| n.div_ceil(extent)).collect();
        let slots = if summed { 1 } else { degrees };
        let product =
            |extents: &[u64]| extents.iter().try_fold(1_u64, |product, &n| product.checked_mul(n));
        let count =
            product(&grid).filter(|&blocks| blocks.saturating_mul(slots as u64) <= MOST_CHUNKS);
        let values = product(&input);
        let (Some(count), Some(values)) = (count, values) else {
            return Err(Failure::Read {
                path: blocks.name().into(),
                reason: format!(
                    "its shape {input:?} in chunks of {block:?} makes more than {MOST_CHUNKS} chunks; choose larger \
                     ones with --chunks, if the shape is true"
                ),
            });
        };
        let mut plan = Self {
            shape: input.clone(),
            chunk: block.clone(),
            block,
            blocks: count,
            slots,
            summed,
            values,
            value_size: blocks.value_size(),
            input,
            grid,
            axis,
            stack,
            output_size: output_size as u64,
        };
        plan.chunk = plan.with_degrees(&plan.block);
        match (summed, stack) {
            (true, _) => {}
            (false, true) => plan.shape.insert(axis, slots as u64),
            (false, false) => plan.shape[axis] = plan.shape[axis].saturating_mul(slots as u64),
        }
        Ok(plan)
    }

    /// The bytes of a value of the output.
    pub fn output_size(&self) -> u64 {
        self.output_size
    }

    /// Extents of the input as extents of a part of a chunk.
    pub fn with_degrees(&self, extents: &[u64]) -> Vec<u64> {
        let mut extents = extents.to_vec();
        if !self.summed && self.stack {
            extents.insert(self.axis, 1);
        }
        extents
    }

    /// The names of the axes, that of the degrees among them.
    pub fn named(&self, mut names: Vec<Option<String>>) -> Vec<Option<String>> {
        if !self.summed && self.stack {
            names.insert(self.axis, Some("degree".into()));
        }
        names
    }

    /// The workers that the memory has room for, at most one for each core.
    pub fn workers(&self, memory: u64, threads: Option<usize>) -> Result<usize, Failure> {
        let values = self.block.iter().fold(1_u64, |product, &n| product.saturating_mul(n));
        let input = values.saturating_mul(self.value_size.max(1)).saturating_mul(COPIES);
        let output =
            values.saturating_mul(self.output_size).saturating_mul(self.slots as u64 + COPIES);
        let each = input.saturating_add(output);
        let room = memory.saturating_sub(PROGRAM) / each.max(1);
        if room == 0 {
            let bytes =
                |bytes: u64| in_units(bytes as f64, &[(1e9, "GB"), (1e6, "MB"), (1e3, "kB")]);
            return Err(Failure::Usage(format!(
                "a block of {:?} values takes {} of memory to expand, and {} may be used; choose smaller ones with \
                 --chunks, or more --memory",
                self.block,
                bytes(each.saturating_add(PROGRAM)),
                bytes(memory)
            )));
        }
        let most = threads.unwrap_or(usize::MAX).min(cores()) as u64;
        Ok(room.min(most).min(self.blocks.max(1)) as usize)
    }

    /// Where a block stands in the grid.
    pub fn place(&self, mut index: u64) -> Vec<u64> {
        let mut place = vec![0; self.grid.len()];
        for (place, &extent) in place.iter_mut().zip(&self.grid).rev() {
            (*place, index) = (index % extent, index / extent);
        }
        place
    }

    /// The first value of a block, and its extents, less at the end of an axis.
    pub fn region(&self, place: &[u64]) -> (Vec<u64>, Vec<u64>) {
        let start: Vec<u64> =
            place.iter().zip(&self.block).map(|(&at, &extent)| at * extent).collect();
        let extents = start.iter().zip(&self.block).zip(&self.input);
        let extents =
            extents.map(|((&start, &extent), &whole)| extent.min(whole - start)).collect();
        (start, extents)
    }

    /// Which chunk a degree of a block is.
    pub fn chunk_of(&self, place: &[u64], slot: usize) -> Vec<u64> {
        let mut chunk = place.to_vec();
        match (self.summed, self.stack) {
            (true, _) => {}
            (false, true) => chunk.insert(self.axis, slot as u64),
            (false, false) => chunk[self.axis] += slot as u64 * self.grid[self.axis],
        }
        chunk
    }

    /// The bytes of a block's values.
    pub fn bytes_of(&self, index: u64) -> u64 {
        let (_, extents) = self.region(&self.place(index));
        extents.iter().product::<u64>() * self.value_size
    }
}

/// The largest divisor of `whole` that is at most `wanted`, or `whole` if that is less than half of it.
fn divisor(whole: u64, wanted: u64) -> u64 {
    let least = wanted.div_ceil(2).max(1);
    (least..=wanted).rev().find(|&extent| whole.is_multiple_of(extent)).unwrap_or(whole.max(1))
}

#[cfg(test)]
mod tests {
    use super::divisor;

    #[test]
    fn blocks_of_a_joined_axis_divide_it() {
        assert_eq!(divisor(3, 3), 3);
        assert_eq!(divisor(100, 30), 25);
        assert_eq!(divisor(97, 30), 97);
        assert_eq!(divisor(0, 1), 1);
    }
}
