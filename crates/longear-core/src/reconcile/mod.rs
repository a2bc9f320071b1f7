//! What two nodes lack of each other's notes: a rateless invertible Bloom lookup table. Specified in
//! `docs/spec/reconcile.md`.
//!
//! Who gives puts its notes into [`Elements`] and lets an [`Encoder`] write coded symbols, as many as are asked for. Who asks
//! puts its own notes into [`Elements`] under the same [`Salt`] and hands what comes to a [`Decoder`], which says
//! when it knows the differences. What the two have in common costs nothing on the way: a thousand differences take some
//! 1,370 symbols of 17 bytes, whether among a thousand notes or a million.
//!
//! Source: Yang, Gilad, Alizadeh, "Practical Rateless Set Reconciliation", SIGCOMM 2024. Different from there: everything is computed with
//! whole numbers, so that any two machines agree on every symbol, and the check is a keyed hash of the short ID.
//!
//! ```
//! use longear_core::reconcile::{Decoder, Elements, Encoder, Progress, Salt};
//!
//! let salt = Salt([7; 16]);
//! let mut giver = Encoder::new(Elements::new(&salt, [&[1; 32], &[2; 32]])?);
//! let mut asker = Decoder::new(Elements::new(&salt, [&[2; 32], &[3; 32]])?);
//! let mut symbols = Vec::new();
//! while asker.take(&symbols)? == Progress::More {
//!     symbols.clear();
//!     giver.write(4, &mut symbols);
//! }
//! assert_eq!(giver.elements().position(asker.theirs()[0]), Some(0));
//! assert_eq!(asker.ours(), [1]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod decoder;
mod element;
mod encoder;
mod places;
mod symbol;

pub use decoder::{Decoder, Fault, Progress};
pub use element::{Elements, NoElements, Salt, ShortId};
pub use encoder::Encoder;
pub use symbol::SYMBOL_BYTES;
