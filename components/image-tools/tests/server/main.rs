//! The whole server in one process: real protocol, real tools, capabilities in memory.

mod gallery;
mod generate;
mod support;
mod surface;
mod view;
