//! What the world does to a server: crashes, full disks, damaged files, guests that misbehave,
//! a provider that changes under load. (A provider that is down: `remote_rules::documents`.)

mod crash;
mod disk;
mod guest;
mod provider;
