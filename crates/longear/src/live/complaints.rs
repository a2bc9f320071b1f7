//! What ffmpeg says on stderr: what it means for the broadcast, and what of it may be said on.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use zeroize::Zeroizing;

use super::ladder::Holds;

/// Lines that are kept: the last ones say why it ended.
const LINES_MAX: usize = 4;
/// Letters of a line that are kept.
const LINE_LETTERS_MAX: usize = 300;

/// What stands in the place of what nobody is to read.
const MASK: &str = "…";

/// What ffmpeg says of a sender whose stream key is another one. It takes what comes all the same, so that it has to be ended.
const OTHER_KEY: &str = "Unexpected stream ";
/// What libsrt says of a sender whose passphrase is another one, or that has none. It lets nobody of them in.
const OTHER_PASSPHRASES: [&str; 2] = ["BADSECRET", "UNSECURE"];
/// What ffmpeg says of an input in which a map or a filter finds nothing.
const NOTHING_THERE: &str = "matches no streams";

/// What a line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing.
    Words,
    /// Somebody came who has not the key, and was let in: what is heard of them must not go on.
    LetIn,
    /// Somebody came who has not the key, and was turned away.
    TurnedAway,
}

/// What one run of ffmpeg has said.
pub struct Complaints {
    secrets: Vec<Zeroizing<String>>,
    own: IpAddr,
    lines: VecDeque<String>,
    lacks_sound: bool,
    lacks_picture: bool,
}

impl Complaints {
    /// Nothing was said yet. `secrets` are not said on, nor addresses other than this machine's `own`.
    pub fn new(secrets: Vec<Zeroizing<String>>, own: IpAddr) -> Self {
        Complaints { secrets, own, lines: VecDeque::new(), lacks_sound: false, lacks_picture: false }
    }

    /// Takes a line.
    pub fn hear(&mut self, line: &str) -> Heard {
        if line.contains(OTHER_KEY) {
            return Heard::LetIn;
        }
        if OTHER_PASSPHRASES.iter().any(|words| line.contains(words)) {
            return Heard::TurnedAway;
        }
        if line.contains(NOTHING_THERE) {
            self.lacks_sound |= line.contains(":a");
            self.lacks_picture |= line.contains(":v");
        }
        // Warnings, and the trace of libraries: many, and nothing that anybody can act on.
        if line.contains("[error]") || line.contains("[fatal]") {
            if self.lines.len() == LINES_MAX {
                self.lines.pop_front();
            }
            let line = self.masked(line);
            if self.lines.back() != Some(&line) {
                self.lines.push_back(line);
            }
        }
        Heard::Words
    }

    /// What the next sender is taken to send: usually it is the same one that comes again.
    pub fn holds(&self) -> Holds {
        match (self.lacks_sound, self.lacks_picture) {
            (true, false) => Holds::Picture,
            (false, true) => Holds::Sound,
            _ => Holds::Both,
        }
    }

    /// The last lines.
    pub fn lines(&self) -> String {
        self.lines.iter().map(String::as_str).collect::<Vec<_>>().join("; ")
    }

    fn masked(&self, line: &str) -> String {
        let mut line = line.to_owned();
        for secret in &self.secrets {
            line = line.replace(secret.as_str(), MASK);
        }
        let is_of_address = |letter: char| letter.is_ascii_hexdigit() || matches!(letter, '.' | ':');
        let mut masked = String::new();
        while !line.is_empty() {
            let end = line.find(|letter| !is_of_address(letter)).unwrap_or(line.len());
            let word = line[..end].trim_end_matches([':', '.']);
            let address = word.parse().ok().or_else(|| word.parse().ok().map(|socket: SocketAddr| socket.ip()));
            masked.push_str(if address.is_some_and(|address| address != self.own) { MASK } else { &line[..end] });
            let next = line[end..].find(is_of_address).map_or(line.len(), |next| end + next);
            masked.push_str(&line[end..next]);
            line.drain(..next);
        }
        masked.chars().take(LINE_LETTERS_MAX).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints() -> Complaints {
        Complaints::new(vec![Zeroizing::new("5ec7e7".into()), Zeroizing::new("70ce4".into())], [127, 0, 0, 1].into())
    }

    #[test]
    fn neither_secrets_nor_addresses_of_others_are_said_on() {
        let mut complaints = complaints();
        for line in [
            "[concat @ 0x55d4] [error] Impossible to open 'rtmp://127.0.0.1:1935/live/5ec7e7'",
            "[http @ 0x1] [error] Authorization: Bearer 70ce4 from 192.0.2.7:4711, [2001:db8::7]:80 and 192.0.2.8.",
            "[http @ 0x1] [warning] 5ec7e7",
            "00:36:31.437228/SRT:RcvQ:w1!W:SRT.cn: 192.0.2.7:80 came",
        ] {
            assert_eq!(complaints.hear(line), Heard::Words);
        }
        assert_eq!(
            complaints.lines(),
            "[concat @ 0x55d4] [error] Impossible to open 'rtmp://127.0.0.1:1935/live/…'; \
             [http @ 0x1] [error] Authorization: Bearer … from …, […]:80 and …"
        );
        (0..100).for_each(|_| _ = complaints.hear(&format!("[fatal] {}", "ä".repeat(9_999))));
        assert!(complaints.lines().chars().count() <= LINES_MAX * (LINE_LETTERS_MAX + 2));
    }

    /// As ffmpeg 5.1 says it.
    #[test]
    fn strangers_are_noticed() {
        for (line, heard) in [
            ("[rtmp @ 0x560d] [warning] Unexpected stream wrong, expecting 5ec7e7", Heard::LetIn),
            ("00:36:31.4/SRT:RcvQ:w1!W:SRT.cn: KMREQ/rcv: (snd) Rx process failure - BADSECRET", Heard::TurnedAway),
            (
                "00:36:32.7/SRT:RcvQ:w1!W:SRT.cn: rejected due to: INTERNAL REJECTION - ERROR:UNSECURE",
                Heard::TurnedAway,
            ),
        ] {
            let mut complaints = complaints();
            assert_eq!(complaints.hear(line), heard);
            assert_eq!(complaints.lines(), "", "it holds the key");
        }
    }

    /// As ffmpeg 5.1 says it.
    #[test]
    fn what_an_input_lacks_is_noticed() {
        let holds = |lines: &[&str]| {
            let mut complaints = complaints();
            lines.iter().for_each(|line| _ = complaints.hear(line));
            complaints.holds()
        };
        let no_sound = "[fatal] Stream map '0:a:0' matches no streams.";
        let no_picture =
            "[fatal] Stream specifier ':v:0' in filtergraph description [0:v:0]split=2[a][b] matches no streams.";
        assert_eq!(holds(&[no_sound]), Holds::Picture);
        assert_eq!(holds(&[no_picture]), Holds::Sound);
        assert_eq!(holds(&[no_sound, no_picture]), Holds::Both);
        assert_eq!(holds(&["[error] pipe:0: Input/output error"]), Holds::Both);
    }
}
