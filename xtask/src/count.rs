//! Reads from the output of test programs how many tests passed, failed and were left out.

use std::fmt;
use std::ops::AddAssign;

/// Counts tests; it is only ever filled from what a test program itself printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl Count {
    /// Reads one line of output; `None` if it closes no test run.
    ///
    /// Understood are the closing lines of cargo-nextest and of cargo test, and the plain `N passed, N failed`.
    pub fn read(line: &str) -> Option<Self> {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("Summary [") {
            return Self::read_numbers(rest.split_once(':')?.1);
        }
        if let Some(rest) = line.strip_prefix("test result: ") {
            return Self::read_numbers(rest.split_once(". ")?.1);
        }
        if line.starts_with(|character: char| character.is_ascii_digit()) {
            let count = Self::read_numbers(line)?;
            return line.contains(" failed").then_some(count);
        }
        None
    }

    /// Reads `3 passed, 1 failed (1 timed out), 2 skipped`, in any order, separated by commas or semicolons.
    fn read_numbers(text: &str) -> Option<Self> {
        let mut count = Self::default();
        let mut seen_passed = false;
        for part in text.split([',', ';']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(word)) = (words.next(), words.next()) else {
                continue;
            };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match word {
                "passed" => {
                    count.passed = number;
                    seen_passed = true;
                }
                "failed" | "timed" => count.failed += number,
                "ignored" | "skipped" => count.skipped = number,
                _ => {}
            }
        }
        seen_passed.then_some(count)
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(out, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(passed: u64, failed: u64, skipped: u64) -> Option<Count> {
        Some(Count { passed, failed, skipped })
    }

    #[test]
    fn closing_lines_of_each_runner_are_read() {
        let nextest = "     Summary [   0.005s] 9 tests run: 6 passed (1 slow), 2 failed, 1 timed out, 4 skipped";
        assert_eq!(Count::read(nextest), count(6, 3, 4));
        let cargo = "test result: FAILED. 5 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(Count::read(cargo), count(5, 1, 2));
        assert_eq!(Count::read("12 passed, 0 failed"), count(12, 0, 0));
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in
            ["", "running 3 tests", "test a ... ok", "3 passed", "Summary: all good", "refused: 3 passed, 0 failed x"]
        {
            assert_eq!(Count::read(line), None, "{line}");
        }
    }

    #[test]
    fn the_closing_line_names_skipped_tests_only_where_there_are_some() {
        assert_eq!(Count { passed: 3, failed: 0, skipped: 0 }.to_string(), "3 passed, 0 failed");
        assert_eq!(Count { passed: 3, failed: 1, skipped: 2 }.to_string(), "3 passed, 1 failed, 2 skipped");
    }
}
