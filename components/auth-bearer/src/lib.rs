//! Policy component for static bearer tokens
