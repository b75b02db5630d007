//! The harness of the end-to-end tests: it starts the shipped binary, real OpenID providers and
//! real MCP clients, and says what a test needs in the words of the test.
//!
//! It fails by panicking, as tests do. The tests themselves are in `tests/`, one file per theme.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a harness reports a broken expectation by panicking, with the place of the test"
)]

/// Where the binary, the components, Node and its packages are.
pub mod artifacts;
/// Waiting for a condition, with a deadline.
pub mod wait;

/// The binary run to its end: `check`, `components`, refused configurations.
pub mod command;
/// Images as the server stores them.
pub mod gallery;
/// What a process under test wrote, and that no secret is in it.
pub mod logs;
/// A child process that never outlives its test.
pub mod process;
/// The shipped binary, running.
pub mod server;
/// What the binary is started with.
pub mod settings;

/// An HTTP caller with an identity, speaking MCP.
pub mod caller;
/// `WWW-Authenticate` read by the grammar.
pub mod challenge;
/// Requests that no HTTP library would send.
pub mod raw;

/// A person's browser, without a screen: cookies, redirects, forms.
pub mod browser;
/// A browser with a screen.
pub mod chromium;
/// Proofs of possession (RFC 9449).
pub mod dpop;
/// Which public addresses are served where; it learns the secrets that pass.
pub mod network;
/// An OAuth client that can be told to do everything wrong.
pub mod oauth_client;

/// A proxy in front of a provider that delays, cuts, changes and counts.
pub mod fault_proxy;
/// Forwarding one request, as proxies do.
pub mod forward;
/// One host name for several services, by the beginning of the path.
pub mod front;
/// Certificates.
pub mod tls;

/// A client that publishes its metadata.
pub mod client_document;
/// npm `oidc-provider`, running.
pub mod idp;
/// Signing keys and the JWKs of their public halves.
pub mod keys;
/// A provider that answers what a test tells it to.
pub mod scripted_idp;
/// Servers that are an OAuth server in front of a provider, with everything around them.
pub mod site;
/// Access tokens, honest and forged.
pub mod token;

/// The main job, done by the official MCP clients.
pub mod clients;
/// Components that a test builds from text.
pub mod components;
/// A disk of a few hundred kilobytes.
pub mod small_disk;
