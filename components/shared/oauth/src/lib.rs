//! The rules of an OAuth authorization server that signs its users in at an OpenID provider.
//!
//! Pure: plain values in, plain values out. Time is a field of the request; randomness, storage,
//! keys and the network come through the small traits of [`services`], which a component implements
//! with its imports and a test with a table. In the order in which a request meets them:
//!
//! * [`services`]: what the rules ask of the world
//! * [`location`]: which path leads to which endpoint
//! * [`form`], [`cookie`]: what a browser or a client sends
//! * [`client`]: who asks: registered here, described by a document, or configured
//! * [`registration`]: how a client introduces itself (RFC 7591)
//! * [`client_authentication`]: how it proves who it is
//! * [`redirect`]: where an answer may be sent
//! * [`metadata`]: what a client reads first (RFC 8414, RFC 9728)
//! * [`seal`], [`random`]: what this server hands out and later recognises
//! * [`answer`], [`page`], [`display`]: what a client and what a person gets to see

pub mod answer;
pub mod client;
pub mod client_authentication;
pub mod cookie;
pub mod display;
pub mod form;
pub mod location;
pub mod metadata;
pub mod page;
pub mod random;
pub mod redirect;
pub mod registration;
pub mod seal;
pub mod services;
