//! The index of a gallery: id, time, origin and size of every image, in a few values of the state,
//! so that a page of ten thousand images costs the reading of that page.
//!
//! The sidecars are the truth and the index is a cache of them: it is built when it is missing, and
//! compared with the directory now and then, since others write there too.

use std::collections::BTreeMap;
use std::time::Duration;

use guest::store::{Expect, NewValue, Outcome, StoreError};

use super::id::ImageId;
use super::sidecar::{Origin, Sidecar};
use super::{Gallery, GalleryError};
use crate::time::{millis, parse_iso};

/// What the index knows of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The image.
    pub id: ImageId,
    /// When it was made, milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// Size of its file in bytes.
    pub bytes: u64,
    /// Where it comes from.
    pub origin: Origin,
}

/// A value of the index as it was read.
struct Chunk {
    key: String,
    version: u64,
    entries: Vec<Entry>,
}

/// Entries of a chunk: the value stays below the 64 KiB that a value can have.
const CHUNK_ENTRIES: usize = 3600;

/// Bytes of an entry: id 6, time 6, size 5, origin 1.
const ENTRY_BYTES: usize = 18;

/// The first byte of a chunk. Another one is the index of another version, and is built anew.
const FORMAT: u8 = 1;

/// How often the index is compared with the directory, in seconds.
const CHECK_SECONDS: u32 = 60;

/// Times that a change is tried when others change the index too.
const ATTEMPTS: usize = 8;

impl Entry {
    pub(super) fn of(sidecar: &Sidecar) -> Self {
        Self {
            id: sidecar.id.clone(),
            created_ms: millis(parse_iso(&sidecar.created_at).unwrap_or(Duration::ZERO)),
            bytes: sidecar.original_size_bytes,
            origin: sidecar.origin,
        }
    }

    fn write(&self, to: &mut Vec<u8>) {
        let (id, created, bytes) = (
            self.id.bits(),
            self.created_ms,
            self.bytes.min((1 << 40) - 1),
        );
        to.extend_from_slice(id.to_be_bytes().get(2..).unwrap_or_default());
        to.extend_from_slice(created.to_be_bytes().get(2..).unwrap_or_default());
        to.extend_from_slice(bytes.to_be_bytes().get(3..).unwrap_or_default());
        to.push(u8::from(self.origin == Origin::Imported));
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let number = |from: usize, to: usize| {
            let bytes = bytes.get(from..to)?;
            Some(
                bytes
                    .iter()
                    .fold(0_u64, |number, byte| number << 8 | u64::from(*byte)),
            )
        };
        Some(Self {
            id: ImageId::from_bits(number(0, 6)?),
            created_ms: number(6, 12)?,
            bytes: number(12, 17)?,
            origin: match bytes.get(17)? {
                0 => Origin::Generated,
                _ => Origin::Imported,
            },
        })
    }
}

impl Gallery<'_> {
    /// Every image that is known, newest first. Builds the index when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub fn indexed(self) -> Result<Vec<Entry>, GalleryError> {
        let chunks = self.chunks()?;
        let mut entries: Vec<_> = if chunks.is_empty() {
            self.refresh()?
        } else {
            chunks.into_iter().flat_map(|chunk| chunk.entries).collect()
        };
        entries.sort_unstable_by(|a, b| (b.created_ms, &b.id).cmp(&(a.created_ms, &a.id)));
        entries.dedup_by(|a, b| a.id == b.id);
        Ok(entries)
    }

    /// Compares the index with the directory, unless that was done a moment ago.
    ///
    /// # Errors
    /// When the store fails.
    pub fn refresh_if_due(self) -> Result<(), GalleryError> {
        let key = format!("index-checked/{}", self.owner.key());
        let value = NewValue {
            bytes: b"1",
            ttl_seconds: Some(CHECK_SECONDS),
        };
        if let Outcome::Done(_) = self.capabilities.state.put(&key, value, Expect::Absent)? {
            self.refresh()?;
        }
        Ok(())
    }

    /// Compares the index with the directory: what is new there is read and added, what is gone is
    /// taken out. Answers what there is, also when the index cannot be written.
    ///
    /// # Errors
    /// When the store cannot list.
    pub fn refresh(self) -> Result<Vec<Entry>, GalleryError> {
        // The index first: an image that is stored meanwhile makes our write a conflict.
        let chunks = self.chunks()?;
        let mut missing: BTreeMap<ImageId, u64> = self
            .sidecar_entries()?
            .into_iter()
            .map(|(id, entry)| (id, entry.size))
            .collect();
        let mut rest: Vec<Chunk> = Vec::with_capacity(chunks.len() + 1);
        let mut changed = vec![false; chunks.len()];
        for (mut chunk, changed) in chunks.into_iter().zip(&mut changed) {
            let before = chunk.entries.len();
            // What was found once is not missing any more, so a second entry of it goes.
            chunk
                .entries
                .retain(|entry| missing.remove(&entry.id).is_some());
            *changed = chunk.entries.len() != before;
            rest.push(chunk);
        }
        let added = missing
            .into_iter()
            .filter(|(_, size)| *size <= super::sidecar::MAX_BYTES as u64)
            .filter_map(|(id, _)| self.sidecar(&id).ok().flatten())
            .map(|sidecar| Entry::of(&sidecar));
        let mut added: Vec<_> = added.collect();
        for (chunk, changed) in rest.iter_mut().zip(&mut changed) {
            let room = CHUNK_ENTRIES.saturating_sub(chunk.entries.len());
            let taken = added.split_off(added.len().saturating_sub(room));
            *changed |= !taken.is_empty();
            chunk.entries.extend(taken);
        }
        let written = self.write_index(&rest, &changed, &added);
        // Whoever was faster has compared with the same directory.
        self.report("compared", written.map(|_| true));
        Ok(rest
            .into_iter()
            .flat_map(|chunk| chunk.entries)
            .chain(added)
            .collect())
    }

    /// Writes the chunks that have changed, and new ones for what did not fit into them.
    fn write_index(
        self,
        chunks: &[Chunk],
        changed: &[bool],
        added: &[Entry],
    ) -> Result<bool, GalleryError> {
        for (chunk, _) in chunks.iter().zip(changed).filter(|(_, changed)| **changed) {
            if !self.put_chunk(&chunk.key, &chunk.entries, Expect::Version(chunk.version))? {
                return Ok(false);
            }
        }
        let mut groups: Vec<&[Entry]> = added.chunks(CHUNK_ENTRIES).collect();
        // An empty gallery has an index too: without one it would be searched each time.
        if chunks.is_empty() && groups.is_empty() {
            groups.push(&[]);
        }
        for (number, entries) in (chunks.len()..).zip(groups) {
            if !self.put_chunk(&self.chunk_key(number), entries, Expect::Absent)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Adds an image that has just been stored. An index that does not exist is not begun: it
    /// would look complete.
    pub(super) fn index_add(self, sidecar: &Sidecar) {
        let entry = Entry::of(sidecar);
        let added = self.change(|chunks| {
            if chunks
                .iter()
                .any(|chunk| chunk.entries.iter().any(|one| one.id == entry.id))
            {
                return Ok(true);
            }
            match chunks.last_mut() {
                None => Ok(true),
                Some(last) if last.entries.len() < CHUNK_ENTRIES => {
                    last.entries.push(entry.clone());
                    self.put_chunk(&last.key, &last.entries, Expect::Version(last.version))
                }
                Some(_) => {
                    let key = self.chunk_key(chunks.len());
                    self.put_chunk(&key, std::slice::from_ref(&entry), Expect::Absent)
                }
            }
        });
        self.report("added", added);
    }

    /// Takes out an image that has just been deleted.
    pub(super) fn index_remove(self, id: &ImageId) {
        let removed = self.change(|chunks| {
            for chunk in chunks {
                let before = chunk.entries.len();
                chunk.entries.retain(|entry| entry.id != *id);
                if chunk.entries.len() != before
                    && !self.put_chunk(
                        &chunk.key,
                        &chunk.entries,
                        Expect::Version(chunk.version),
                    )?
                {
                    return Ok(false);
                }
            }
            Ok(true)
        });
        self.report("removed", removed);
    }

    fn change(
        self,
        mut change: impl FnMut(&mut Vec<Chunk>) -> Result<bool, GalleryError>,
    ) -> Result<bool, GalleryError> {
        for _ in 0..ATTEMPTS {
            if change(&mut self.chunks()?)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The next comparison with the directory mends what failed here.
    fn report(self, what: &str, outcome: Result<bool, GalleryError>) {
        let reason = match outcome {
            Ok(true) => return,
            Ok(false) => "too many others change it".to_owned(),
            Err(error) => error.to_string(),
        };
        let log = self.capabilities.log;
        log.warn(&format!("gallery: index not up to date: {what}: {reason}"));
    }

    fn chunk_key(self, number: usize) -> String {
        format!("index/{}/{number:04}", self.owner.key())
    }

    fn chunks(self) -> Result<Vec<Chunk>, GalleryError> {
        let state = self.capabilities.state;
        let prefix = format!("index/{}/", self.owner.key());
        let mut chunks = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let keys = state.keys(&prefix, after.as_deref())?;
            let last = keys.last().cloned();
            for key in keys {
                let Some(stored) = state.get(&key)? else {
                    continue;
                };
                let entries = match stored.value.split_first() {
                    Some((&FORMAT, entries)) => entries.chunks_exact(ENTRY_BYTES),
                    // Unreadable: an empty chunk that the next comparison fills again.
                    _ => [].chunks_exact(ENTRY_BYTES),
                };
                chunks.push(Chunk {
                    key,
                    version: stored.version,
                    entries: entries.filter_map(Entry::read).collect(),
                });
            }
            match last.filter(|last| after.as_ref() < Some(last)) {
                Some(last) => after = Some(last),
                None => return Ok(chunks),
            }
        }
    }

    /// Whether it was written; `false` when somebody else was faster.
    fn put_chunk(
        self,
        key: &str,
        entries: &[Entry],
        expected: Expect,
    ) -> Result<bool, GalleryError> {
        let mut bytes = Vec::with_capacity(1 + entries.len() * ENTRY_BYTES);
        bytes.push(FORMAT);
        entries.iter().for_each(|entry| entry.write(&mut bytes));
        let value = NewValue {
            bytes: &bytes,
            ttl_seconds: None,
        };
        let outcome: Result<Outcome, StoreError> =
            self.capabilities.state.put(key, value, expected);
        Ok(matches!(outcome?, Outcome::Done(_)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_entry_is_read_back(id in 0..1_u64 << 48, created_ms in 0..1_u64 << 48, bytes in 0..1_u64 << 40, imported in any::<bool>()) {
            let origin = if imported { Origin::Imported } else { Origin::Generated };
            let entry = Entry { id: ImageId::from_bits(id), created_ms, bytes, origin };
            let mut written = Vec::new();
            entry.write(&mut written);
            prop_assert_eq!(written.len(), ENTRY_BYTES);
            prop_assert_eq!(Entry::read(&written), Some(entry));
        }
    }
}
