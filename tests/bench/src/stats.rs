//! Percentiles, medians and ratios over measured samples. No IO.

/// The value below which `fraction` (0 to 1) of the sorted samples lie (nearest rank), or 0 for none.
pub fn percentile(sorted: &[u64], fraction: f64) -> u64 {
    let rank = (fraction * sorted.len() as f64).ceil() as usize;
    sorted
        .get(rank.clamp(1, sorted.len().max(1)) - 1)
        .copied()
        .unwrap_or(0)
}

/// The middle value (the mean of the two middle values for an even count), or `None` for no values.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values
        .into_iter()
        .filter(|value| value.is_finite())
        .collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(middle.checked_sub(1)?)?;
    Some(f64::midpoint(lower, upper))
}

/// The median of `ours / theirs` over rounds. Each pair was measured seconds apart, so a change in
/// the mood of the machine hits both sides of one pair instead of one side of the result.
pub fn median_ratio(pairs: impl IntoIterator<Item = (f64, f64)>) -> Option<f64> {
    median(
        pairs
            .into_iter()
            .filter(|(_, theirs)| *theirs > 0.0)
            .map(|(ours, theirs)| ours / theirs),
    )
}

#[cfg(test)]
mod tests {
    use super::{median, median_ratio, percentile};

    #[test]
    fn percentile_is_the_nearest_rank() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(percentile(&hundred, 0.50), 50);
        assert_eq!(percentile(&hundred, 0.99), 99);
        assert_eq!(percentile(&hundred, 1.0), 100);
        assert_eq!(percentile(&hundred, 0.0), 1);
        assert_eq!(percentile(&[7], 0.99), 7);
        assert_eq!(percentile(&[1, 2, 3], 0.99), 3);
        assert_eq!(percentile(&[], 0.5), 0);
    }

    #[test]
    fn median_takes_the_middle_whatever_the_order() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median([]), None);
        assert_eq!(median([f64::NAN, 5.0]), Some(5.0));
    }

    #[test]
    fn one_disturbed_round_does_not_move_the_ratio() {
        let pairs = [(50.0, 100.0), (10.0, 20.0), (90.0, 10.0)];
        assert_eq!(median_ratio(pairs), Some(0.5));
    }

    #[test]
    fn a_pair_without_a_base_is_left_out() {
        assert_eq!(median_ratio([(1.0, 0.0)]), None);
    }
}
