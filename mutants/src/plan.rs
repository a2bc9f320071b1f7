//! Which mutants there are, which of them compile, and the program that holds them all.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::find;
use crate::render::{Numbered, Rendered, render, replaced};
use crate::tree::{ALL, CRATE, FIRST, QUICK_TO_BUILD, QUICK_TO_RUN, SWITCH, Tree};

/// Rounds of compiling after which what still does not compile is a fault of this program.
const ROUNDS_MAX: usize = 40;

/// Fewer mutants than this are not worth the time that optimising takes.
const FEW: usize = 200;

/// One file of the crate.
struct Source {
    /// From the root of the workspace.
    path: PathBuf,
    text: String,
    sites: Vec<Numbered>,
}

/// All mutants.
pub struct Plan {
    sources: Vec<Source>,
    /// Mutants that do not compile.
    unviable: BTreeSet<u32>,
    /// Mutants that cannot be switched on in a running program: they are built one by one.
    apart: BTreeSet<u32>,
}

/// One mutant.
#[derive(Clone, Copy)]
pub struct Mutant<'p> {
    /// Its file, from the root of the workspace.
    pub file: &'p Path,
    /// Its number.
    pub number: u32,
    /// The first number of its site.
    pub first: u32,
    source: &'p Source,
    site: &'p find::Site,
    change: &'p find::Change,
}

impl Mutant<'_> {
    /// What tells it from others, without the line, which moves.
    pub fn key(&self) -> String {
        let file = self.file.strip_prefix(Path::new(CRATE).join("src")).unwrap_or(self.file);
        format!("{} | {} | {}", file.display(), self.site.function, self.change.what)
    }

    /// What it does, and where.
    pub fn name(&self) -> String {
        format!("{}:{}: {}", self.file.display(), self.site.line, self.key())
    }
}

impl Plan {
    /// Finds the mutants of all files of the crate.
    ///
    /// # Errors
    /// Those of the disk, and files that are not Rust.
    pub fn make(workspace: &Path) -> std::io::Result<Self> {
        let mut paths = Vec::new();
        list_rust(&workspace.join(CRATE).join("src"), &mut paths)?;
        paths.sort();
        let (mut sources, mut first) = (Vec::new(), 1);
        for path in paths {
            let text = fs::read_to_string(&path)?;
            // A file of tests alone is declared under `cfg(test)` by another one.
            let is_tests = path.file_stem().is_some_and(|stem| stem == "tests");
            let sites = if is_tests { Vec::new() } else { find::sites(&text).map_err(std::io::Error::other)? };
            let sites = sites.into_iter().map(|site| {
                let numbered = Numbered { site, first };
                first = numbered.numbers().end;
                numbered
            });
            let sites = sites.collect();
            let path = path.strip_prefix(workspace).map_err(std::io::Error::other)?.to_path_buf();
            sources.push(Source { path, text, sites });
        }
        let mut plan = Plan { sources, unviable: BTreeSet::new(), apart: BTreeSet::new() };
        plan.apart = plan.mutants().filter(|mutant| mutant.site.apart).map(|mutant| mutant.number).collect();
        Ok(plan)
    }

    /// All mutants, in the order of files and lines.
    pub fn mutants(&self) -> impl Iterator<Item = Mutant<'_>> {
        self.sources.iter().flat_map(|source| {
            source.sites.iter().flat_map(move |numbered| {
                let (site, first) = (&numbered.site, numbered.first);
                let changes = numbered.numbers().zip(&site.mutants);
                changes.map(move |(number, change)| Mutant { file: &source.path, number, first, source, site, change })
            })
        })
    }

    /// Whether a mutant compiles, as far as that is known.
    pub fn is_unviable(&self, number: u32) -> bool {
        self.unviable.contains(&number)
    }

    /// Whether a mutant must be built alone.
    pub fn is_apart(&self, number: u32) -> bool {
        self.apart.contains(&number)
    }

    /// Builds the tests with switches for the `chosen` mutants, leaving out what does not compile.
    ///
    /// # Errors
    /// Those of the disk and of cargo.
    pub fn build(&mut self, tree: &Tree, chosen: &BTreeSet<u32>) -> std::io::Result<Vec<PathBuf>> {
        let opt_level = if chosen.len() < FEW { QUICK_TO_BUILD } else { QUICK_TO_RUN };
        for _ in 0..ROUNDS_MAX {
            let rendered = self.write(tree, chosen)?;
            // What does not compile is found in the quickest way, without the code of the unit tests.
            let built = match tree.build(FIRST, opt_level)? {
                Ok(_) => tree.build(ALL, opt_level)?,
                refused => refused,
            };
            let objections = match built {
                Ok(programs) => return Ok(programs),
                Err(objections) => objections,
            };
            for objection in objections {
                let file = rendered.iter().find(|(path, _)| *path == objection.file);
                let (path, words) = (objection.file.display(), &objection.message);
                let nowhere = || std::io::Error::other(format!("{path}: outside of all mutants: {words}"));
                let (_, rendered) = file.ok_or_else(nowhere)?;
                let around = |(_, range): &&(u32, std::ops::Range<usize>)| {
                    range.start <= objection.start && objection.end <= range.end
                };
                let length = |(_, range): &&(u32, std::ops::Range<usize>)| range.len();
                if let Some((number, _)) = rendered.mutants.iter().filter(around).min_by_key(length) {
                    self.unviable.insert(*number);
                } else {
                    // The switch itself disturbs the compiler here.
                    let (first, _) = rendered.sites.iter().filter(around).min_by_key(length).ok_or_else(nowhere)?;
                    let of_site = self.mutants().filter(|mutant| mutant.first == *first);
                    let of_site = of_site.map(|mutant| mutant.number).collect::<Vec<_>>();
                    self.apart.extend(of_site);
                }
            }
        }
        Err(std::io::Error::other("the switches do not compile"))
    }

    fn write(&self, tree: &Tree, chosen: &BTreeSet<u32>) -> std::io::Result<Vec<(PathBuf, Rendered)>> {
        let all = self.mutants().map(|mutant| mutant.number);
        let is_out = |number: &u32| !chosen.contains(number) || self.is_unviable(*number) || self.is_apart(*number);
        let out = all.filter(is_out).collect();
        let rendered = self.sources.iter().map(|source| {
            let rendered = render(&while_running(&source.text), &source.sites, &out);
            let switch = if source.path.ends_with("src/lib.rs") { SWITCH } else { "" };
            tree.write(&source.path, &format!("{}{switch}", rendered.text))?;
            Ok((source.path.clone(), rendered))
        });
        rendered.collect()
    }

    /// Writes the crate with one mutant and nothing else.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write_alone(&self, tree: &Tree, mutant: &Mutant<'_>) -> std::io::Result<()> {
        for source in &self.sources {
            if std::ptr::eq(source, mutant.source) {
                tree.write(&source.path, &replaced(&source.text, mutant.site, &mutant.change.code))?;
            } else {
                tree.write(&source.path, &source.text)?;
            }
        }
        Ok(())
    }
}

/// A file whose functions are computed while the program runs, so that switches can stand in them. Every byte keeps its
/// place.
fn while_running(text: &str) -> String {
    text.replace("const fn ", "      fn ")
}

fn list_rust(folder: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list_rust(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
    Ok(())
}
