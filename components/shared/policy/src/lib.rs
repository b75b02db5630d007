//! The rules of the policy components: bearer parsing, claim rules, challenges, metadata documents.
//!
//! Pure: plain values in, plain values out. The clock is a field of the request; keys and settings
//! come through two small traits that a component implements with its imports and a test with a
//! table. In the order in which a request meets them:
//!
//! * [`settings`]: what the deployment says, read once per instance
//! * [`location`]: where this server is
//! * [`credential`]: the one bearer token of a request, or why there is none
//! * [`dpop`]: proof that the caller has the key to which a token is bound
//! * [`static_tokens`]: tokens that are configured rather than signed
//! * [`anonymous`], [`bearer`], [`remote`]: the three policies
//! * [`allow`]: which users of the provider may call
//! * [`keys`]: the host's discovery, signature and introspection service
//! * [`http`], [`state`], [`rates`]: the other services of the host
//! * [`scopes`]: which operation needs which
//! * [`profile`]: what tools may know of a user
//! * [`refusal`], [`challenge`]: how a refusal looks, and the grammar of `WWW-Authenticate`
//! * [`json`], [`loggable`]: foreign text, read and printed without ambiguity
//! * [`types`]: the values of the contract

pub mod allow;
pub mod anonymous;
pub mod bearer;
pub mod challenge;
pub mod credential;
pub mod dpop;
pub mod http;
pub mod json;
pub mod keys;
pub mod location;
pub mod loggable;
pub mod profile;
pub mod rates;
pub mod refusal;
pub mod remote;
pub mod scopes;
pub mod settings;
pub mod state;
pub mod static_tokens;
pub mod types;

pub use bearer::Bearer;
pub use remote::Remote;
