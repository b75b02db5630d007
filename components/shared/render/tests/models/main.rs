//! Every model draws what it drew before, byte by byte, and takes any prompt without failing in
//! another way than with its own words.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod table;

use proptest::prelude::*;
use render::{Drawing, MODELS, Model, Request, Size, draw};

fn drawn(model: Model, prompt: &str, (width, height): (u32, u32)) -> Result<Drawing, String> {
    let request = Request {
        model,
        prompt,
        size: Size { width, height },
        seed: Some(3),
        is_transparent: false,
    };
    draw(&request).map_err(|error| error.to_string())
}

#[test]
fn drawings_are_the_same_bytes_as_ever() {
    let found: Vec<String> = table::cases().iter().map(table::line).collect();
    let expected: Vec<&str> = include_str!("digests.txt").lines().collect();
    assert_eq!(found.join("\n"), expected.join("\n"));
}

#[test]
fn textures_repeat_without_a_seam() {
    for kind in [
        "mesh", "noise", "voronoi", "truchet", "topo", "halftone", "checker", "stripes", "dots",
    ] {
        let raster = drawn(Model::Pattern, &format!("{kind} ocean"), (120, 80))
            .unwrap()
            .raster;
        let pixel = |x: usize, y: usize| &raster.rgba[(y * 120 + x) * 4..(y * 120 + x) * 4 + 3];
        let step = |one: &[u8], other: &[u8]| -> u32 {
            one.iter()
                .zip(other)
                .map(|(a, b)| u32::from(a.abs_diff(*b)))
                .sum()
        };
        let edge: u32 = (0..80).map(|y| step(pixel(119, y), pixel(0, y))).sum();
        let inside: u32 = (0..119)
            .map(|x| (0..80).map(|y| step(pixel(x, y), pixel(x + 1, y))).sum())
            .max()
            .unwrap();
        assert!(
            edge <= inside + inside / 4 + 80,
            "{kind}: {edge} against {inside}"
        );
    }
}

#[test]
fn a_seed_changes_a_texture_and_nothing_else() {
    let with = |model, prompt, seed| {
        let size = Size {
            width: 64,
            height: 64,
        };
        let request = Request {
            model,
            prompt,
            size,
            seed,
            is_transparent: false,
        };
        draw(&request).unwrap().raster
    };
    assert_ne!(
        with(Model::Pattern, "noise", Some(1)),
        with(Model::Pattern, "noise", Some(2))
    );
    assert_eq!(
        with(Model::Pattern, "noise", None),
        with(Model::Pattern, "noise", None)
    );
    assert_eq!(
        with(Model::Card, "noise", Some(1)),
        with(Model::Card, "noise", Some(2))
    );
}

#[test]
fn a_code_has_its_finders_and_its_quiet_zone() {
    let raster = drawn(Model::Qr, "https://example.org", (33 * 4, 33 * 4))
        .unwrap()
        .raster;
    let is_dark = |x: usize, y: usize| raster.rgba[((y * 4 + 2) * 132 + x * 4 + 2) * 4] < 128;
    assert!(
        (0..33).all(|x| !is_dark(x, 3) && !is_dark(3, x)),
        "the quiet zone"
    );
    let ring = [true, true, true, true, true, true, true, false];
    for (place, expected) in ring.iter().enumerate() {
        assert_eq!(is_dark(4 + place, 4), *expected, "column {place}");
        assert_eq!(is_dark(4, 4 + place), *expected, "row {place}");
    }
    assert!(is_dark(7, 7) && !is_dark(5, 5));
}

#[test]
fn what_cannot_be_drawn_is_explained() {
    let cases = [
        (Model::Svg, "a fox", "not an SVG drawing"),
        (
            Model::Card,
            "  ",
            "the prompt is empty\nhint: write lines `title: ...`",
        ),
        (
            Model::Card,
            "theme: red\ntitle: x",
            "`theme` must be one of light, dark, ocean, sunset, forest, paper: `red`",
        ),
        (
            Model::Pattern,
            "kind: plaid",
            "`kind` must be one of gradient, mesh,",
        ),
        (
            Model::Pattern,
            "colors: red, blue",
            "`colors` must be colours such as `#102030`: `red`",
        ),
        (
            Model::Diagram,
            "title: x",
            "the prompt has no boxes\nhint: write lines `A -> B: label`",
        ),
        (
            Model::Chart,
            "title: x",
            "the prompt has no numbers\nhint: write lines `type: bar`",
        ),
        (
            Model::Qr,
            "text: x\ncolor: #fff",
            "`background` must be much lighter than `color`",
        ),
    ];
    for (model, prompt, message) in cases {
        let error = drawn(model, prompt, (100, 100)).unwrap_err();
        assert!(error.starts_with(message), "{prompt}: {error}");
    }
    assert!(
        drawn(Model::Qr, &"x".repeat(4000), (600, 600))
            .unwrap_err()
            .starts_with("`text` must be at most")
    );
    assert!(
        drawn(Model::Qr, "x", (20, 20))
            .unwrap_err()
            .starts_with("20x20 is too small: at least 29")
    );
    for size in [(0, 5), (5, 0), (5000, 5), (4000, 4000)] {
        assert!(
            drawn(Model::Card, "x", size)
                .unwrap_err()
                .starts_with("cannot draw at")
        );
    }
}

#[test]
fn transparency_is_kept() {
    let size = Size {
        width: 90,
        height: 90,
    };
    for model in [Model::Card, Model::Chart, Model::Diagram, Model::Qr] {
        let prompt = match model {
            Model::Chart => "a: 1",
            _ => "a",
        };
        let request = Request {
            model,
            prompt,
            size,
            seed: None,
            is_transparent: true,
        };
        let raster = draw(&request).unwrap().raster;
        assert!(!raster.is_opaque(), "{model:?}");
    }
}

#[test]
fn letters_without_a_glyph_are_reported() {
    let drawing = drawn(Model::Card, "title: 日本 plan", (200, 100)).unwrap();
    assert_eq!(drawing.missing_letters, ['日', '本']);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn any_prompt_is_drawn_or_explained(
        model in 0..MODELS.len(),
        prompt in "\\PC{0,60}|([a-c]|->|: |[0-9.]{1,5}|\n|- |title|theme|[\\[\\]{}\"<>&,]){0,30}",
        width in 1..200_u32, height in 1..200_u32,
    ) {
        let _ = drawn(MODELS[model], &prompt, (width, height));
    }
}
