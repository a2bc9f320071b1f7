//! The signed list of the app's files, as `docs/spec/app.md` has it.

use longear_core::PublicKey;
use longear_core::id::from_hex;

/// Bytes of the longest list.
pub const LIST_BYTES_MAX: u64 = 64 << 10;
/// Bytes of the longest file of the app.
pub const FILE_BYTES_MAX: u64 = 16 << 20;

const LABEL: &[u8] = b"longear 1 app-files\0";
const TITLE: &str = "longear app files 1\n";
const SIGNATURE: &str = "signature ";
const NUMBER_DIGITS_MAX: usize = 9;
/// What the app's scripts begin to say of their release with: kind, version, key, build, patience.
const STAMP: &[u8] = b"longear-release ";
/// How far behind it the key ends at the latest.
const STAMP_BYTES_MAX: usize = 128;

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Below the app's folder, with forward slashes; names nothing outside of it.
    pub path: String,
    /// In bytes.
    pub length: u64,
    /// BLAKE3.
    pub hash: [u8; 32],
}

/// A list whose form is right. Whether anybody's signature stands under it, [`List::is_signed_by`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Rises with every release.
    pub version: u32,
    /// Ascending by path.
    pub files: Vec<Listed>,
    signed: [u8; 32],
    signature: [u8; 64],
}

impl List {
    /// Reads a list. Nothing for what has another form in any byte.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= LIST_BYTES_MAX)?;
        let (body, signature) = text.split_at(text.rfind(SIGNATURE)?);
        let signature = signature.strip_prefix(SIGNATURE)?.strip_suffix('\n')?;
        let lines = body.strip_prefix(TITLE)?.strip_prefix("version ")?.strip_suffix('\n')?;
        let (version, lines) = lines.split_once('\n')?;
        let files = lines.split('\n').map(read_line).collect::<Option<Vec<_>>>()?;
        let ascends = files.windows(2).all(|pair| pair[0].path < pair[1].path);
        let version = u32::try_from(number(version)?).ok().filter(|version| *version > 0)?;
        let signed = longear_core::hash::plain(body.as_bytes());
        let signature = from_hex(signature).ok()?;
        ascends.then_some(Self { version, files, signed, signature })
    }

    /// Says whether this key signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verify(&[LABEL, &self.signed].concat(), &self.signature).is_ok()
    }
}

fn read_line(line: &str) -> Option<Listed> {
    let mut words = line.split(' ');
    let (path, length, hash) = (words.next()?, words.next()?, words.next()?);
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let is_known = words.next().is_none() && path.split(['.', '/']).all(is_name);
    is_known.then_some(())?;
    Some(Listed { path: path.to_owned(), length: number(length)?, hash: from_hex(hash).ok()? })
}

fn number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if is_plain && text.len() <= NUMBER_DIGITS_MAX { text.parse().ok() } else { None }
}

/// What a script of the app says that it was built as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Signed by a key that was thrown away, and watched by nobody.
    pub is_development: bool,
    /// Whose signature it asks for.
    pub key: PublicKey,
}

impl Stamp {
    /// Looks for it in a script.
    pub fn find(script: &[u8]) -> Option<Self> {
        let at = script.windows(STAMP.len()).position(|window| window == STAMP)? + STAMP.len();
        let said = &script[at..script.len().min(at + STAMP_BYTES_MAX)];
        let mut words = said.split(|byte| *byte == b' ').map(|word| std::str::from_utf8(word).unwrap_or_default());
        let is_development = match words.next()? {
            "development" => true,
            "release" => false,
            _ => return None,
        };
        let key = PublicKey(from_hex(words.nth(1)?).ok()?);
        key.check().ok()?;
        Some(Self { is_development, key })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use longear_core::SecretKey;

    use super::*;

    const LINES: &str = "index.html 3 aa\nwords/en.json 0 bb\n";

    fn signed(lines: &str) -> Vec<u8> {
        let body = format!("{TITLE}{}", lines.replace("aa", &"a1".repeat(32)).replace("bb", &"b2".repeat(32)));
        let message = [LABEL, &longear_core::hash::plain(body.as_bytes())].concat();
        let signature = SecretKey::from_seed([7; 32]).sign(&message).map(|byte| format!("{byte:02x}")).concat();
        format!("{body}{SIGNATURE}{signature}\n").into_bytes()
    }

    #[test]
    fn a_list_is_read_and_its_signature_checked() {
        let list = List::read(&signed(&format!("version 12\n{LINES}"))).unwrap();
        assert_eq!((list.version, list.files.len(), list.files[1].path.as_str()), (12, 2, "words/en.json"));
        assert!(list.is_signed_by(&SecretKey::from_seed([7; 32]).public()));
        assert!(!list.is_signed_by(&SecretKey::from_seed([8; 32]).public()));
    }

    #[test]
    fn a_list_of_any_other_form_is_none() {
        for lines in [
            "version 0\nindex.html 3 aa\n",
            "version 012\nindex.html 3 aa\n",
            "version 1\n",
            "version 1\nindex.html 03 aa\n",
            "version 1\nindex.html 1234567890 aa\n",
            "version 1\nindex.html 3 aa \n",
            "version 1\n../index.html 3 aa\n",
            "version 1\n/index.html 3 aa\n",
            "version 1\nINDEX.html 3 aa\n",
            "version 1\nb 3 aa\na 3 aa\n",
            "version 1\na 3 aa\na 3 aa\n",
        ] {
            assert_eq!(List::read(&signed(lines)), None, "{lines}");
        }
        let good = signed(&format!("version 12\n{LINES}"));
        for end in 0..good.len() {
            assert_eq!(List::read(&good[..end]), None, "cut at {end}");
        }
        assert_eq!(List::read(&[&good[..], b"\n"].concat()), None);
    }

    #[test]
    fn a_stamp_is_found_in_a_script() {
        let key = SecretKey::from_seed([7; 32]).public();
        let hex = key.0.map(|byte| format!("{byte:02x}")).concat();
        let script = format!("(()=>{{var a=\"longear-release release 3 {hex} - 10000\".split(\" \")}})()");
        assert_eq!(Stamp::find(script.as_bytes()), Some(Stamp { is_development: false, key }));
        for wrong in [
            "",
            "longear-release ",
            "longear-release other 3 00",
            &format!("longear-release release 3 {}", "0".repeat(64)),
        ] {
            assert_eq!(Stamp::find(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
