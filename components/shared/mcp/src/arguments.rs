//! Checks the arguments of a tool call against the input schema of the tool, so that a tool
//! refuses what it does not understand, by name, before it does anything.

use std::fmt;

use rmcp::model::{CallToolResult, ContentBlock, JsonObject};

use crate::reply::ToolReply;

mod check;
use check::{At, check_object};
#[cfg(test)]
mod tests;

/// Faults that are told; a model mends a few at a time, and a client must not make answers grow.
const MAX_FAULTS: usize = 16;

/// What is wrong with the arguments of a tool call: one sentence for each fault, for the model
/// that made the call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArgumentErrors {
    faults: Vec<String>,
    untold: usize,
}

impl ArgumentErrors {
    /// One fault that a tool found by itself.
    pub fn new(fault: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.push(|| fault.into());
        errors
    }

    fn push(&mut self, fault: impl FnOnce() -> String) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault());
        } else {
            self.untold += 1;
        }
    }

    fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }
}

impl fmt::Display for ArgumentErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.faults.join("\n"))?;
        if self.untold > 0 {
            write!(formatter, "\nand {} more", self.untold)?;
        }
        Ok(())
    }
}

impl std::error::Error for ArgumentErrors {}

/// A result with `isError`, so that the model can mend its call (MCP 2025-11-25, tools, error
/// handling).
impl From<ArgumentErrors> for CallToolResult {
    fn from(errors: ArgumentErrors) -> Self {
        Self::error(vec![ContentBlock::text(errors.to_string())])
    }
}

impl From<ArgumentErrors> for ToolReply {
    fn from(errors: ArgumentErrors) -> Self {
        Self::Complete(errors.into())
    }
}

/// Checks arguments against an input schema.
///
/// Understands `type`, `properties`, `required`, `additionalProperties`, `items`, `enum`, `const`,
/// `anyOf`, and the bounds of numbers, strings and arrays; other keywords are the tool's
/// business. An argument that the schema does not name is refused unless `additionalProperties`
/// is there and not `false`.
///
/// # Errors
///
/// The faults, the argument named in each.
pub fn check_arguments(
    input_schema: &JsonObject,
    arguments: &JsonObject,
) -> Result<(), ArgumentErrors> {
    let mut errors = ArgumentErrors::default();
    check_object(input_schema, arguments, At::Root, &mut errors);
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}
