//! Foreign text that a person reads: short, on one line, and without characters that hide, reorder
//! or overlay others. It still has to be escaped where it is put.

/// Longest name of a client, in characters.
pub const MAX_NAME_CHARACTERS: usize = 80;
/// Marks on one letter: what the densest orthographies need.
const MAX_MARKS: usize = 3;

/// The text, cleaned and cut; `None` when nothing is left.
#[must_use]
pub fn cleaned(foreign: &str, max_characters: usize) -> Option<String> {
    let mut text = String::new();
    let (mut characters, mut marks, mut space_waits) = (0, 0, false);
    for character in foreign.chars() {
        if character.is_whitespace() || character.is_control() {
            space_waits = characters > 0;
            continue;
        }
        if is_invisible(character) {
            continue;
        }
        marks = if is_mark(character) { marks + 1 } else { 0 };
        if marks > MAX_MARKS {
            continue;
        }
        if characters >= max_characters {
            text.push('…');
            break;
        }
        if std::mem::take(&mut space_waits) {
            text.push(' ');
            characters += 1;
        }
        text.push(character);
        characters += 1;
    }
    (!text.is_empty()).then_some(text)
}

/// Format characters (bidirectional controls, joiners, tags), variation selectors, fillers, private
/// use and non-characters.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{fdd0}'..='\u{fdef}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{ffff}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{10ffff}'
    )
}

/// The blocks of combining marks, which can be stacked without end.
const fn is_mark(character: char) -> bool {
    matches!(
        character,
        '\u{300}'..='\u{36f}'
            | '\u{483}'..='\u{489}'
            | '\u{591}'..='\u{5bd}'
            | '\u{610}'..='\u{61a}'
            | '\u{64b}'..='\u{65f}'
            | '\u{e31}'
            | '\u{e34}'..='\u{e3a}'
            | '\u{e47}'..='\u{e4e}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_on_its_line_and_in_its_order() {
        for (foreign, shown) in [
            ("Claude", Some("Claude")),
            ("  Claude \r\n\t Code ", Some("Claude Code")),
            ("a\u{2028}b\u{85}c", Some("a b c")),
            ("\u{202e}edualC\u{202c}", Some("edualC")),
            ("Cla\u{200b}u\u{ad}de\u{feff}", Some("Claude")),
            ("\u{2066}x\u{2069}\u{200f}", Some("x")),
            ("x\u{e0041}\u{1f600}", Some("x\u{1f600}")),
            (
                "Z\u{300}\u{301}\u{302}\u{303}\u{304}a",
                Some("Z\u{300}\u{301}\u{302}a"),
            ),
            ("Büro 画像 Изображения", Some("Büro 画像 Изображения")),
            ("a\0b", Some("a b")),
            ("", None),
            (" \u{200b}\n", None),
        ] {
            assert_eq!(cleaned(foreign, 80).as_deref(), shown, "{foreign:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut() {
        let cut = cleaned(&"x".repeat(10_000), 80).unwrap();
        assert_eq!(cut, format!("{}…", "x".repeat(80)));
        assert_eq!(cleaned(&"x".repeat(80), 80).unwrap(), "x".repeat(80));
    }
}
