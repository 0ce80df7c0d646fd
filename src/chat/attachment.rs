//! Photos and files that come with a message: what the channel says of them, and what was fetched.
//!
//! Nothing is fetched before the handler has said that it wants it ([`super::handle::wants`]).

use std::sync::Arc;

use bytes::Bytes;

/// A file larger than this is not fetched; Telegram itself hands out 20 MB.
pub const LARGEST: u64 = 10 * 1024 * 1024;
/// The files of one message may weigh this much together.
pub const LARGEST_TOGETHER: u64 = 30 * 1024 * 1024;
/// More files than this in one message are refused; Telegram's albums hold ten.
pub const MOST: usize = 10;

/// How a file was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentKind {
    /// A photo, compressed by the sender's app.
    Photo,
    /// A file as it is.
    Document,
    /// A video.
    Video,
    /// A voice message, a sticker and the like.
    Other,
}

/// What is known of a file's content.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Content {
    /// Not asked for.
    #[default]
    Unasked,
    /// All of it.
    Whole(Bytes),
    /// More than [`LARGEST`], or than [`LARGEST_TOGETHER`] with the others.
    TooLarge,
    /// It could not be had; later may be better.
    Failed,
}

/// One photo or file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// How it was sent.
    pub kind: AttachmentKind,
    /// The channel's name for it.
    pub file_id: Arc<str>,
    /// The name the sender's device gave it.
    pub name: Option<String>,
    /// The type the sender's device claims.
    pub mime: Option<String>,
    /// The size the channel states, in bytes.
    pub size: Option<u64>,
    /// What was fetched.
    pub content: Content,
}

/// Everything that came with one message; an album counts as one message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attachments {
    /// The album the message is part of; the rest of it may come later.
    pub album: Option<String>,
    /// The files, in the order they were sent.
    pub files: Vec<Attachment>,
}

impl Attachments {
    /// Nothing came with it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}
