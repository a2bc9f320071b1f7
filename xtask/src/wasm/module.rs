//! What stands in a WebAssembly module, as far as it matters here.

/// The eight bytes with which every WebAssembly module of version 1 begins.
const MODULE_START: &[u8] = b"\0asm\x01\0\0\0";
const SECTION_CUSTOM: u8 = 0;
const SECTION_IMPORT: u8 = 2;
const SECTION_FUNCTION: u8 = 3;
/// The custom section, and its part, in which compilers keep the names of functions.
const NAME_SECTION: &str = "name";
const FUNCTION_NAMES: u8 = 1;

/// What of a WebAssembly module matters here.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Module {
    /// `module.name` of everything that the host would have to bring.
    pub imports: Vec<String>,
    /// How many functions the module has itself.
    pub functions: u64,
    /// The mangled names of functions, as far as they are known.
    pub function_names: Vec<String>,
}

impl Module {
    /// Reads the sections of a module; `None` if the bytes are none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader { rest: bytes.strip_prefix(MODULE_START)? };
        let mut module = Self::default();
        while !reader.rest.is_empty() {
            let kind = reader.byte()?;
            let length = usize::try_from(reader.number()?).ok()?;
            let mut section = Reader { rest: reader.take(length)? };
            match kind {
                SECTION_IMPORT => module.imports = section.imports()?,
                SECTION_FUNCTION => module.functions = section.number()?,
                SECTION_CUSTOM if section.name()? == NAME_SECTION => {
                    module.function_names = section.function_names()?;
                }
                _ => {}
            }
        }
        Some(module)
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    /// Reads an unsigned number of at most 64 bits in LEB128: seven bits a byte, the lowest first.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn name(&mut self) -> Option<String> {
        let length = usize::try_from(self.number()?).ok()?;
        Some(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn function_names(&mut self) -> Option<Vec<String>> {
        let mut names = Vec::new();
        while !self.rest.is_empty() {
            let part = self.byte()?;
            let length = usize::try_from(self.number()?).ok()?;
            let mut body = Reader { rest: self.take(length)? };
            if part == FUNCTION_NAMES {
                for _ in 0..body.number()? {
                    body.number()?;
                    names.push(body.name()?);
                }
            }
        }
        Some(names)
    }

    fn imports(&mut self) -> Option<Vec<String>> {
        let mut names = Vec::new();
        for _ in 0..self.number()? {
            let (module, name) = (self.name()?, self.name()?);
            names.push(format!("{module}.{name}"));
            self.skip_import_type()?;
        }
        Some(names)
    }

    fn skip_import_type(&mut self) -> Option<()> {
        match self.byte()? {
            0 => self.number().map(drop),
            1 => self.byte().and_then(|_| self.skip_limits()),
            2 => self.skip_limits(),
            3 => self.take(2).map(drop),
            _ => None,
        }
    }

    fn skip_limits(&mut self) -> Option<()> {
        let has_maximum = self.byte()? & 1 == 1;
        self.number()?;
        if has_maximum {
            self.number()?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(sections: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = MODULE_START.to_vec();
        for (kind, body) in sections {
            bytes.extend([*kind, u8::try_from(body.len()).expect("test sections are short")]);
            bytes.extend(*body);
        }
        bytes
    }

    #[test]
    fn imports_of_every_type_are_named() {
        let body = b"\x03\x03env\x03now\x00\x05\x03env\x06memory\x02\x01\x10\x80\x20\x01m\x01g\x03\x7f\x00";
        let bytes = module(&[(1, b"\x00"), (SECTION_IMPORT, body), (SECTION_FUNCTION, b"\x90\x03")]);
        let read = Module::read(&bytes).expect("this is a module");
        assert_eq!(read.imports, ["env.now", "env.memory", "m.g"]);
        assert_eq!(read.functions, 400);
    }

    #[test]
    fn functions_are_named_and_other_custom_sections_passed_over() {
        let names = b"\x04name\x00\x02\x01a\x01\x09\x02\x00\x03one\x01\x01g";
        let bytes = module(&[(SECTION_CUSTOM, b"\x05other\xff"), (SECTION_CUSTOM, names)]);
        let read = Module::read(&bytes).expect("this is a module");
        assert_eq!(read.function_names, ["one", "g"]);
        assert!(read.imports.is_empty());
    }

    #[test]
    fn broken_modules_are_none() {
        let whole = module(&[(SECTION_IMPORT, b"\x01\x03env\x03now\x00\x05")]);
        assert_eq!(Module::read(b"not a module"), None);
        assert_eq!(Module::read(&whole[..whole.len() - 2]), None);
        assert_eq!(Module::read(&module(&[(SECTION_IMPORT, b"\x02\x03env\x03now\x00\x05")])), None);
    }
}
