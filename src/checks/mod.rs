//! Plan a round, observe, judge, record.

pub mod link;
mod soft404;
