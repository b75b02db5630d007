//! What is in the gallery: the newest images, and the generations that are under way or failed.

use std::collections::BTreeSet;

use guest::store::BlobEntry;
use serde_json::Map;

use super::id::{COLLECTION, ImageId};
use super::jobs::{Job, Jobs};
use super::owner::Owner;
use super::sidecar::{self, Sidecar};
use super::{Gallery, GalleryError};
use crate::text::shortened;

/// Images that a listing shows. More would not fit into the context of any model, and each costs
/// a read.
pub const MAX_IMAGES: usize = 1000;

/// Characters of a prompt that a listing shows.
const PROMPT_CHARS: usize = 500;

/// Jobs that a listing shows.
const MAX_JOBS: usize = 200;

/// One look at the gallery.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Jobs without an image, newest first.
    pub jobs: Vec<(ImageId, Job)>,
    /// Images, newest first, with only the beginning of their prompts and without what the
    /// provider said.
    pub images: Vec<Sidecar>,
    /// How many images there are in all, damaged ones included.
    pub total_images: usize,
    /// How many of those that were looked at are damaged.
    pub damaged: usize,
}

/// The names in the collection, sorted out.
#[derive(Default)]
struct Names {
    sidecars: Vec<(ImageId, BlobEntry)>,
    files: BTreeSet<String>,
}

impl Gallery<'_> {
    /// Looks at the gallery.
    ///
    /// # Errors
    /// When the store cannot list: an entry that is damaged or cannot be read is reported, counted
    /// and skipped.
    pub fn list(self) -> Result<Listing, GalleryError> {
        let Names {
            mut sidecars,
            files,
        } = self.names()?;
        let jobs = self.unfinished(|id| {
            sidecars
                .binary_search_by(|(image, _)| image.cmp(id))
                .is_ok()
        })?;
        let total_images = sidecars.len();
        // Reading them all would be needed to know the order for sure; the time of the last change
        // is as good, since a sidecar is written once.
        sidecars.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.modified_ms));
        sidecars.truncate(MAX_IMAGES);
        let mut images: Vec<Sidecar> = Vec::with_capacity(sidecars.len());
        let mut damaged = 0;
        for (id, entry) in sidecars {
            match self.listed(&id, &entry, &files) {
                Ok(found) => images.extend(found),
                Err(GalleryError::Store(error)) => {
                    damaged += 1;
                    self.damaged(&id, &error.to_string());
                }
                Err(_) => damaged += 1,
            }
        }
        images.sort_by(|a, b| (&b.created_at, &b.id).cmp(&(&a.created_at, &a.id)));
        Ok(Listing {
            jobs,
            images,
            total_images,
            damaged,
        })
    }

    /// The ids of all images that begin with `prefix`, in order, at most `limit`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn ids(self, prefix: &str, limit: usize) -> Result<Vec<ImageId>, GalleryError> {
        let names = self.names()?;
        let ids = names.sidecars.into_iter().map(|(id, _)| id);
        Ok(ids
            .filter(|id| id.as_str().starts_with(prefix))
            .take(limit)
            .collect())
    }

    fn listed(
        self,
        id: &ImageId,
        entry: &BlobEntry,
        files: &BTreeSet<String>,
    ) -> Result<Option<Sidecar>, GalleryError> {
        if entry.size > sidecar::MAX_BYTES as u64 {
            return Err(self.damaged(id, "the sidecar is too large"));
        }
        let Some(mut sidecar) = self.sidecar(id)? else {
            return Ok(None);
        };
        if !files.contains(&sidecar.original_filename) {
            return Err(self.damaged(id, "the image file is missing"));
        }
        // A thousand of them are held at a time; what no list shows need not be.
        sidecar.prompt = shortened(&sidecar.prompt, PROMPT_CHARS);
        sidecar.negative_prompt = None;
        sidecar.provider_metadata = Map::new();
        Ok(Some(sidecar))
    }

    /// Records of jobs whose image is not there.
    pub(super) fn unfinished(
        self,
        is_stored: impl Fn(&ImageId) -> bool,
    ) -> Result<Vec<(ImageId, Job)>, GalleryError> {
        let jobs = Jobs::new(self.capabilities, self.owner);
        let mut unfinished = Vec::new();
        for id in jobs.ids()? {
            if is_stored(&id) {
                continue;
            }
            match jobs.find(&id) {
                Ok(Some(mut job)) => {
                    job.prompt = shortened(&job.prompt, PROMPT_CHARS);
                    unfinished.push((id, job));
                }
                Ok(None) => {}
                Err(error) => self
                    .capabilities
                    .log
                    .warn(&format!("gallery: skipped a damaged job: {error}")),
            }
        }
        unfinished.sort_by_key(|(_, job)| std::cmp::Reverse(job.created_at_ms));
        unfinished.truncate(MAX_JOBS);
        Ok(unfinished)
    }

    fn names(self) -> Result<Names, GalleryError> {
        let mut names = Names::default();
        self.each_file("", |file, entry| match file.strip_suffix(".json") {
            None => drop(names.files.insert(file.to_owned())),
            Some(stem) => names
                .sidecars
                .extend(ImageId::parse(stem).map(|id| (id, entry))),
        })?;
        names.sidecars.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(names)
    }

    /// Every file that can be a sidecar, without a look inside.
    pub(super) fn sidecar_entries(self) -> Result<Vec<(ImageId, BlobEntry)>, GalleryError> {
        let mut found = Vec::new();
        self.each_file(".json", |file, entry| {
            let id = file.strip_suffix(".json").and_then(ImageId::parse);
            found.extend(id.map(|id| (id, entry)));
        })?;
        Ok(found)
    }

    /// Calls `see` with the name of each file of this gallery whose name ends with `suffix`, the
    /// owner left out.
    fn each_file(
        self,
        suffix: &str,
        mut see: impl FnMut(&str, BlobEntry),
    ) -> Result<(), GalleryError> {
        let begin = self.blob("");
        // Names come in order: the files of one subject are together, and those of the shared
        // gallery, which begin with a digit or `a` to `f`, are before all subjects.
        let mut after = match self.owner {
            Owner::Shared => None,
            Owner::Own(_) => Some(begin.clone()),
        };
        let is_past = |name: &str| match self.owner {
            Owner::Shared => name > FIRST_AFTER_IDS,
            Owner::Own(_) => !name.starts_with(&begin),
        };
        loop {
            let blobs = self.capabilities.blobs;
            let page = blobs.entries(COLLECTION, suffix, after.as_deref())?;
            for entry in page.entries {
                if is_past(&entry.name) {
                    return Ok(());
                }
                let name = entry.name.clone();
                if let Some(file) = name.strip_prefix(&begin) {
                    see(file, entry);
                }
            }
            match page.next.filter(|next| after.as_ref() < Some(next)) {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }
}

/// No name that begins with a hex digit is greater.
const FIRST_AFTER_IDS: &str = "images/g";
