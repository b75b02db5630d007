//! Moments as text, the way the sidecars of a gallery have always written them. Nothing here
//! reads a clock.

use std::time::Duration;

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

/// A moment since the Unix epoch in ISO 8601, UTC, with microseconds unless they are 0:
/// `2026-07-10T12:34:56.789012+00:00`, which is what Python's `isoformat` writes.
pub fn iso(since_epoch: Duration) -> String {
    let seconds = since_epoch.as_secs();
    let (year, month, day) = civil(seconds / DAY);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let fraction = match since_epoch.subsec_micros() {
        0 => String::new(),
        micros => format!(".{micros:06}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}+00:00")
}

/// Milliseconds since the Unix epoch.
pub fn millis(since_epoch: Duration) -> u64 {
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

/// Year, month and day of a day since the Unix epoch: Howard Hinnant's `civil_from_days`, for
/// days that are not negative.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days.saturating_add(719_468);
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months count from March, so that the leap day is the last day of a year.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (year_of_era + era * 400 + carry, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_like_python_does() {
        let cases = [
            (0, 0, "1970-01-01T00:00:00+00:00"),
            (951_782_400, 0, "2000-02-29T00:00:00+00:00"),
            (
                1_783_686_896,
                789_012_000,
                "2026-07-10T12:34:56.789012+00:00",
            ),
            (1_783_686_896, 5_000_000, "2026-07-10T12:34:56.005000+00:00"),
            (4_107_542_399, 0, "2100-02-28T23:59:59+00:00"),
            (4_107_542_400, 0, "2100-03-01T00:00:00+00:00"),
        ];
        for (seconds, nanos, text) in cases {
            assert_eq!(iso(Duration::new(seconds, nanos)), text);
        }
    }

    #[test]
    fn no_moment_panics() {
        iso(Duration::MAX);
        assert_eq!(millis(Duration::MAX), u64::MAX);
    }
}
