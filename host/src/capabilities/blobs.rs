//! stub
use crate::bindings::blobs::{Host, Page};
use crate::bindings::store::Error;
#[derive(Clone)]
pub struct Blobs;
impl Host for Blobs {
    async fn read(&mut self, _name: String) -> Result<Option<Vec<u8>>, Error> { Ok(None) }
    async fn write(&mut self, _name: String, _bytes: Vec<u8>) -> Result<(), Error> { Ok(()) }
    async fn delete(&mut self, _name: String) -> Result<bool, Error> { Ok(false) }
    async fn entries(&mut self, _c: String, _s: String, _a: Option<String>, _l: u32) -> Result<Page, Error> { Ok(Page{entries: vec![], next: None}) }
}
