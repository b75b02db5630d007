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
//! * [`config`], [`call`], [`log`]: what every step of the flow has at hand
//! * [`proxy`]: the policy, which leads requests to the endpoints
//! * [`authorize`], [`consent`], [`callback`]: a user signs in, by way of the provider
//! * [`browser`], [`transaction`], [`remembered`], [`navigation`], [`parcel`]: how that is kept in one
//!   browser, and where a browser goes
//! * [`provider`], [`upstream`], [`id_token`], [`sign_in`], [`access_token_rules`]: the provider
//! * [`token`], [`revoke`]: a client gets tokens, and gives them back
//! * [`session`], [`grant`], [`access_token`], [`issue`], [`family`], [`revocation`], [`proof`]: what
//!   tokens are, and how they end
//! * [`protected`]: what they are good for
//! * [`resource`], [`scope`]: what clients may ask for
//! * [`answer`], [`page`], [`display`], [`local_page`]: what a client and what a person gets to see

pub mod access_token;
pub mod access_token_rules;
pub mod answer;
pub mod authorize;
pub mod browser;
pub mod call;
pub mod callback;
pub mod client;
pub mod client_authentication;
pub mod config;
pub mod consent;
pub mod cookie;
pub mod display;
pub mod family;
pub mod form;
pub mod grant;
pub mod id_token;
pub mod issue;
pub mod local_page;
pub mod location;
pub mod log;
pub mod metadata;
pub mod navigation;
pub mod page;
pub mod parcel;
pub mod proof;
pub mod protected;
pub mod provider;
pub mod proxy;
pub mod random;
pub mod redirect;
pub mod registration;
pub mod remembered;
pub mod resource;
pub mod revocation;
pub mod revoke;
pub mod scope;
pub mod seal;
pub mod secret;
pub mod services;
pub mod session;
pub mod sign_in;
pub mod token;
pub mod transaction;
pub mod upstream;

pub use proxy::Proxy;
