//! The fonts that text is drawn with: these three, and no other. Latin, Greek and Cyrillic letters,
//! punctuation, arrows and a few signs; `fonts/OFL.txt` is their licence.

use std::sync::{Arc, OnceLock};

use resvg::usvg::fontdb::Database;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

/// The family of headings and running text.
pub const SANS: &str = "Inter";

/// The family of code.
pub const MONO: &str = "JetBrains Mono";

const REGULAR: &[u8] = include_bytes!("../fonts/Inter-Regular.otf");
const BOLD: &[u8] = include_bytes!("../fonts/Inter-Bold.otf");
const MONOSPACED: &[u8] = include_bytes!("../fonts/JetBrainsMono-Regular.ttf");

/// One of the fonts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Inter.
    Regular,
    /// Inter, bold.
    Bold,
}

/// All fonts, as the renderer takes them. Other families fall back to Inter.
pub(crate) fn database() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    FONTS
        .get_or_init(|| {
            let mut database = Database::new();
            for font in [REGULAR, BOLD, MONOSPACED] {
                database.load_font_source(resvg::usvg::fontdb::Source::Binary(Arc::new(font)));
            }
            database.set_serif_family(SANS);
            database.set_sans_serif_family(SANS);
            database.set_cursive_family(SANS);
            database.set_fantasy_family(SANS);
            database.set_monospace_family(MONO);
            Arc::new(database)
        })
        .clone()
}

/// How wide a line of text is, without kerning, at a size in pixels.
pub fn width(text: &str, face: Face, size: f32) -> f32 {
    let bytes = match face {
        Face::Regular => REGULAR,
        Face::Bold => BOLD,
    };
    let Ok(font) = FontRef::new(bytes) else {
        return 0.0;
    };
    let map = font.charmap();
    let metrics = font.glyph_metrics(Size::new(size), LocationRef::default());
    let advance = |letter| metrics.advance_width(map.map(letter).unwrap_or_default());
    text.chars().filter_map(advance).sum()
}

/// The letters of a text that no font has; they are drawn as boxes.
pub fn missing(text: &str) -> Vec<char> {
    let Ok(font) = FontRef::new(REGULAR) else {
        return Vec::new();
    };
    let map = font.charmap();
    let mut letters: Vec<char> = text
        .chars()
        .filter(|letter| !letter.is_control() && map.map(*letter).is_none())
        .collect();
    letters.sort_unstable();
    letters.dedup();
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_font_is_loaded() {
        let database = database();
        let families: Vec<_> = database
            .faces()
            .flat_map(|face| face.families.iter().map(|(name, _)| name.clone()))
            .collect();
        assert_eq!(families, [SANS, SANS, MONO]);
    }

    #[test]
    fn widths_add_up() {
        let once = width("Hamburg", Face::Regular, 20.0);
        assert!((60.0..100.0).contains(&once), "{once}");
        let twice = width("HamburgHamburg", Face::Regular, 20.0);
        assert!((twice - 2.0 * once).abs() < 0.01);
        assert!(width("Hamburg", Face::Bold, 20.0) > once);
    }

    #[test]
    fn letters_without_a_glyph_are_named() {
        assert_eq!(missing("Grüße, мир → ✓ €"), Vec::<char>::new());
        assert_eq!(missing("日本語 日"), ['日', '本', '語']);
    }
}
