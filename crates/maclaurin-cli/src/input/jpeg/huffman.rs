//! Huffman codes and the bits of entropy-coded data (ITU-T T.81, annexes C and F).

use crate::input::problem::Problem;

/// A table of codes: for the next 16 bits the symbol and the length of its code, 0 if there is
/// none.
pub struct Table(Vec<(u8, u8)>);

impl Table {
    /// The table that the numbers of codes of each length, and their symbols, define.
    pub fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Self, Problem> {
        let mut entries = Vec::with_capacity(1 << 16);
        let mut symbols = symbols.iter();
        for (length, count) in (1..).zip(counts) {
            for symbol in symbols.by_ref().take((*count).into()) {
                let end = entries.len() + (1 << (16 - length));
                if end > 1 << 16 {
                    return Err(Problem::Damaged("JPEG"));
                }
                entries.resize(end, (*symbol, length));
            }
        }
        entries.resize(1 << 16, (0, 0));
        Ok(Self(entries))
    }
}

/// The bits of entropy-coded data up to the next marker. `None` is the end of them.
pub struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    /// The bits from a place on.
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, held: 0, count: 0 }
    }

    /// Holds as many bits as there is room for.
    fn fill(&mut self) {
        while self.count <= 56 {
            let byte = match self.bytes.get(self.at..) {
                // A zero is stuffed behind FF.
                Some([0xff, 0, ..]) => {
                    self.at += 2;
                    0xff
                }
                Some([0xff, ..] | []) | None => return,
                Some([byte, ..]) => {
                    self.at += 1;
                    *byte
                }
            };
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// The next bits, 16 at most.
    pub fn take(&mut self, count: u32) -> Option<u32> {
        if self.count < count {
            self.fill();
        }
        if count == 0 {
            return Some(0);
        }
        let bits = (self.held >> (64 - count)) as u32;
        self.count = self.count.checked_sub(count)?;
        self.held <<= count;
        Some(bits)
    }

    /// The next symbol of a table.
    pub fn symbol(&mut self, table: &Table) -> Option<u8> {
        if self.count < 16 {
            self.fill();
        }
        let (symbol, length) = table.0[(self.held >> 48) as usize];
        if length == 0 {
            return None;
        }
        self.take(length.into())?;
        Some(symbol)
    }

    /// Leaves the rest of the bits and passes the restart marker behind them; `None` if there is
    /// another marker.
    pub fn restart(&mut self) -> Option<()> {
        let marker = self.place();
        match self.bytes.get(marker..marker + 2) {
            Some([0xff, 0xd0..=0xd7]) => *self = Self::new(self.bytes, marker + 2),
            _ => return None,
        }
        Some(())
    }

    /// The place of the next marker.
    pub fn place(&self) -> usize {
        let mut at = self.at;
        while let Some([first, second]) = self.bytes.get(at..at + 2) {
            if *first == 0xff && !matches!(second, 0 | 0xff) {
                break;
            }
            at += 1;
        }
        at
    }
}
