//! stub
use crate::bindings::state::{Host, Entry, Expect, Outcome};
use crate::bindings::store::Error;
#[derive(Clone)]
pub struct State;
impl Host for State {
    async fn get(&mut self, _key: String) -> Result<Option<Entry>, Error> { Ok(None) }
    async fn put(&mut self, _key: String, _value: Vec<u8>, _expected: Expect, _ttl: Option<u32>) -> Result<Outcome, Error> { Ok(Outcome::Done(1)) }
    async fn delete(&mut self, _key: String, _expected: Expect) -> Result<Outcome, Error> { Ok(Outcome::Done(0)) }
    async fn keys(&mut self, _p: String, _a: Option<String>, _l: u32) -> Result<Vec<String>, Error> { Ok(vec![]) }
}
