//! One incoming update: who, what, which use case, what to answer.

use super::texts::Press;
use crate::domain::Lang;
/// Who sent an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    pub key: String,
    pub name: String,
    pub lang: Option<Lang>,
    pub anonymous: bool,
}
/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Text { text: String, reply_to: Option<String>, attachment: bool, forwarded: bool },
    Press { id: String, data: String, message: Option<i32>, buttons: Vec<Vec<Press>> },
}
/// One update
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    pub update_id: i64,
    pub address: String,
    pub is_group: bool,
    pub sender: Sender,
    pub what: What,
}
