//! The Model Context Protocol over HTTP, pure: classification, JSON-RPC, dispatch
