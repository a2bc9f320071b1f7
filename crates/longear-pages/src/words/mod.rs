//! Everything the pages say, in every language, and how numbers, sizes and times are said.

mod ar;
mod catalogue;
mod en;
mod fa;
mod kk;
mod names;
mod plural;
mod ru;
mod voice;

pub(crate) use catalogue::Catalogue;
pub(crate) use plural::Forms;
pub(crate) use voice::{Voice, machine_time};
