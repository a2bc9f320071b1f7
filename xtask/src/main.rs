//! Build, test, bench and demo entry points.

fn main() {}
