//! Pages of a gallery: the generations under way first, then the images, newest first. Only what
//! is on the page is read.

use super::id::ImageId;
use super::index::Entry;
use super::jobs::Job;
use super::sidecar::{Origin, Sidecar};
use super::{Gallery, GalleryError};

/// Which page of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageQuery {
    /// Images of this origin only; `None` for all.
    pub origin: Option<Origin>,
    /// The page, beginning with 1.
    pub page: usize,
    /// Entries of a page.
    pub page_size: usize,
}

/// One page.
#[derive(Clone, Debug, Default)]
pub struct GalleryPage {
    /// Entries of all pages.
    pub total: usize,
    /// Jobs without an image, newest first; they count as generated.
    pub jobs: Vec<(ImageId, Job)>,
    /// Images, newest first.
    pub images: Vec<Sidecar>,
}

impl Gallery<'_> {
    /// Reads a page. An entry that is damaged is reported and left out.
    ///
    /// # Errors
    /// When the store cannot list.
    pub fn page(self, query: PageQuery) -> Result<GalleryPage, GalleryError> {
        let mut entries = self.indexed()?;
        let jobs = match query.origin {
            Some(Origin::Imported) => Vec::new(),
            _ => self.unfinished(|id| entries.iter().any(|entry| entry.id == *id))?,
        };
        entries.retain(|entry| query.origin.is_none_or(|origin| entry.origin == origin));
        let total = jobs.len() + entries.len();
        let skipped = query.page.saturating_sub(1).saturating_mul(query.page_size);
        let jobs_before = jobs.len();
        let jobs: Vec<_> = jobs
            .into_iter()
            .skip(skipped)
            .take(query.page_size)
            .collect();
        let room = query.page_size - jobs.len();
        let images = entries
            .iter()
            .skip(skipped.saturating_sub(jobs_before))
            .take(room)
            .filter_map(|entry| self.still_there(entry))
            .collect();
        Ok(GalleryPage {
            total,
            jobs,
            images,
        })
    }

    fn still_there(self, entry: &Entry) -> Option<Sidecar> {
        match self.sidecar(&entry.id) {
            Ok(sidecar) => sidecar,
            Err(GalleryError::Store(error)) => {
                self.damaged(&entry.id, &error.to_string());
                None
            }
            // Already in the log.
            Err(_) => None,
        }
    }
}
