//! One value as a file: its name and its content.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::super::super::error::Error;
use super::super::MAX_VALUE_BYTES;
use super::super::record::{Record, namespace_of};

/// Begins every file, so that nothing else is taken for a value.
const MAGIC: &[u8; 8] = b"igmcpkv1";
/// Bytes of the checksum.
const CHECKSUM: usize = 16;
/// More than any file of ours has.
const LARGEST_FILE: u64 = MAX_VALUE_BYTES as u64 + 64 * 1024;

/// A stored value with its key.
pub(super) struct Stored {
    pub(super) key: Vec<u8>,
    pub(super) record: Record,
}

/// Why a file has no value.
pub(super) enum Fault {
    Damaged,
    Io(io::Error),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Damaged => Self::Damaged("a file of the shared state".to_owned()),
            Fault::Io(error) => Self::io("state", &error),
        }
    }
}

/// What a file holds; `None` when it is not there.
pub(super) fn load(path: &Path) -> Result<Option<Stored>, Fault> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| {
        let metadata = file.metadata()?;
        let length = metadata.len();
        if !metadata.is_file() || length > LARGEST_FILE {
            return Ok(false);
        }
        file.take(LARGEST_FILE).read_to_end(&mut bytes)?;
        Ok(true)
    });
    match read {
        Ok(true) => decode(&bytes).map(Some).ok_or(Fault::Damaged),
        Ok(false) => Err(Fault::Damaged),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Fault::Io(error)),
    }
}

/// Magic, checksum of the rest, length of the key (2 bytes), key, record.
pub(super) fn encode(key: &[u8], record: &Record) -> Vec<u8> {
    let length = u16::try_from(key.len()).unwrap_or(u16::MAX);
    let mut rest = length.to_be_bytes().to_vec();
    rest.extend_from_slice(key);
    rest.extend_from_slice(&record.encode());
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&checksum(&rest));
    bytes.extend_from_slice(&rest);
    bytes
}

fn decode(bytes: &[u8]) -> Option<Stored> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (sum, rest) = rest.split_first_chunk::<CHECKSUM>()?;
    if *sum != checksum(rest) {
        return None;
    }
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (key, record) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some(Stored {
        key: key.to_vec(),
        record: Record::decode(record)?,
    })
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let [sum @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = digest;
    sum
}

/// The shard of a key.
pub(super) fn shard_of(key: &[u8]) -> u8 {
    let digest: [u8; 32] = Sha256::digest(key).into();
    let [first, ..] = digest;
    first % super::SHARDS
}

/// What the names of all files of a namespace begin with, by one of its keys.
pub(super) fn prefix_of(key: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(namespace_of(key)).into();
    let [start @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = digest;
    hex::encode(start) + "-"
}

/// Whether a name is one of ours.
pub(super) fn is_value(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let parts = name.and_then(|name| name.split_once('-'));
    parts.is_some_and(|(namespace, key)| {
        let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        namespace.len() == 32 && key.len() == 64 && is_hex(namespace) && is_hex(key)
    })
}

/// The name of the file of a key.
pub(super) fn name_of(key: &[u8]) -> String {
    prefix_of(key) + &hex::encode(Sha256::digest(key))
}
