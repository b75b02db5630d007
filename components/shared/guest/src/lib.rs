//! Typed wrappers over the host capabilities that components import
