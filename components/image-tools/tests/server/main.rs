//! The whole server in one process: real protocol, real tools, capabilities in memory.

mod browse;
mod compose;
mod gallery;
mod generate;
mod imports;
mod orders;
mod python;
mod spending;
mod styles;
mod support;
mod surface;
mod transfers;
mod view;
