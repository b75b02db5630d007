//! A disk of a few hundred kilobytes, to be filled.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A memory file system of its own, unmounted when dropped.
pub struct SmallDisk {
    mount_point: TempDir,
}

impl SmallDisk {
    /// Mounts one of a size in KiB; `None`, with a visible message, when this user may not.
    pub fn mount(kilobytes: u32) -> Option<Self> {
        let mount_point = TempDir::new().unwrap();
        let options = format!("size={kilobytes}k,mode=0700");
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(mount_point.path())
            .output();
        match output {
            Ok(output) if output.status.success() => Some(Self { mount_point }),
            refused => {
                // Not by a macro: those are hidden while a test passes.
                let _ = writeln!(
                    std::io::stderr(),
                    "SKIPPED: a full disk needs the right to mount a tmpfs: {refused:?}"
                );
                None
            }
        }
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.mount_point.path()
    }

    /// Takes all space that is left.
    pub fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = std::fs::File::create(&path).unwrap();
        while file.write(&[0; 4096]).is_ok_and(|count| count > 0) {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process under test may still be closing its files.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
