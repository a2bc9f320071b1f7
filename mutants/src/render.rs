//! Writes all mutants of a file into it at once, each behind a switch.
//!
//! Building the core and its tests takes seconds, and there are more than a thousand mutants: so all of them are built
//! into one program, and a variable of the environment says which one is on. `a < b` becomes
//!
//! ```text
//! (match crate::mutation::on(7) { 7 => (a) == (b), 8 => (a) > (b), 9 => (a) <= (b), _ => (a) < (b) })
//! ```
//!
//! One mutant is on at a time, so what stands inside another mutant needs no switches.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::find::{Form, Site};

/// A site with the numbers of its mutants.
#[derive(Debug)]
pub struct Numbered {
    /// The site.
    pub site: Site,
    /// The number of its first mutant; the others follow.
    pub first: u32,
}

impl Numbered {
    /// The numbers of its mutants.
    pub fn numbers(&self) -> Range<u32> {
        self.first..self.first + self.site.mutants.len() as u32
    }
}

/// A file with switches.
#[derive(Debug, Default)]
pub struct Rendered {
    /// Its text.
    pub text: String,
    /// Which parts of the text belong to which mutant.
    pub mutants: Vec<(u32, Range<usize>)>,
    /// Which parts belong to which site, by its first number.
    pub sites: Vec<(u32, Range<usize>)>,
}

/// Writes the sites into the text, without the mutants that are `out`.
pub fn render(source: &str, sites: &[Numbered], out: &BTreeSet<u32>) -> Rendered {
    let mut renderer = Renderer { source, out, rendered: Rendered::default() };
    renderer.part(0..source.len(), sites);
    renderer.rendered
}

/// The text with one mutant in the place of what was there.
pub fn replaced(source: &str, site: &Site, code: &str) -> String {
    let (before, after) = (&source[..site.range.start], &source[site.range.end..]);
    match &site.form {
        Form::Binary { operator, .. } => format!("{}{code}{}", &source[..operator.start], &source[operator.end..]),
        Form::Unary { operand } => format!("{before}{}{after}", &source[operand.clone()]),
        Form::Guard if site.range.is_empty() => format!("{before} if {code}{after}"),
        Form::Guard => format!("{before}{code}{after}"),
        Form::Body { end } => format!("{before} {code} {}", &source[*end..]),
    }
}

struct Renderer<'s> {
    source: &'s str,
    out: &'s BTreeSet<u32>,
    rendered: Rendered,
}

impl Renderer<'_> {
    fn push(&mut self, text: &str) {
        self.rendered.text.push_str(text);
    }

    /// Writes a part of the source, with those of `sites` that lie in it.
    fn part(&mut self, range: Range<usize>, sites: &[Numbered]) {
        let mut at = range.start;
        let mut rest = sites;
        while let Some((numbered, behind)) = rest.split_first() {
            let of_site = &numbered.site.range;
            if of_site.start < at || of_site.end > range.end {
                rest = behind;
                continue;
            }
            let inside = behind.partition_point(|other| other.site.range.end <= of_site.end && !of_site.is_empty());
            let (inside, behind) = behind.split_at(inside);
            self.push(&self.source[at..of_site.start]);
            let start = self.rendered.text.len();
            self.site(numbered, inside);
            self.rendered.sites.push((numbered.first, start..self.rendered.text.len()));
            at = of_site.end;
            rest = behind;
        }
        self.push(&self.source[at..range.end]);
    }

    fn site(&mut self, numbered: &Numbered, inside: &[Numbered]) {
        let site = &numbered.site;
        let left_in = numbered.numbers().zip(&site.mutants).filter(|(number, _)| !self.out.contains(number));
        let left_in = left_in.map(|(number, change)| (number, change.code.clone())).collect::<Vec<_>>();
        let of = |range: &Range<usize>| self.source[range.clone()].to_owned();
        let whole = of(&site.range);
        if left_in.is_empty() {
            return self.part(site.range.clone(), inside);
        }
        let on = format!("match crate::mutation::on({}) {{ ", numbered.first);
        match &site.form {
            Form::Binary { left, operator, right } => {
                let (l, o, r) = (of(left), of(operator), of(right));
                self.push(&format!("({on}"));
                self.arms(&left_in, |code| format!("({l}) {code} ({r})"));
                // What is assigned to stays bare: in parentheses it would be a value.
                self.push(if o.ends_with('=') && !is_comparison(&o) { "_ => { " } else { "_ => { (" });
                self.part(left.clone(), inside);
                self.push(if o.ends_with('=') && !is_comparison(&o) { " " } else { ") " });
                self.push(&format!("{o} ("));
                self.part(right.clone(), inside);
                self.push(") } })");
            }
            Form::Unary { operand } => {
                self.push(&format!("({on}"));
                self.arms(&left_in, |_| format!("({})", of_text(self.source, operand)));
                self.push(&format!("_ => {}(", &self.source[site.range.start..operand.start]));
                self.part(operand.clone(), inside);
                self.push(") })");
            }
            Form::Guard => {
                self.push(if site.range.is_empty() { " if (" } else { "(" });
                self.push(&on);
                self.arms(&left_in, str::to_owned);
                self.push("_ => ");
                self.push(if whole.is_empty() { "true" } else { "(" });
                self.part(site.range.clone(), inside);
                self.push(if whole.is_empty() { " })" } else { ") })" });
            }
            Form::Body { .. } => {
                self.push(&format!(" {on}"));
                self.arms(&left_in, |code| format!("return {code}"));
                self.push("_ => {} } ");
            }
        }
    }

    fn arms(&mut self, mutants: &[(u32, String)], form: impl Fn(&str) -> String) {
        for (number, code) in mutants {
            self.push(&format!("{number} => "));
            let start = self.rendered.text.len();
            // In braces: an arm must not be read on into the next one.
            self.push(&format!("{{ {} }}", form(code)));
            self.rendered.mutants.push((*number, start..self.rendered.text.len()));
            self.push(" ");
        }
    }
}

fn of_text(source: &str, range: &Range<usize>) -> String {
    source[range.clone()].to_owned()
}

fn is_comparison(operator: &str) -> bool {
    matches!(operator, "==" | "!=" | "<=" | ">=")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::sites;

    fn numbered(source: &str) -> Vec<Numbered> {
        let mut first = 1;
        let sites = sites(source).expect("it is Rust").into_iter().map(|site| {
            let numbered = Numbered { site, first };
            first = numbered.numbers().end;
            numbered
        });
        sites.collect()
    }

    #[test]
    fn switches_nest_and_mutants_that_are_out_leave_no_trace() {
        let source = "fn f(a: u8) -> bool { a + 1 < 2 }";
        let sites = numbered(source);
        let rendered = render(source, &sites, &BTreeSet::from([1, 5]));
        let expected = "fn f(a: u8) -> bool { match crate::mutation::on(1) { 2 => { return false } _ => {} }  \
                        (match crate::mutation::on(3) { 3 => { (a + 1) == (2) } 4 => { (a + 1) > (2) } _ => { (\
                        (match crate::mutation::on(6) { 6 => { (a) - (1) } 7 => { (a) * (1) } _ => { (a) + (1) } })\
                        ) < (2) } }) }";
        assert_eq!(rendered.text, expected);
        for (number, range) in &rendered.mutants {
            assert!(!rendered.text[range.clone()].contains("match"), "{number}");
        }
        assert_eq!(render(source, &sites, &(1..8).collect()).text, source);
    }

    #[test]
    fn a_mutant_alone_is_the_plain_change() {
        let source = "fn f(a: u8) -> bool { match a { 0 => !true, 1 if a < 2 => true, _ => false } }";
        let texts = numbered(source).into_iter().flat_map(|numbered| {
            let site = &numbered.site;
            site.mutants.iter().map(|change| replaced(source, site, &change.code)).collect::<Vec<_>>()
        });
        let texts = texts.collect::<Vec<_>>();
        for expected in [
            "fn f(a: u8) -> bool { true }",
            "fn f(a: u8) -> bool { match a { 0 if false => !true, 1 if a < 2 => true, _ => false } }",
            "fn f(a: u8) -> bool { match a { 0 => true, 1 if a < 2 => true, _ => false } }",
            "fn f(a: u8) -> bool { match a { 0 => !true, 1 if a == 2 => true, _ => false } }",
            "fn f(a: u8) -> bool { match a { 0 => !true, 1 if true => true, _ => false } }",
        ] {
            assert!(texts.iter().any(|text| text == expected), "{expected}\n{texts:#?}");
        }
    }
}
