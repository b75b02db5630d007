//! Drawings of every model, and what they come to: SHA-256 of size and pixels. The same table is
//! drawn natively and by WASI (`examples/digests.rs`).

use render::{Model, Request, Size, draw};
use sha2::{Digest, Sha256};

/// One drawing.
pub struct Case {
    name: &'static str,
    model: Model,
    prompt: String,
    size: (u32, u32),
}

/// `name digest`.
pub fn line(case: &Case) -> String {
    let request = Request {
        model: case.model,
        prompt: &case.prompt,
        size: Size {
            width: case.size.0,
            height: case.size.1,
        },
        seed: None,
        is_transparent: false,
    };
    match draw(&request) {
        Ok(drawing) => {
            let mut digest = Sha256::new();
            digest.update(drawing.raster.size.width.to_le_bytes());
            digest.update(drawing.raster.size.height.to_le_bytes());
            digest.update(&drawing.raster.rgba);
            format!("{} {}", case.name, hex::encode(digest.finalize()))
        }
        Err(error) => format!("{} {error}", case.name),
    }
}

/// The table.
pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut add = |name, model, prompt: &str, size| {
        cases.push(Case {
            name,
            model,
            prompt: prompt.to_owned(),
            size,
        });
    };
    add("svg-shapes", Model::Svg, SHAPES, (320, 200));
    add("svg-effects", Model::Svg, EFFECTS, (320, 200));
    add("svg-turned", Model::Svg, &turned(), (400, 400));
    add(
        "card-plain",
        Model::Card,
        "A card\nwith a subtitle",
        (600, 315),
    );
    add(
        "card-full",
        Model::Card,
        "title: Größere Pläne für 2027\nsubtitle: what we will do\nbadge: New\nfooter: example.org\ntheme: sunset\n- one\n- two\n- three",
        (640, 360),
    );
    add(
        "card-json",
        Model::Card,
        r#"{"title": "Centred", "align": "center", "theme": "ocean"}"#,
        (320, 480),
    );
    for (name, kind) in [
        ("pattern-gradient", "gradient sunset"),
        ("pattern-mesh", "mesh ocean"),
        ("pattern-noise", "noise paper"),
        ("pattern-voronoi", "voronoi dark"),
        ("pattern-truchet", "truchet light"),
        ("pattern-topo", "topo forest"),
        ("pattern-halftone", "halftone sunset"),
        ("pattern-checker", "checker paper"),
        ("pattern-stripes", "stripes light"),
        ("pattern-dots", "dots dark"),
        ("pattern-chance", "something calm"),
    ] {
        add(name, Model::Pattern, kind, (200, 120));
    }
    add(
        "diagram-flow",
        Model::Diagram,
        "title: Sign in\nBrowser -> Server: GET /mcp\nServer -> Provider: who is it?\nProvider -> Server\nServer -> Store[Object store]\nServer -> Tools",
        (640, 400),
    );
    add(
        "diagram-down",
        Model::Diagram,
        "direction: down\ntheme: dark\na -> b -> c\na -> d -> c\nc -> a: again\nd -> d",
        (400, 500),
    );
    add(
        "chart-bar",
        Model::Chart,
        "title: Sales\nunit: €\nJan: 12\nFeb: 19\nMar: -4",
        (480, 300),
    );
    add(
        "chart-line",
        Model::Chart,
        "type: line\nseries: 2025, 2026\ntheme: dark\nQ1: 1, 3\nQ2: 2, 2.5\nQ3: 4, 1",
        (480, 300),
    );
    add(
        "chart-area",
        Model::Chart,
        r#"{"type": "area", "values": [3, 1, 4, 1, 5, 9, 2, 6]}"#,
        (480, 300),
    );
    add(
        "chart-pie",
        Model::Chart,
        "type: pie\nTea: 3\nCoffee: 5\nWater: 1\nMate: 1",
        (480, 300),
    );
    add(
        "chart-donut",
        Model::Chart,
        "type: donut\ntheme: forest\nTea: 3\nCoffee: 5",
        (300, 480),
    );
    add("qr", Model::Qr, "https://example.org/a?b=c", (256, 256));
    add("wireframe", Model::Wireframe, "hero picture", (640, 360));
    cases
}

const SHAPES: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 100">
<rect x="5" y="5" width="60" height="40" rx="8" fill="#336699"/><circle cx="110" cy="30" r="25" fill="gold" stroke="#333" stroke-width="3"/>
<ellipse cx="40" cy="75" rx="30" ry="15" fill="none" stroke="teal" stroke-width="2" stroke-dasharray="5 3"/>
<polygon points="90,60 150,70 120,95" fill="tomato" fill-opacity=".7"/><path d="M10 60A20 30 20 0 1 60 90Q80 20 150 90" fill="none" stroke="purple"/>
<text x="80" y="58" font-size="11" font-family="serif" text-anchor="middle">Ágnes &amp; Straße → ✓</text><text x="4" y="98" font-family="monospace" font-size="7">fn main() {}</text></svg>"##;

const EFFECTS: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 100"><defs>
<linearGradient id="l" gradientTransform="rotate(30)"><stop stop-color="#f60"/><stop offset="1" stop-color="#06f" stop-opacity=".3"/></linearGradient>
<radialGradient id="r"><stop stop-color="white"/><stop offset="1" stop-color="navy"/></radialGradient>
<pattern id="p" width="9" height="7" patternUnits="userSpaceOnUse"><circle cx="4" cy="3" r="2" fill="green"/></pattern>
<filter id="b"><feGaussianBlur stdDeviation="2"/></filter><filter id="s"><feDropShadow dx="2" dy="2" stdDeviation="1.5" flood-opacity=".6"/></filter>
<filter id="n"><feTurbulence baseFrequency=".05" numOctaves="3" seed="4"/><feColorMatrix type="saturate" values=".4"/></filter>
<mask id="m"><rect width="160" height="100" fill="url(#r)"/></mask><clipPath id="c"><circle cx="120" cy="70" r="25"/></clipPath></defs>
<rect width="160" height="100" fill="url(#l)"/><rect x="10" y="10" width="40" height="30" fill="url(#p)" filter="url(#s)"/>
<circle cx="80" cy="30" r="15" filter="url(#b)" fill="red"/><rect x="10" y="55" width="70" height="40" mask="url(#m)"/>
<g clip-path="url(#c)" opacity=".8"><rect x="90" y="40" width="70" height="60" filter="url(#n)"/></g>
<rect x="60" y="50" width="40" height="40" fill="orange" style="mix-blend-mode:multiply"/></svg>"##;

/// Shapes at many angles: sines, cosines and arcs.
fn turned() -> String {
    let mut svg = String::from(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200">"#);
    for step in 0..90 {
        svg += &format!(
            r##"<g transform="translate({} {}) rotate({})"><rect x="-6" y="-4" width="12" height="8" rx="2" fill="#{:02x}4a{:02x}"/><path d="M-3 0A3 2 {} 1 0 3 0z" stroke="black" stroke-width=".4"/></g>"##,
            10 + step % 10 * 20,
            10 + step / 10 * 20,
            f64::from(step) * 3.7,
            step * 2,
            255 - step,
            step * 4
        );
    }
    svg + "</svg>"
}
