//! Fuzzes the targets of the store, the network and the program; which one, the variable `LONGEAR_FUZZ_TARGET` says.

#![no_main]
#![allow(unsafe_code)]

use std::sync::LazyLock;

static TARGET: LazyLock<longear_fuzz::Target> = LazyLock::new(|| longear_fuzz::chosen(longear_fuzz::NODE));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (TARGET.run)(bytes));
