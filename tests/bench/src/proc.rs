//! What the kernel knows about a process: which cores it may use, its memory, its CPU time.
//! Linux only; elsewhere nothing is pinned and the figures are absent.

use std::{
    fs,
    process::{Child, Command},
    time::Duration,
};

/// Kernel clock ticks per second in `/proc/<pid>/stat`: `USER_HZ`, 100 on every Linux that Rust supports.
const TICKS_PER_SECOND: u32 = 100;

/// Memory and CPU time of a process at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Resident set now, in KiB (`VmRSS`).
    pub resident_kib: Option<u64>,
    /// Largest resident set since the last [`reset_peak`], in KiB (`VmHWM`).
    pub peak_kib: Option<u64>,
    /// User plus system time since the start.
    pub cpu: Option<Duration>,
}

impl Usage {
    /// Reads the figures of a process; those that cannot be read are `None`.
    pub fn of(pid: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        Self {
            resident_kib: field_kib(&status, "VmRSS:"),
            peak_kib: field_kib(&status, "VmHWM:"),
            cpu: cpu_time(&stat),
        }
    }
}

/// Makes the kernel forget the peak so far (proc(5), `clear_refs`), so that the next peak is of one measurement.
pub fn reset_peak(pid: u32) {
    // Where the kernel lacks this file the peak is that of the whole life: larger, never smaller.
    let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
}

/// Which cores the bench may use, and how it divides them.
#[derive(Debug, Clone, Default)]
pub struct Cores {
    allowed: Vec<usize>,
}

impl Cores {
    /// The cores that this process was started with.
    pub fn allowed() -> Self {
        Self {
            allowed: affinity::current(),
        }
    }

    /// The core of the server under test, where there is more than one core.
    pub fn server(&self) -> Option<usize> {
        self.allowed
            .first()
            .copied()
            .filter(|_| self.allowed.len() > 1)
    }

    /// The core of the load generator, where there is more than one core.
    pub fn load(&self) -> Option<usize> {
        self.allowed
            .last()
            .copied()
            .filter(|_| self.allowed.len() > 1)
    }

    /// Keeps this thread, and what it starts from now on, on the load core.
    pub fn pin_load(&self) {
        if let Some(core) = self.load() {
            affinity::set(&[core]);
        }
    }

    /// Starts a process on the server core. A child inherits the affinity of the thread that starts it.
    pub fn spawn_on_server(&self, command: &mut Command) -> std::io::Result<Child> {
        match self.server() {
            Some(core) => self.spawn_on(&[core], command),
            None => command.spawn(),
        }
    }

    /// Starts a process that may use every core, as an operator would.
    pub fn spawn_anywhere(&self, command: &mut Command) -> std::io::Result<Child> {
        self.spawn_on(&self.allowed, command)
    }

    fn spawn_on(&self, cores: &[usize], command: &mut Command) -> std::io::Result<Child> {
        affinity::set(cores);
        let child = command.spawn();
        self.pin_load();
        child
    }
}

#[cfg(target_os = "linux")]
mod affinity {
    use nix::{
        sched::{CpuSet, sched_getaffinity, sched_setaffinity},
        unistd::Pid,
    };

    pub fn current() -> Vec<usize> {
        let Ok(set) = sched_getaffinity(Pid::from_raw(0)) else {
            return Vec::new();
        };
        (0..CpuSet::count())
            .filter(|core| set.is_set(*core).unwrap_or(false))
            .collect()
    }

    pub fn set(cores: &[usize]) {
        let mut set = CpuSet::new();
        let named = cores.iter().filter(|core| set.set(**core).is_ok()).count();
        if named > 0 {
            // Figures of an unpinned run are still figures: the report shows how busy each side was.
            let _ = sched_setaffinity(Pid::from_raw(0), &set);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod affinity {
    pub fn current() -> Vec<usize> {
        Vec::new()
    }

    pub fn set(_cores: &[usize]) {}
}

fn field_kib(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Fields 14 and 15 of proc(5) `stat`; counted after the last `)`, since a command name may hold spaces.
fn cpu_time(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(Duration::from_secs(u64::from(user) + u64::from(system)) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{cpu_time, field_kib};

    #[test]
    fn status_fields_are_read_by_name() {
        let status = "Name:\thost\nVmHWM:\t   12345 kB\nVmRSS:\t    6789 kB\n";
        assert_eq!(field_kib(status, "VmHWM:"), Some(12_345));
        assert_eq!(field_kib(status, "VmRSS:"), Some(6_789));
        assert_eq!(field_kib(status, "VmSwap:"), None);
    }

    #[test]
    fn cpu_time_survives_a_command_name_with_spaces_and_brackets() {
        let stat = "42 (a (odd) name) S 1 42 42 0 -1 4194304 900 0 0 0 150 50 0 0 20 0 4 0 100 1 2";
        assert_eq!(cpu_time(stat), Some(Duration::from_secs(2)));
        assert_eq!(cpu_time("no brackets"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory_and_cores() {
        let usage = super::Usage::of(std::process::id());
        assert!(usage.resident_kib.is_some_and(|kib| kib > 100));
        assert!(usage.peak_kib >= usage.resident_kib);
        assert!(!super::Cores::allowed().allowed.is_empty());
    }
}
