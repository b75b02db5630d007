//! How long images are kept: by age and by size, as the deployment says; for ever unless it does.
//! The oldest go first. What is damaged stays: it is never deleted by itself.

use guest::store::{Expect, NewValue, Outcome};

use super::{Gallery, GalleryError};
use crate::time::millis;

/// How often a gallery is looked through, in seconds.
const CHECK_SECONDS: u32 = 60;

/// Images that one look deletes at most; the next goes on.
const MAX_DELETED: usize = 100;

/// Milliseconds of a day.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

impl Gallery<'_> {
    /// Deletes what is too old or too much, unless that was looked at a moment ago.
    ///
    /// # Errors
    /// When the store fails.
    pub fn retain_if_due(self) -> Result<usize, GalleryError> {
        let number = |name: &str| {
            let setting = self.capabilities.settings.setting(name)?;
            setting.trim().parse::<u64>().ok()
        };
        let (days, bytes) = (number("RETENTION_DAYS"), number("RETENTION_MAX_BYTES"));
        if days.is_none() && bytes.is_none() {
            return Ok(0);
        }
        let value = NewValue {
            bytes: b"1",
            ttl_seconds: Some(CHECK_SECONDS),
        };
        let key = format!("retention-checked/{}", self.owner.key());
        match self.capabilities.state.put(&key, value, Expect::Absent)? {
            Outcome::Done(_) => self.retain(days, bytes),
            Outcome::Conflict => Ok(0),
        }
    }

    fn retain(self, days: Option<u64>, bytes: Option<u64>) -> Result<usize, GalleryError> {
        let now = millis(self.capabilities.clock.now());
        let oldest = days.map_or(0, |days| now.saturating_sub(days.saturating_mul(DAY_MS)));
        let most = bytes.unwrap_or(u64::MAX);
        let mut kept: u64 = 0;
        let mut doomed = Vec::new();
        for entry in self.indexed()? {
            let total = kept.saturating_add(entry.bytes);
            if entry.created_ms < oldest || total > most {
                doomed.push(entry.id);
            } else {
                kept = total;
            }
        }
        let mut deleted = 0;
        for id in doomed.iter().rev().take(MAX_DELETED) {
            if self.delete(id)?.is_some() {
                deleted += 1;
                let log = self.capabilities.log;
                log.info(&format!("deleted by the rules of retention: {id}"));
            }
        }
        Ok(deleted)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::gallery::NewImage;
    use crate::gallery::id::ImageId;
    use crate::gallery::owner::Owner;
    use crate::images::encode::{Encoding, encode};
    use crate::images::format::Format;
    use crate::images::picture::Picture;
    use crate::testing::Memory;

    fn store(memory: &Memory, number: u64) -> u64 {
        let picture = Picture::Rgb(image::RgbImage::new(4, 4));
        let encoding = Encoding {
            format: Format::Png,
            quality: 90,
        };
        let bytes = encode(&picture, encoding).unwrap();
        let gallery = Gallery::new(memory.capabilities(), Owner::Shared);
        let id = ImageId::from_bits(number);
        gallery.register(&id, &bytes, NewImage::default()).unwrap();
        memory.advance(Duration::from_secs(24 * 60 * 60));
        bytes.len() as u64
    }

    fn left(memory: &Memory) -> Vec<u64> {
        let gallery = Gallery::new(memory.capabilities(), Owner::Shared);
        gallery.retain_if_due().unwrap();
        let entries = gallery.indexed().unwrap();
        entries.iter().map(|entry| entry.id.bits()).collect()
    }

    #[test]
    fn everything_stays_unless_the_deployment_says_otherwise() {
        let memory = Memory::new();
        (0..3).for_each(|number| {
            store(&memory, number);
        });
        assert_eq!(left(&memory), [2, 1, 0]);
    }

    #[test]
    fn what_is_too_old_goes() {
        let memory = Memory::new().with_setting("RETENTION_DAYS", "2");
        (0..4).for_each(|number| {
            store(&memory, number);
        });
        assert_eq!(left(&memory), [3, 2]);
        assert!(
            !memory
                .blob_names()
                .iter()
                .any(|name| name.contains("000000000000"))
        );
    }

    #[test]
    fn what_is_too_much_goes_oldest_first() {
        let size = store(&Memory::new(), 0);
        let memory = Memory::new().with_setting("RETENTION_MAX_BYTES", &(size * 2).to_string());
        (0..4).for_each(|number| {
            store(&memory, number);
        });
        assert_eq!(left(&memory), [3, 2]);
    }
}
