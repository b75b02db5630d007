//! Policy component for an OIDC resource server
