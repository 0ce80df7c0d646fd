//! A file to a chat: uploaded in pieces over the connection, then sent by the number it got.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use super::limits::Purpose;
use super::{Bot, new_id};
use crate::chat::handle::Document;
use crate::chat::telegram::SendError;

/// Bytes of one piece before it is written in base64.
const PIECE: usize = 512 * 1024;
/// Pieces of one file.
const MOST_PIECES: usize = 40;
/// A smaller file is not taken.
const SMALLEST: usize = 5;
/// Characters of a file's name.
const LONGEST_NAME: usize = 80;

impl Bot {
    /// Sends a file that somebody asked for to a chat.
    pub async fn send_file(&self, address: &str, is_group: bool, file: &Document) -> Result<(), SendError> {
        let pieces: Vec<&[u8]> = file.content.chunks(PIECE).collect();
        if file.content.len() < SMALLEST || pieces.len() > MOST_PIECES {
            return Err(SendError::Refused(format!("WeCom takes no file of {} bytes", file.content.len())));
        }
        self.take(address, 1, Purpose::Answer)?;
        let md5 = Md5::digest(&file.content).iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let name: String = file.name.chars().take(LONGEST_NAME).collect();
        let begin = json!({ "type": "file", "filename": name, "total_size": file.content.len(),
                            "total_chunks": pieces.len(), "md5": md5 });
        let begun = self.request("aibot_upload_media_init", &begin).await?;
        let upload_id = text_of(&begun, "upload_id")?;
        for (index, piece) in pieces.iter().enumerate() {
            let piece = json!({ "upload_id": upload_id, "chunk_index": index, "base64_data": STANDARD.encode(piece) });
            self.request("aibot_upload_media_chunk", &piece).await?;
        }
        let finished = self.request("aibot_upload_media_finish", &json!({ "upload_id": upload_id })).await?;
        let chat_type = if is_group { 2 } else { 1 };
        let body = json!({ "chatid": address, "chat_type": chat_type, "msgtype": "file",
                           "file": { "media_id": text_of(&finished, "media_id")? } });
        self.request("aibot_send_msg", &body).await.map(|_| ())
    }

    async fn request(&self, cmd: &str, body: &Value) -> Result<Value, SendError> {
        self.ask(cmd, &new_id(cmd), body).await
    }
}

fn text_of(body: &Value, key: &str) -> Result<String, SendError> {
    let text = body.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| SendError::Later(format!("WeCom answered without {key}")))
}
