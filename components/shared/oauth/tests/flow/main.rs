//! The flow as clients and users meet it, with a scripted provider, a store with real
//! compare-and-set, and several servers that share the two. Rows are those of the attack list.

mod access;
mod consent;
mod happy;
mod provider;
mod support;
mod world;
