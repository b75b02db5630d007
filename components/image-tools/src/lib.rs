//! The image tools as an MCP server component
