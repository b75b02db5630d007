//! What the kernel knows about a process: which cores it may use, its memory, its CPU time.
//! Linux only; elsewhere nothing is pinned and the figures are absent.

use std::{
    fs,
    process::{Child, Command},
    time::Duration,
};

/// Memory and CPU time of a process at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Resident set now, in KiB (`VmRSS`).
    pub resident_kib: Option<u64>,
    /// Largest resident set since the last [`reset_peak`], in KiB (`VmHWM`).
    pub peak_kib: Option<u64>,
    /// User plus system time of all threads since the start, those that have ended included.
    pub cpu: Option<Duration>,
}

impl Usage {
    /// Reads the figures of a process; those that cannot be read are `None`.
    pub fn of(pid: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        Self {
            resident_kib: field_kib(&status, "VmRSS:"),
            peak_kib: field_kib(&status, "VmHWM:"),
            cpu: kernel::cpu_time(pid),
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
            allowed: kernel::cores(),
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
            kernel::pin(&[core]);
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
        kernel::pin(cores);
        let child = command.spawn();
        self.pin_load();
        child
    }
}

#[cfg(target_os = "linux")]
mod kernel {
    use std::time::Duration;

    use nix::{
        sched::{CpuSet, sched_getaffinity, sched_setaffinity},
        time::{clock_getcpuclockid, clock_gettime},
        unistd::Pid,
    };

    /// In nanoseconds; `/proc/<pid>/stat` counts in ticks of 10 ms, which is coarse for a window.
    pub fn cpu_time(pid: u32) -> Option<Duration> {
        let clock = clock_getcpuclockid(Pid::from_raw(pid.try_into().ok()?)).ok()?;
        clock_gettime(clock).ok().map(Duration::from)
    }

    pub fn cores() -> Vec<usize> {
        let Ok(set) = sched_getaffinity(Pid::from_raw(0)) else {
            return Vec::new();
        };
        (0..CpuSet::count())
            .filter(|core| set.is_set(*core).unwrap_or(false))
            .collect()
    }

    pub fn pin(cores: &[usize]) {
        let mut set = CpuSet::new();
        let named = cores.iter().filter(|core| set.set(**core).is_ok()).count();
        if named > 0 {
            // Figures of an unpinned run are still figures: the report shows how busy each side was.
            let _ = sched_setaffinity(Pid::from_raw(0), &set);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod kernel {
    pub fn cpu_time(_pid: u32) -> Option<std::time::Duration> {
        None
    }

    pub fn cores() -> Vec<usize> {
        Vec::new()
    }

    pub fn pin(_cores: &[usize]) {}
}

fn field_kib(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::field_kib;

    #[test]
    fn status_fields_are_read_by_name() {
        let status = "Name:\thost\nVmHWM:\t   12345 kB\nVmRSS:\t    6789 kB\n";
        assert_eq!(field_kib(status, "VmHWM:"), Some(12_345));
        assert_eq!(field_kib(status, "VmRSS:"), Some(6_789));
        assert_eq!(field_kib(status, "VmSwap:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory_and_cores() {
        let usage = super::Usage::of(std::process::id());
        assert!(usage.resident_kib.is_some_and(|kib| kib > 100));
        assert!(usage.peak_kib >= usage.resident_kib);
        assert!(usage.cpu.is_some_and(|cpu| !cpu.is_zero()));
        assert!(!super::Cores::allowed().allowed.is_empty());
    }
}
