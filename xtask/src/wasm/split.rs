//! A module in another order, so that it packs smaller: numbers of the same kind stand together. `web/src/shared/join.ts` is
//! the other side.
//!
//! A packer finds what is repeated. Instructions repeat in rows, but between them stand numbers that do not: which local,
//! which function, how far a branch goes. Out of the functions those numbers are taken, and stand behind the rest by kind:
//!
//! ```text
//! [u32, little-endian: length] × 6   [the rest] [locals] [functions called] [constants] [offsets in memory] [depths of branches]
//! ```

const MODULE_START_BYTES: usize = 8;
const SECTION_CODE: u8 = 10;

/// What is written in a part of its own, in the order of the parts.
#[derive(Clone, Copy)]
enum Part {
    Rest,
    Locals,
    Calls,
    Constants,
    Offsets,
    Depths,
}
const PARTS: usize = 6;

/// Puts a module into its parts; `None` if it is none, or has an instruction that is not known here.
pub fn split(module: &[u8]) -> Option<Vec<u8>> {
    let mut splitter = Splitter { rest: module, parts: Default::default() };
    splitter.bytes(MODULE_START_BYTES)?;
    while !splitter.rest.is_empty() {
        let section = splitter.byte()?;
        let length = splitter.number(Part::Rest)?;
        if section == SECTION_CODE {
            for _ in 0..splitter.number(Part::Rest)? {
                splitter.function()?;
            }
        } else {
            splitter.bytes(usize::try_from(length).ok()?)?;
        }
    }
    let lengths = splitter.parts.iter().map(|part| u32::try_from(part.len()).ok().map(u32::to_le_bytes));
    let mut split = lengths.collect::<Option<Vec<_>>>()?.concat();
    splitter.parts.iter().for_each(|part| split.extend_from_slice(part));
    Some(split)
}

struct Splitter<'m> {
    rest: &'m [u8],
    parts: [Vec<u8>; PARTS],
}

impl Splitter<'_> {
    fn bytes(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        self.parts[Part::Rest as usize].extend_from_slice(taken);
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.bytes(1)?[0])
    }

    /// A number in LEB128, as it was written. Of a signed one the value means nothing.
    fn number(&mut self, part: Part) -> Option<u64> {
        let length = self.rest.iter().position(|byte| byte & 0x80 == 0)? + 1;
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.parts[part as usize].extend_from_slice(taken);
        Some(taken.iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f)))
    }

    fn numbers(&mut self, count: u64) -> Option<()> {
        (0..count).try_for_each(|_| self.number(Part::Rest).map(drop))
    }

    fn function(&mut self) -> Option<()> {
        let length = usize::try_from(self.number(Part::Rest)?).ok()?;
        let end = self.rest.len().checked_sub(length)?;
        let groups = self.number(Part::Rest)?;
        // Of each group of locals how many they are, and their type.
        self.numbers(groups.checked_mul(2)?)?;
        while self.rest.len() > end {
            self.instruction()?;
        }
        (self.rest.len() == end).then_some(())
    }

    fn instruction(&mut self) -> Option<()> {
        match self.byte()? {
            // Branches: one, or a table of them.
            0x0c | 0x0d => self.number(Part::Depths).map(drop),
            0x0e => {
                let others = self.number(Part::Depths)?;
                (0..=others).try_for_each(|_| self.number(Part::Depths).map(drop))
            }
            0x10 => self.number(Part::Calls).map(drop),
            0x20..=0x22 => self.number(Part::Locals).map(drop),
            0x28..=0x3e => self.memory(),
            0x41 => self.number(Part::Constants).map(drop),
            // Blocks, globals and tables, the memory's size, constants of 64 bits, references.
            0x02..=0x04 | 0x23..=0x26 | 0x3f | 0x40 | 0x42 | 0xd0 | 0xd2 => self.numbers(1),
            0x11 => self.numbers(2),
            0x1c => {
                let types = self.number(Part::Rest)?;
                self.numbers(types)
            }
            0x43 => self.bytes(4).map(drop),
            0x44 => self.bytes(8).map(drop),
            // What stands for itself.
            0x00 | 0x01 | 0x05 | 0x0b | 0x0f | 0x1a | 0x1b | 0x45..=0xc4 | 0xd1 => Some(()),
            0xfc => match self.number(Part::Rest)? {
                0..=7 => Some(()),
                9 | 11 | 13 | 15..=17 => self.numbers(1),
                8 | 10 | 12 | 14 => self.numbers(2),
                _ => None,
            },
            0xfd => self.vectors(),
            _ => None,
        }
    }

    fn memory(&mut self) -> Option<()> {
        self.numbers(1)?;
        self.number(Part::Offsets).map(drop)
    }

    fn vectors(&mut self) -> Option<()> {
        match self.number(Part::Rest)? {
            0..=11 | 92 | 93 => self.memory(),
            12 | 13 => self.bytes(16).map(drop),
            21..=34 => self.bytes(1).map(drop),
            84..=91 => {
                self.memory()?;
                self.bytes(1).map(drop)
            }
            14..=20 | 35..=83 | 94..=255 => Some(()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module of one function with these instructions.
    fn module(instructions: &[u8]) -> Vec<u8> {
        let length = u8::try_from(instructions.len()).expect("test functions are short");
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        bytes.extend([1, 1, 0, SECTION_CODE, length + 5, 1, length + 3, 1, 2, 0x7f]);
        bytes.extend(instructions);
        bytes.extend([11, 1, 0]);
        bytes
    }

    #[test]
    fn numbers_of_a_kind_stand_together() {
        let instructions =
            [0x20, 0xe5, 0x01, 0x41, 0x7f, 0x28, 2, 40, 0x10, 9, 0x02, 0x40, 0x0d, 1, 0x0b, 0x21, 3, 0x0b];
        let split = split(&module(&instructions)).expect("all of it is known");
        let lengths = split[..24].chunks(4).map(|length| length[0]).collect::<Vec<_>>();
        assert_eq!(lengths, [32, 3, 1, 1, 1, 1]);
        assert_eq!(split[24 + 18..24 + 29], [0x20, 0x41, 0x28, 2, 0x10, 0x02, 0x40, 0x0d, 0x0b, 0x21, 0x0b]);
        assert_eq!(split[24 + 32..], [0xe5, 0x01, 3, 9, 0x7f, 40, 1]);
    }

    #[test]
    fn tables_of_branches_and_vectors_are_known() {
        let table =
            [0x0e, 2, 0, 1, 2, 0xfd, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0xfc, 10, 0, 0, 0x0b];
        let split = split(&module(&table)).expect("all of it is known");
        assert_eq!(split[split.len() - 4..], [2, 0, 1, 2]);
    }

    #[test]
    fn what_is_not_known_is_not_split() {
        assert_eq!(split(&module(&[0x06])), None, "an instruction of exceptions");
        assert_eq!(split(&module(&[0xfd, 0x80, 2])), None, "a vector instruction of later days");
        assert_eq!(split(&module(&[0x41])), None, "a number that runs over the end of its function");
        assert_eq!(split(b"\0asm\x01\0\0\0\x0a\x05\x01"), None, "cut off");
    }
}
