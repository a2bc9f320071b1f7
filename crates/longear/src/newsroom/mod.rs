//! What a publisher does: founding a channel, changing its charter, signing items and statements.

pub mod change;
pub mod founding;
pub mod signing;
