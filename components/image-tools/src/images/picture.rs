//! Decoded pixels, and what can be done to them: crop, resize, turn, flip, flatten.

use std::borrow::Cow;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8x3, U8x4};
use fast_image_resize::{PixelTrait, ResizeOptions, Resizer};
use image::{ImageBuffer, Pixel, RgbImage, RgbaImage, imageops};

use super::shape::{CropBox, Flip, Rotation, Size};

/// Pixels of 8 bits a channel, row by row from the top.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    /// Red, green, blue.
    Rgb(RgbImage),
    /// Red, green, blue and alpha, not premultiplied.
    Rgba(RgbaImage),
}

/// Applies the same expression to either kind of pixels.
macro_rules! map {
    ($picture:expr, $pixels:ident => $result:expr) => {
        match $picture {
            Picture::Rgb($pixels) => Picture::Rgb($result),
            Picture::Rgba($pixels) => Picture::Rgba($result),
        }
    };
}

impl Picture {
    /// The part inside the box, which must be inside the picture.
    pub fn cropped(self, crop: CropBox) -> Self {
        if crop.size == self.size() {
            return self;
        }
        let Size { width, height } = crop.size;
        map!(self, pixels => imageops::crop_imm(&pixels, crop.x, crop.y, width, height).to_image())
    }

    /// Scaled until it covers the size, then cut around the centre; Lanczos.
    ///
    /// # Errors
    /// A text when the resizer refuses the buffers, which no input can cause.
    pub fn covering(self, size: Size) -> Result<Self, String> {
        if size == self.size() {
            return Ok(self);
        }
        let options = ResizeOptions::new().fit_into_destination(Some((0.5, 0.5)));
        self.resized(size, &options)
    }

    /// Exactly this size, whatever becomes of the proportions; Lanczos.
    ///
    /// # Errors
    /// A text when the resizer refuses the buffers, which no input can cause.
    pub fn stretched(self, size: Size) -> Result<Self, String> {
        if size == self.size() {
            return Ok(self);
        }
        self.resized(size, &ResizeOptions::new())
    }

    fn resized(self, size: Size, options: &ResizeOptions) -> Result<Self, String> {
        Ok(match self {
            Self::Rgb(pixels) => Self::Rgb(resize::<_, U8x3>(&pixels, size, options)?),
            Self::Rgba(pixels) => Self::Rgba(resize::<_, U8x4>(&pixels, size, options)?),
        })
    }

    /// Turned clockwise.
    pub fn rotated(self, rotation: Rotation) -> Self {
        match rotation {
            Rotation::Clockwise90 => map!(self, pixels => imageops::rotate90(&pixels)),
            Rotation::Half180 => map!(self, pixels => imageops::rotate180(&pixels)),
            Rotation::Clockwise270 => map!(self, pixels => imageops::rotate270(&pixels)),
        }
    }

    /// The mirror image.
    pub fn flipped(self, flip: Flip) -> Self {
        match flip {
            Flip::Horizontal => map!(self, pixels => imageops::flip_horizontal(&pixels)),
            Flip::Vertical => map!(self, pixels => imageops::flip_vertical(&pixels)),
        }
    }

    /// Laid on white, as JPEG has no alpha.
    pub fn on_white(&self) -> Cow<'_, RgbImage> {
        let pixels = match self {
            Self::Rgb(pixels) => return Cow::Borrowed(pixels),
            Self::Rgba(pixels) => pixels,
        };
        let (width, height) = pixels.dimensions();
        let mut flat = RgbImage::new(width, height);
        for (to, from) in flat.pixels_mut().zip(pixels.pixels()) {
            let [red, green, blue, alpha] = from.0;
            to.0 = [red, green, blue].map(|channel| over_white(channel, alpha));
        }
        Cow::Owned(flat)
    }

    /// With an alpha channel, whether anything shows through or not.
    pub fn into_rgba(self) -> RgbaImage {
        match self {
            Self::Rgb(pixels) => image::DynamicImage::ImageRgb8(pixels).into_rgba8(),
            Self::Rgba(pixels) => pixels,
        }
    }

    /// Without its alpha channel when nothing shows through.
    pub fn without_useless_alpha(self) -> Self {
        match self {
            Self::Rgba(pixels) if pixels.pixels().all(|pixel| pixel.0[3] == u8::MAX) => {
                Self::Rgb(image::DynamicImage::ImageRgba8(pixels).into_rgb8())
            }
            other => other,
        }
    }

    /// Width and height.
    pub fn size(&self) -> Size {
        let (width, height) = match self {
            Self::Rgb(pixels) => pixels.dimensions(),
            Self::Rgba(pixels) => pixels.dimensions(),
        };
        Size { width, height }
    }

    /// Whether anything shows through.
    pub fn is_translucent(&self) -> bool {
        match self {
            Self::Rgb(_) => false,
            Self::Rgba(pixels) => pixels.pixels().any(|pixel| pixel.0[3] != u8::MAX),
        }
    }
}

fn resize<C, P>(
    pixels: &ImageBuffer<C, Vec<u8>>,
    size: Size,
    options: &ResizeOptions,
) -> Result<ImageBuffer<C, Vec<u8>>, String>
where
    C: Pixel<Subpixel = u8>,
    P: PixelTrait,
{
    let mut resized = ImageBuffer::<C, Vec<u8>>::new(size.width, size.height);
    let (width, height) = pixels.dimensions();
    let from = TypedImageRef::<P>::from_buffer(width, height, pixels.as_raw())
        .map_err(|error| error.to_string())?;
    let mut to = TypedImage::<P>::from_buffer(size.width, size.height, &mut resized)
        .map_err(|error| error.to_string())?;
    Resizer::new()
        .resize_typed(&from, &mut to, options)
        .map_err(|error| error.to_string())?;
    Ok(resized)
}

fn over_white(channel: u8, alpha: u8) -> u8 {
    let (channel, alpha) = (u32::from(channel), u32::from(alpha));
    let mixed = (channel * alpha + 255 * (255 - alpha) + 127) / 255;
    u8::try_from(mixed).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red and green above, blue and white below.
    fn corners() -> Picture {
        let pixels = vec![255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255];
        Picture::Rgb(RgbImage::from_raw(2, 2, pixels).unwrap())
    }

    fn names(picture: &Picture) -> String {
        let Picture::Rgb(pixels) = picture else {
            panic!("expected RGB")
        };
        pixels
            .pixels()
            .map(|pixel| match pixel.0 {
                [255, 0, 0] => 'r',
                [0, 255, 0] => 'g',
                [0, 0, 255] => 'b',
                _ => 'w',
            })
            .collect()
    }

    #[test]
    fn rotation_is_clockwise() {
        assert_eq!(names(&corners().rotated(Rotation::Clockwise90)), "brwg");
        assert_eq!(names(&corners().rotated(Rotation::Half180)), "wbgr");
        assert_eq!(names(&corners().rotated(Rotation::Clockwise270)), "gwrb");
    }

    #[test]
    fn flips_mirror() {
        assert_eq!(names(&corners().flipped(Flip::Horizontal)), "grwb");
        assert_eq!(names(&corners().flipped(Flip::Vertical)), "bwrg");
    }

    #[test]
    fn covering_scales_before_it_cuts() {
        // A black picture with a white stripe at the far left and right: a cut without scaling
        // would lose the top and bottom rows, scaling keeps the middle columns of all rows.
        let wide = RgbImage::from_fn(300, 100, |x, _| {
            image::Rgb(if !(100..200).contains(&x) {
                [255; 3]
            } else {
                [0; 3]
            })
        });
        let square = Picture::Rgb(wide)
            .covering(Size {
                width: 50,
                height: 50,
            })
            .unwrap();
        let Picture::Rgb(pixels) = square else {
            panic!("expected RGB")
        };
        assert_eq!(pixels.dimensions(), (50, 50));
        assert_eq!(pixels.get_pixel(25, 25).0, [0; 3]);
        assert_eq!(pixels.get_pixel(5, 0).0, [0; 3]);
    }

    #[test]
    fn transparent_pixels_do_not_bleed_their_colour() {
        let half = RgbaImage::from_fn(64, 64, |x, _| {
            image::Rgba(if x < 32 {
                [255, 0, 0, 255]
            } else {
                [0, 255, 0, 0]
            })
        });
        let Picture::Rgba(small) = Picture::Rgba(half)
            .covering(Size {
                width: 8,
                height: 8,
            })
            .unwrap()
        else {
            panic!("expected RGBA")
        };
        for pixel in small.pixels().filter(|pixel| pixel.0[3] > 0) {
            assert_eq!(pixel.0[1], 0, "green shows: {pixel:?}");
        }
    }

    #[test]
    fn flattening_uses_white() {
        let glass = RgbaImage::from_pixel(1, 1, image::Rgba([0, 0, 0, 0]));
        assert_eq!(Picture::Rgba(glass).on_white().get_pixel(0, 0).0, [255; 3]);
        let half = RgbaImage::from_pixel(1, 1, image::Rgba([0, 100, 255, 128]));
        assert_eq!(
            Picture::Rgba(half).on_white().get_pixel(0, 0).0,
            [127, 177, 255]
        );
    }
}
