//! Checks of the contracts in `wit/`: that they resolve, that they are laid out and documented as
//! the project wants, and that a built component asks for nothing beyond its world. It runs no
//! component.

pub mod component;
pub mod contracts;
pub mod documentation;
pub mod layout;
