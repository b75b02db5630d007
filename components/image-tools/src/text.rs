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

/// A name as a client sent it, fit for a message: short, on one line, between backticks.
pub fn quoted(text: &str) -> String {
    let harmless: String = text
        .chars()
        .map(|character| match character {
            '`' => '\'',
            _ if character.is_control() => '?',
            _ => character,
        })
        .collect();
    format!("`{}`", shortened(&harmless, 80))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_sent_cannot_break_out_of_a_message() {
        assert_eq!(quoted("a`\n\u{1b}[2J"), "`a'??[2J`");
    }

    #[test]
    fn only_long_text_is_cut() {
        assert_eq!(shortened("häh", 3), "häh");
        assert_eq!(shortened("hähä", 3), "häh…");
        assert_eq!(shortened("", 0), "");
    }
}
