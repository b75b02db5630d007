//! This test program, run once more as a process that may be killed or limited.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the directory for a child, and marks it as one.
const DIRECTORY: &str = "STORE_TEST_DIRECTORY";

/// The command line of a child that runs one ignored test.
pub(super) fn command(test: &str, directory: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments(test)).env(DIRECTORY, directory);
    command
}

/// The same behind a shell that limits the size of files, in KiB. A write beyond it fails, since
/// the signal that would end the process is ignored.
pub(super) fn limited(test: &str, directory: &Path, kib: u32) -> Command {
    let mut command = Command::new("sh");
    // `ulimit -f` counts in blocks of 512 bytes (POSIX, ulimit).
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kib * 2);
    command
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap());
    command.args(arguments(test)).env(DIRECTORY, directory);
    command
}

/// In a child: the directory. Else `None`: an ignored test run by hand does nothing.
pub(super) fn directory() -> Option<PathBuf> {
    std::env::var_os(DIRECTORY).map(PathBuf::from)
}

/// Tells the parent something. Written at once, whatever happens next.
pub(super) fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")
        .and_then(|()| stdout.flush())
        .unwrap();
}

fn arguments(test: &str) -> [String; 5] {
    let name = format!("store::tests::{test}");
    [
        "--exact".to_owned(),
        name,
        "--ignored".to_owned(),
        "--nocapture".to_owned(),
        "-q".to_owned(),
    ]
}
