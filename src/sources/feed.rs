//! stub
use super::{ReadContext, Unreadable};
use crate::domain::post::Reading;
pub(super) fn read(_url: &str, _text: &str, _context: &ReadContext) -> Result<Reading, Unreadable> {
    Err(Unreadable::NotAFeed)
}
