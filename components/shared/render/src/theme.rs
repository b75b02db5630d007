//! Colours that go together, by name.

/// A set of colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// What a prompt calls it.
    pub name: &'static str,
    /// Behind everything.
    pub background: [u8; 3],
    /// The far corner of the background, for a gradient.
    pub far: [u8; 3],
    /// Headings.
    pub ink: [u8; 3],
    /// Running text and lines.
    pub soft: [u8; 3],
    /// Boxes.
    pub surface: [u8; 3],
    /// Bars, slices, badges.
    pub accents: [[u8; 3]; 6],
}

/// The themes; the first is used when none is asked for.
pub const THEMES: [Theme; 6] = [
    Theme {
        name: "light",
        background: [255, 255, 255],
        far: [238, 242, 248],
        ink: [17, 24, 39],
        soft: [82, 92, 110],
        surface: [241, 244, 249],
        accents: [
            [37, 99, 235],
            [219, 98, 22],
            [22, 148, 92],
            [190, 40, 90],
            [118, 72, 214],
            [14, 140, 165],
        ],
    },
    Theme {
        name: "dark",
        background: [15, 20, 30],
        far: [30, 40, 60],
        ink: [240, 244, 250],
        soft: [160, 172, 190],
        surface: [36, 46, 64],
        accents: [
            [96, 165, 250],
            [251, 160, 80],
            [74, 210, 150],
            [244, 114, 150],
            [176, 148, 250],
            [60, 200, 220],
        ],
    },
    Theme {
        name: "ocean",
        background: [8, 60, 92],
        far: [14, 120, 140],
        ink: [240, 250, 252],
        soft: [176, 216, 224],
        surface: [18, 88, 116],
        accents: [
            [120, 220, 230],
            [255, 200, 110],
            [150, 235, 180],
            [255, 150, 140],
            [190, 180, 255],
            [255, 235, 170],
        ],
    },
    Theme {
        name: "sunset",
        background: [90, 24, 68],
        far: [226, 92, 62],
        ink: [255, 246, 236],
        soft: [255, 214, 190],
        surface: [124, 40, 76],
        accents: [
            [255, 190, 92],
            [255, 128, 110],
            [255, 226, 150],
            [240, 150, 200],
            [190, 150, 240],
            [150, 220, 210],
        ],
    },
    Theme {
        name: "forest",
        background: [20, 50, 38],
        far: [54, 100, 66],
        ink: [244, 250, 240],
        soft: [190, 214, 190],
        surface: [34, 72, 54],
        accents: [
            [160, 214, 110],
            [240, 196, 100],
            [110, 200, 170],
            [230, 140, 110],
            [200, 220, 150],
            [150, 190, 230],
        ],
    },
    Theme {
        name: "paper",
        background: [250, 245, 234],
        far: [240, 230, 210],
        ink: [54, 42, 30],
        soft: [112, 96, 78],
        surface: [242, 233, 214],
        accents: [
            [168, 72, 48],
            [58, 104, 112],
            [176, 128, 40],
            [88, 112, 64],
            [124, 70, 100],
            [84, 84, 120],
        ],
    },
];

impl Theme {
    /// The theme of that name.
    pub fn from_name(name: &str) -> Option<&'static Self> {
        THEMES
            .iter()
            .find(|theme| name.trim().eq_ignore_ascii_case(theme.name))
    }

    /// The theme whose name is a word of the text.
    pub fn in_words(text: &str) -> Option<&'static Self> {
        text.split(|letter: char| !letter.is_alphanumeric())
            .find_map(Self::from_name)
    }

    /// The accent at a position; they repeat.
    pub fn accent(&self, position: usize) -> [u8; 3] {
        let place = position % self.accents.len();
        self.accents.get(place).copied().unwrap_or(self.ink)
    }

    /// The names, for messages.
    pub fn names() -> String {
        THEMES.map(|theme| theme.name).join(", ")
    }
}

/// Black or white, whichever can be read on the colour.
pub fn readable_on([red, green, blue]: [u8; 3]) -> [u8; 3] {
    let light = u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114;
    if light > 150_000 { [20; 3] } else { [255; 3] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_be_read_in_every_theme() {
        // Relative luminance and contrast: WCAG 2.2.
        let luminance = |colour: [u8; 3]| {
            let [red, green, blue] = colour.map(|channel| {
                let share = f64::from(channel) / 255.0;
                if share <= 0.04045 {
                    share / 12.92
                } else {
                    ((share + 0.055) / 1.055).powf(2.4)
                }
            });
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        let contrast = |one, other| {
            let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
            if one > other {
                one / other
            } else {
                other / one
            }
        };
        for theme in &THEMES {
            for ground in [theme.background, theme.surface] {
                let name = theme.name;
                assert!(contrast(theme.ink, ground) >= 7.0, "ink in {name}");
                assert!(contrast(theme.soft, ground) >= 4.5, "soft in {name}");
            }
        }
    }

    #[test]
    fn names_are_found_in_words() {
        assert_eq!(
            Theme::in_words("a calm Ocean, at night").map(|theme| theme.name),
            Some("ocean")
        );
        assert_eq!(Theme::in_words("oceans"), None);
    }
}
