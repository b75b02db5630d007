//! What must hold for any text from outside: it is drawn or refused, without a panic and without
//! working for ever. The fuzz targets run these; the test here replays their seeds.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use render::svg::Svg;
use render::{MODELS, Model, Request, Size, draw};

const SIZE: Size = Size {
    width: 96,
    height: 64,
};

/// A source as it comes.
pub fn svg(data: &[u8]) {
    let Ok(source) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(svg) = Svg::parse(source)
        && let Ok(raster) = svg.draw(SIZE, None)
    {
        assert_eq!(raster.size, SIZE);
        assert_eq!(raster.rgba.len(), 96 * 64 * 4);
    }
}

/// The first byte chooses the model, the rest is the prompt.
pub fn prompt(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let Ok(prompt) = std::str::from_utf8(rest) else {
        return;
    };
    let models: Vec<Model> = MODELS
        .into_iter()
        .filter(|model| *model != Model::Svg)
        .collect();
    let Some(model) = models.get(usize::from(*choice) % models.len()) else {
        return;
    };
    let request = Request {
        model: *model,
        prompt,
        size: SIZE,
        seed: None,
        is_transparent: choice % 2 == 0,
    };
    if let Ok(drawing) = draw(&request) {
        assert_eq!(drawing.raster.size, SIZE);
        assert_eq!(Ok(drawing), draw(&request));
    }
}

#[cfg(test)]
mod tests {
    type Target = fn(&[u8]);

    #[test]
    fn seeds_are_harmless() {
        let targets: [(&str, Target); 2] = [("svg", super::svg), ("prompt", super::prompt)];
        for (name, target) in targets {
            let folder = format!("{}/fuzz/seeds/{name}", env!("CARGO_MANIFEST_DIR"));
            let files: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
            assert!(!files.is_empty(), "no seeds of `{name}`");
            for file in files {
                target(&std::fs::read(file.unwrap().path()).unwrap());
            }
        }
    }
}
