//! The box view: pages that need no script.
