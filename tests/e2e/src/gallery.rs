//! Images as the server stores them, seen from outside, and images as pixels.

use std::fs;
use std::path::{Path, PathBuf};

use image::RgbaImage;

/// The directory of a server's images.
pub struct Gallery(PathBuf);

impl Gallery {
    /// A directory that need not exist yet.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Names of all its files, sorted.
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter(|entry| entry.path().is_file())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// How many images have a sidecar.
    pub fn images(&self) -> usize {
        self.files()
            .iter()
            .filter(|name| name.ends_with(".json") && !name.starts_with('.'))
            .count()
    }

    /// Puts a file there.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(&self.0).unwrap();
        fs::write(self.0.join(name), bytes).unwrap();
    }

    /// The bytes of a file.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap()
    }
}

/// Decodes an image that is said to be of a MIME type.
pub fn decode(mime_type: &str, bytes: &[u8]) -> RgbaImage {
    let format = image::ImageFormat::from_mime_type(mime_type)
        .unwrap_or_else(|| panic!("not an image type: {mime_type}"));
    image::load_from_memory_with_format(bytes, format)
        .unwrap_or_else(|error| panic!("not {mime_type}: {error}"))
        .to_rgba8()
}

/// Panics unless every pixel is within `tolerance` of a colour (lossy formats move it a little).
pub fn assert_solid(image: &RgbaImage, colour: [u8; 3], tolerance: u8) {
    for (x, y, pixel) in image.enumerate_pixels() {
        let near = colour
            .iter()
            .zip(pixel.0)
            .all(|(expected, actual)| expected.abs_diff(actual) <= tolerance);
        assert!(near, "pixel {x},{y} is {:?}, not {colour:?}", pixel.0);
    }
}
