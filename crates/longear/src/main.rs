//! The longear command: newsroom, box and courier in one binary.

fn main() {}
