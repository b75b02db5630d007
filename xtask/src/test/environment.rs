//! The environment variables that tell tests and the benchmark where the built parts are.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::components::{DEFAULT, FIXTURES};
use crate::host;
use crate::workspace::Workspace;

/// Names and values, for the tests of every group.
pub struct Environment(Vec<(&'static str, OsString)>);

/// Where the host, the components and the fixtures are, whether or not they have been built.
pub fn of_programs(workspace: &Workspace) -> Environment {
    Environment(vec![
        (
            "IMAGE_GENERATION_MCP_TEST_BIN",
            host::binary(workspace).into(),
        ),
        (
            "IMAGE_GENERATION_MCP_TEST_COMPONENTS",
            DEFAULT.folder(workspace).into(),
        ),
        (
            "IMAGE_GENERATION_MCP_TEST_FIXTURES",
            FIXTURES.folder(workspace).into(),
        ),
    ])
}

impl Environment {
    /// Also the Node that is new enough for the npm packages of the tests.
    pub fn with_node(mut self, node: PathBuf) -> Self {
        self.0.push(("IMAGE_GENERATION_MCP_TEST_NODE", node.into()));
        self
    }

    /// Sets the variables for one program.
    pub fn apply(&self, command: &mut Command) {
        command.envs(self.0.iter().map(|(name, value)| (name, value)));
    }
}
