//! Any bytes as a body, any header, any component file: a clear answer with a stable code, and
//! the server lives on.

mod bodies;
mod components;
mod connections;
