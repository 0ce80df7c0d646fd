//! stub
use super::{ReadContext, Unreadable};
use crate::domain::post::Reading;
use serde_json::{Map, Value};
pub(super) fn read(
    _url: &str,
    _text: &str,
    _options: &Map<String, Value>,
    _context: &ReadContext,
) -> Result<Reading, Unreadable> {
    Err(Unreadable::NoDates)
}
