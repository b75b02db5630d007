//! What clients are known to take. Results and definitions are made to stay below, and tests hold
//! them to it.

/// Longest result of a tool, in characters: Claude Desktop refuses more.
pub const RESULT_CHARS: usize = 1_048_576;

/// Longest text of a tool result, in characters: Claude Code puts more into a file, unless the
/// tool says that it may be longer.
pub const TEXT_CHARS: usize = 50_000;

/// Longest text that a tool may ask Claude Code to take, in characters (`_meta` of its definition,
/// `anthropic/maxResultSizeChars`).
pub const LONG_TEXT_CHARS: usize = 500_000;

/// Longest description of a tool, and longest instructions, in bytes: Claude Code cuts off the rest.
pub const DESCRIPTION_BYTES: usize = 2048;

/// Longest name of a tool, in characters, after a client has put the name of the server before it.
pub const TOOL_NAME_CHARS: usize = 64;
