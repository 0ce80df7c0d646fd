//! Files of a message: what Telegram says of them, and their content, never more than asked for.

use std::time::Duration;

use bytes::BytesMut;
use futures::StreamExt;
use teloxide::net::Download;
use teloxide::requests::Requester;
use teloxide::types::{FileId, FileMeta, Message};

use super::{Messenger, sort};
use crate::chat::attachment::{Attachment, AttachmentKind, Attachments, Content, LARGEST, LARGEST_TOGETHER};

/// Longest wait for one file; the client gives up on a request by itself after 17 s.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest name that is kept, in characters.
const LONGEST_NAME: usize = 120;

/// What came with a message.
pub(super) fn attachments(message: &Message) -> Attachments {
    let one = |kind, file: &FileMeta, name: Option<&String>, mime: Option<String>| Attachment {
        kind,
        file_id: file.id.0.as_str().into(),
        name: name.map(|name| name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect()),
        mime,
        // Why: the library reads an absent size as the largest number.
        size: Some(u64::from(file.size)).filter(|size| *size < u64::from(u32::MAX)),
        content: Content::Unasked,
    };
    let file = if let Some(sizes) = message.photo() {
        let largest = sizes.iter().max_by_key(|size| u64::from(size.width) * u64::from(size.height));
        largest.map(|photo| one(AttachmentKind::Photo, &photo.file, None, Some("image/jpeg".to_owned())))
    } else if let Some(document) = message.document() {
        let mime = document.mime_type.as_ref().map(ToString::to_string);
        Some(one(AttachmentKind::Document, &document.file, document.file_name.as_ref(), mime))
    } else if let Some(video) = message.video() {
        let mime = video.mime_type.as_ref().map(ToString::to_string);
        Some(one(AttachmentKind::Video, &video.file, video.file_name.as_ref(), mime))
    } else {
        let other = message.voice().map(|v| &v.file);
        let other = other.or_else(|| message.audio().map(|a| &a.file));
        let other = other.or_else(|| message.video_note().map(|v| &v.file));
        other.map(|file| one(AttachmentKind::Other, file, None, None))
    };
    Attachments { album: message.media_group_id().map(|id| id.0.clone()), files: file.into_iter().collect() }
}

impl Messenger {
    /// Fetches the content of everything that came with a message, one after another.
    ///
    /// Never more than the limits in memory, whatever Telegram says about sizes.
    pub(in crate::chat) async fn fetch(&self, attachments: &mut Attachments) {
        let mut room = LARGEST_TOGETHER;
        for attachment in &mut attachments.files {
            let limit = LARGEST.min(room);
            attachment.content = match attachment.size {
                Some(size) if size > limit => Content::TooLarge,
                _ => match tokio::time::timeout(PATIENCE, self.download(&attachment.file_id, limit)).await {
                    Ok(content) => content,
                    Err(_) => Content::Failed,
                },
            };
            if let Content::Whole(content) = &attachment.content {
                room -= content.len() as u64;
            }
        }
    }

    async fn download(&self, file_id: &str, limit: u64) -> Content {
        let file = match self.bot.get_file(FileId(file_id.to_owned())).await {
            Ok(file) => file,
            Err(error) => {
                let error = sort(&error);
                if error.to_string().contains("file is too big") {
                    return Content::TooLarge;
                }
                tracing::warn!(%error, "Telegram does not hand out a file");
                return Content::Failed;
            }
        };
        let mut chunks = self.bot.download_file_stream(&file.path);
        let mut content = BytesMut::new();
        while let Some(chunk) = chunks.next().await {
            let Ok(chunk) = chunk else {
                // Why: the library's error may carry the address, and the address the token.
                tracing::warn!("a file of Telegram broke off");
                return Content::Failed;
            };
            if (content.len() + chunk.len()) as u64 > limit {
                return Content::TooLarge;
            }
            content.extend_from_slice(&chunk);
        }
        Content::Whole(content.freeze())
    }
}
