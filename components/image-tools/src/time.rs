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

/// The moment that ISO 8601 text names: `2026-07-10T12:34:56`, with or without a fraction, and with
/// `Z`, an offset or nothing (UTC) after it. `None` for other text and for moments before 1970.
pub fn parse_iso(text: &str) -> Option<Duration> {
    let number = |from: usize, to: usize| {
        let digits = text.get(from..to)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<u64>().ok()).flatten()
    };
    let marks = [(4, '-'), (7, '-'), (13, ':'), (16, ':')];
    let is_mark =
        |(at, mark): (usize, char)| text.get(at..at + 1) == Some(mark.encode_utf8(&mut [0; 4]));
    if !marks.into_iter().all(is_mark) || !matches!(text.get(10..11), Some("T" | " ")) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let fits =
        (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !fits || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut rest = text.get(19..)?;
    let mut micros = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let end = fraction
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(fraction.len());
        let (digits, tail) = fraction.split_at_checked(end)?;
        micros = format!("{digits:0<6}").get(..6)?.parse().ok()?;
        rest = tail;
    }
    let local = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    let offset = |from: usize| {
        let (hours, minutes) = rest.get(from..)?.split_once(':')?;
        Some(hours.parse::<u64>().ok()? * 3600 + minutes.parse::<u64>().ok()? * 60)
    };
    let seconds = match rest.chars().next() {
        None | Some('Z') => local,
        Some('+') => local.checked_sub(offset(1)?)?,
        Some('-') => local.checked_add(offset(1)?)?,
        Some(_) => return None,
    };
    Some(Duration::new(seconds, micros * 1000))
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

/// The day since the Unix epoch of a date from 1970 on: the inverse of [`civil`].
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let year_of_era = year % 400;
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
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
    fn what_others_write_is_read() {
        let moment = Duration::new(1_783_686_896, 789_012_000);
        for text in [
            "2026-07-10T12:34:56.789012+00:00",
            "2026-07-10 12:34:56.789012",
            "2026-07-10T12:34:56.7890123Z",
            "2026-07-10T14:34:56.789012+02:00",
            "2026-07-10T07:04:56.789012-05:30",
        ] {
            assert_eq!(parse_iso(text), Some(moment), "{text}");
        }
        for text in [
            "",
            "2026-07-10",
            "2026-13-10T12:34:56",
            "1969-12-31T23:59:59",
            "2026-07-10T12:34:56+",
            "é026-07-10T12:34:56",
        ] {
            assert_eq!(parse_iso(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_moment_is_read_back(seconds in 0..100_000_000_000_u64, micros in 0..1_000_000_u32) {
            let moment = Duration::new(seconds, micros * 1000);
            proptest::prop_assert_eq!(parse_iso(&iso(moment)), Some(moment));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = parse_iso(&text);
        }
    }

    #[test]
    fn no_moment_panics() {
        iso(Duration::MAX);
        assert_eq!(millis(Duration::MAX), u64::MAX);
    }
}
