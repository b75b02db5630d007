//! What a person sees: pages without scripts, and the header fields that every page has.
//!
//! Everything that comes from a client is cleaned, cut and escaped, and marked as its own word: the
//! only thing about a stranger that is certain is where the answer goes.

mod consent;
mod html;
mod message;
mod shell;
mod words;

pub use consent::ConsentPage;
pub use message::MessagePage;

/// Name of the buttons of [`ConsentPage`].
pub const DECISION: &str = "decision";
/// Value of the button that agrees.
pub const APPROVE: &str = "approve";
/// Value of the button that refuses.
pub const DENY: &str = "deny";
