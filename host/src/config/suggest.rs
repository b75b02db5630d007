//! The nearest name that exists, for a name that does not.

/// The candidate that `name` most probably means, if any is near enough.
pub(super) fn nearest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    const LONGEST: usize = 64;
    if name.is_empty() || name.len() > LONGEST {
        return None;
    }
    let name = name.to_ascii_uppercase();
    let allowed = 2 + name.len() / 5;
    candidates
        .map(|candidate| (distance(&name, candidate), candidate))
        .filter(|(distance, candidate)| {
            let related = name.len() >= 5 && candidate.starts_with(name.as_str());
            related || (*distance <= allowed && *distance < name.len())
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be inserted, removed or replaced (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, have) in from.bytes().enumerate() {
        let (mut diagonal, mut left) = (index, index + 1);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, want) in row.iter_mut().skip(1).zip(to.bytes()) {
            let replaced = diagonal + usize::from(have != want);
            diagonal = *cell;
            left = replaced.min(left + 1).min(*cell + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}
