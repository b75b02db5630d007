//! Text on its way out: kept short enough for listings and messages.

/// The first `max_chars` characters, and an ellipsis when there are more.
pub fn shortened(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        None => text.to_owned(),
        Some((end, _)) => {
            let mut short = text.get(..end).unwrap_or_default().to_owned();
            short.push('…');
            short
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_text_is_cut() {
        assert_eq!(shortened("häh", 3), "häh");
        assert_eq!(shortened("hähä", 3), "häh…");
        assert_eq!(shortened("", 0), "");
    }
}
