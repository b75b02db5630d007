//! What is drawn, and above all what is not.

use super::*;

const HEAD: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 100 50">"#;

const SIZE: Size = Size {
    width: 100,
    height: 50,
};

fn svg(inner: &str) -> String {
    format!("{HEAD}{inner}</svg>")
}

fn draw(inner: &str) -> Result<Raster, SvgError> {
    Svg::parse(&svg(inner))?.draw(SIZE, Some([255; 3]))
}

fn pixel(raster: &Raster, x: usize, y: usize) -> [u8; 4] {
    let at = (y * raster.size.width as usize + x) * 4;
    raster.rgba[at..at + 4].try_into().unwrap()
}

fn message(inner: &str) -> String {
    draw(inner).unwrap_err().to_string()
}

#[test]
fn shapes_and_text_are_drawn() {
    let raster = draw(r##"<rect width="50" height="50" fill="#ff0000"/><text x="60" y="30" font-size="20">Hi</text>"##).unwrap();
    assert_eq!(pixel(&raster, 10, 10), [255, 0, 0, 255]);
    assert_eq!(pixel(&raster, 99, 0), [255; 4]);
    let dark = (60..90).any(|x| pixel(&raster, x, 25)[0] < 100);
    assert!(dark, "the text shows");
}

#[test]
fn any_family_falls_back_to_ours() {
    for family in ["Arial", "Comic Sans MS, cursive", "monospace"] {
        let raster = draw(&format!(
            r#"<text x="10" y="40" font-size="40" font-family="{family}">Hi</text>"#
        ))
        .unwrap();
        assert!(
            raster.rgba.iter().any(|byte| *byte < 50),
            "nothing in {family}"
        );
    }
}

#[test]
fn without_a_background_the_rest_is_transparent() {
    let svg = Svg::parse(&svg(r#"<rect width="10" height="10"/>"#)).unwrap();
    let raster = svg.draw(SIZE, None).unwrap();
    assert_eq!(pixel(&raster, 5, 5), [0, 0, 0, 255]);
    assert_eq!(pixel(&raster, 50, 25)[3], 0);
    assert!(!raster.is_opaque());
}

#[test]
fn the_drawing_keeps_its_proportions() {
    let svg = Svg::parse(&svg(r#"<rect width="100" height="50"/>"#)).unwrap();
    assert_eq!(
        svg.size_inside(Size {
            width: 1024,
            height: 1024
        }),
        Size {
            width: 1024,
            height: 512
        }
    );
    let square = Size {
        width: 100,
        height: 100,
    };
    let raster = svg.draw(square, Some([255; 3])).unwrap();
    assert_eq!(pixel(&raster, 50, 10), [255; 4]);
    assert_eq!(pixel(&raster, 50, 50), [0, 0, 0, 255]);
}

#[test]
fn nothing_comes_from_outside() {
    let cases = [
        r#"<image href="file:///etc/passwd" width="9" height="9"/>"#,
        r#"<image xlink:href="http://127.0.0.1/a.png" width="9" height="9"/>"#,
        r#"<image href="data:image/png;base64,AAAA" width="9" height="9"/>"#,
        r#"<filter id="f"><feImage href="/etc/passwd"/></filter>"#,
        r#"<use href="other.svg#a"/>"#,
        r#"<rect fill="url(http://example.org/#a)" width="9" height="9"/>"#,
        r#"<rect style="fill: url('other.svg#a')" width="9" height="9"/>"#,
        r#"<style>@import url("http://example.org/a.css");</style>"#,
        r#"<style>rect { fill: url(http://example.org/#a) }</style>"#,
    ];
    for case in cases {
        let error = draw(case).unwrap_err();
        assert!(matches!(error, SvgError::Refused { .. }), "{case}: {error}");
    }
}

#[test]
fn scripts_and_foreign_objects_draw_nothing() {
    let blank = draw("").unwrap();
    let inert = draw(
        r##"<script href="http://example.org/x.js">alert(1)</script><foreignObject width="99" height="50"><div xmlns="http://www.w3.org/1999/xhtml">x</div></foreignObject>"##,
    );
    assert_eq!(inert, Ok(blank));
}

#[test]
fn entities_are_refused_with_their_document_type() {
    let bomb = r#"<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">&b;</svg>"#;
    let outside = r#"<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><text>&x;</text></svg>"#;
    for source in [bomb, outside] {
        assert!(matches!(Svg::parse(source), Err(SvgError::Syntax(_))));
    }
}

#[test]
fn what_is_used_counts_where_it_is_used() {
    let mut nested = r#"<defs><g id="g0"><rect width="1" height="1"/></g>"#.to_owned();
    for level in 1..30 {
        let before = level - 1;
        nested +=
            &format!(r##"<g id="g{level}"><use href="#g{before}"/><use href="#g{before}"/></g>"##);
    }
    nested += r##"</defs><use href="#g29"/>"##;
    assert!(matches!(draw(&nested), Err(SvgError::TooMuch { .. })));

    let mut patterns = String::from("<defs>");
    for level in 0..12 {
        let inner = level + 1;
        patterns += &format!(
            r##"<pattern id="p{level}" width="1" height="1"><g fill="url(#p{inner})">{}</g></pattern>"##,
            r#"<rect width="1" height="1"/>"#.repeat(10)
        );
    }
    patterns += r##"</defs><rect width="9" height="9" fill="url(#p0)"/>"##;
    assert!(matches!(draw(&patterns), Err(SvgError::TooMuch { .. })));

    let points = "1,1 ".repeat(5000);
    let markers = format!(
        r##"<marker id="m">{}</marker><polyline points="{points}" marker-mid="url(#m)"/>"##,
        "<rect/>".repeat(20)
    );
    assert!(matches!(draw(&markers), Err(SvgError::TooMuch { .. })));
}

#[test]
fn loops_are_found() {
    for case in [
        r##"<g id="a"><use href="#a"/></g>"##,
        r##"<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>"##,
        r##"<pattern id="a" width="1" height="1"><rect fill="url(#a)" width="1" height="1"/></pattern><rect fill="url(#a)" width="9" height="9"/>"##,
    ] {
        assert!(matches!(draw(case), Err(SvgError::Loop(_))), "{case}");
    }
}

#[test]
fn depth_is_bounded_before_anything_recurses() {
    for depth in [60, 100_000] {
        let source = svg(&format!("{}{}", "<g>".repeat(depth), "</g>".repeat(depth)));
        assert!(
            matches!(Svg::parse(&source), Err(SvgError::TooMuch { .. })),
            "{depth}"
        );
    }
}

#[test]
fn effects_that_cost_too_much_are_refused() {
    let with = |filter: &str| {
        format!(
            r##"<filter id="f">{filter}</filter><rect width="100" height="50" filter="url(#f)"/>"##
        )
    };
    let cases = [
        with(r#"<feTurbulence baseFrequency="0.1" numOctaves="4000000"/>"#),
        with(r#"<feMorphology operator="dilate" radius="4000"/>"#),
        with(&r#"<feGaussianBlur stdDeviation="2"/>"#.repeat(20_000)),
        r##"<pattern id="p" patternUnits="userSpaceOnUse" width="1000000" height="1000000"><rect width="9" height="9"/></pattern><rect fill="url(#p)" width="9" height="9"/>"##.to_owned(),
        r#"<path d="M0 0H100000" stroke="red" stroke-dasharray="0.0001"/>"#.to_owned(),
        format!("<style>{}</style>{}", "rect rect{fill:red}".repeat(5000), "<rect/>".repeat(5000)),
    ];
    for case in cases {
        let error = draw(&case).unwrap_err();
        assert!(
            matches!(error, SvgError::TooMuch { .. }),
            "{error}: {:.80}",
            case
        );
    }
}

#[test]
fn numbers_that_are_no_size_are_refused() {
    for number in ["1e38", "1E+7", "123456789", "-1e999999999999", "12345678.5"] {
        let error = draw(&format!(r#"<path d="M0 0A{number} 1 0 0 1 5 5z"/>"#)).unwrap_err();
        assert!(
            matches!(error, SvgError::Refused { .. }),
            "{number}: {error}"
        );
    }
    let fine = r##"<g id="a1234567890e99" fill="#e25c3e" stop-color="#1e9" aria-label="page99 code 9em"><path d="M0000000000.123456789012 1e-30L1234567 1e6"/></g>"##;
    assert!(draw(fine).is_ok());
}

#[test]
fn ordinary_effects_are_drawn() {
    let inner = r##"<defs><linearGradient id="g"><stop stop-color="#f00"/><stop offset="1" stop-color="#00f"/></linearGradient>
        <filter id="s"><feDropShadow dx="1" dy="1" stdDeviation="1"/></filter>
        <clipPath id="c"><circle cx="25" cy="25" r="20"/></clipPath>
        <mask id="m"><rect width="100" height="50" fill="white"/></mask>
        <marker id="a" viewBox="0 0 10 10" refX="5" refY="5" orient="auto"><path d="M0 0L10 5L0 10z"/></marker>
        <pattern id="p" width="4" height="4" patternUnits="userSpaceOnUse"><rect width="2" height="2"/></pattern></defs>
        <style>.b { fill: url(#g); filter: url(#s) }</style>
        <rect class="b" x="5" y="5" width="60" height="30" rx="4"/>
        <g clip-path="url(#c)" mask="url(#m)" opacity="0.5"><rect width="50" height="50" fill="url(#p)"/></g>
        <path d="M60 10 C 70 0 80 40 95 30" stroke="black" fill="none" stroke-dasharray="4 2" marker-end="url(#a)"/>"##;
    let raster = draw(inner).unwrap();
    assert!(raster.rgba.chunks(4).filter(|pixel| pixel[1] < 200).count() > 500);
}

#[test]
fn mistakes_are_explained() {
    assert!(message("<g>").starts_with("not an SVG drawing: expected 'g' tag, not 'svg'"));
    let html = Svg::parse("<html/>").unwrap_err().to_string();
    assert!(html.contains("the outermost element is `html`"), "{html}");
    let prose = Svg::parse("a fox in the snow").unwrap_err().to_string();
    assert!(prose.contains("hint: the source is one `<svg"), "{prose}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
    #[test]
    fn no_source_panics(
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "<rect width='9' height='9999999'/>", "<g id='a' opacity='.5'>", "</g>", "<use href='#a'/>", "<text x='1e6' y='-5' font-size='1e6'>x</text>",
            "<path d='M0 0L1e6 9999999A1 1 0 0 1 5 5z' stroke='red' stroke-width='1e6'/>", "<circle r='40' fill='url(#a)'/>", "<g transform='rotate(45) scale(1e-30)'>",
            "<pattern id='a' width='0.001' height='3'><rect width='1' height='1'/></pattern>", "<filter id='f'><feGaussianBlur stdDeviation='1e6'/></filter>",
            "<g filter='url(#f)'>", "<mask id='m'>", "</mask>", "<rect mask='url(#m)' width='5%' height='5em'/>", "<text><textPath href='#p'>along</textPath></text>", "<path id='p' d='M0 0C1 2 3 4 5 6'/>",
        ]), 0..12)
    ) {
        let _ = draw(&pieces.concat());
    }
}
