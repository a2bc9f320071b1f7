//! What somebody holds of each day of a room, as nodes tell each other.

use super::sheaf::DaySum;
use crate::bytes::{Reader, Writer, ascends};
use crate::limits::ROOM_DAYS_MAX;
use crate::reason::Reason;

/// Days that are told at most: the longest retention, the day before it, and tomorrow.
const DAYS_MAX: usize = ROOM_DAYS_MAX as usize + 2;
/// Bytes of one day.
const DAY_BYTES: usize = 24;
/// The longest answer.
pub const DAYS_BYTES_MAX: usize = 2 + DAYS_MAX * DAY_BYTES;

/// Writes days, which ascend; of too many the newest.
pub fn write_days(days: &[(u32, DaySum)]) -> Vec<u8> {
    let days = &days[days.len().saturating_sub(DAYS_MAX)..];
    let mut out = Writer::new();
    out.u16(days.len() as u16);
    for (day, sum) in days {
        out.u32(*day).u32(sum.notes).raw(&sum.sum);
    }
    out.into_bytes()
}

/// Reads what [`write_days`] wrote.
///
/// # Errors
/// What is wrong with its form.
pub fn read_days(bytes: &[u8]) -> Result<Vec<(u32, DaySum)>, Reason> {
    let mut input = Reader::new(bytes);
    let count = usize::from(input.u16()?);
    if count > DAYS_MAX {
        return Err(Reason::TooMany { what: "days", max: DAYS_MAX });
    }
    let (mut days, mut last) = (Vec::with_capacity(count), None);
    for _ in 0..count {
        let day = input.u32()?;
        ascends(&mut last, day, "order of days")?;
        let notes = input.u32()?;
        days.push((day, DaySum { notes, sum: input.array()? }));
    }
    input.finish()?;
    Ok(days)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn some(count: u32) -> Vec<(u32, DaySum)> {
        (0..count).map(|day| (day + 9, DaySum { notes: day, sum: [day as u8; 16] })).collect()
    }

    #[test]
    fn days_read_back_and_of_too_many_the_newest_are_told() {
        assert_eq!(read_days(&write_days(&some(3))), Ok(some(3)));
        let many = some(DAYS_MAX as u32 + 5);
        let bytes = write_days(&many);
        assert_eq!(bytes.len(), DAYS_BYTES_MAX);
        assert_eq!(read_days(&bytes).unwrap(), many[5..]);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let code = |bytes: &[u8]| read_days(bytes).unwrap_err().code();
        let good = write_days(&some(2));
        assert_eq!(code(&good[..good.len() - 1]), "truncated");
        assert_eq!(code(&[&good[..], &[0]].concat()), "trailing-bytes");
        assert_eq!(code(&u16::MAX.to_le_bytes()), "too-many");
        let turned = write_days(&some(2).into_iter().rev().collect::<Vec<_>>());
        assert_eq!(code(&turned), "not-canonical");
    }
}
