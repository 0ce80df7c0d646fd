//! What a look brought back.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::decode;

/// One answer on the way that sent us elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// What was asked.
    pub url: String,
    /// The redirecting status.
    pub status: u16,
}

/// A final answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Page {
    /// The URL that gave this answer, after redirects.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// Redirects followed, in order; empty when the first URL answered itself.
    pub chain: Vec<Hop>,
    /// The body, decompressed, as far as it was read.
    pub body: Bytes,
    /// The body was longer than the limit and is cut there.
    pub truncated: bool,
    /// Time spent on the network in the last attempt.
    pub elapsed: Duration,
    /// How many attempts were made, the last one included.
    pub attempts: u32,
}

impl Page {
    /// Status 2xx.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// Whether the body is words to read: a declared text type, or none and no sign of a file.
    #[must_use]
    pub fn is_text(&self) -> bool {
        match &self.content_type {
            Some(kind) => is_text_type(kind),
            None => !self.body.iter().take(512).any(|byte| *byte == 0),
        }
    }

    /// The page as a request for less of it would have brought it: so many bytes of a text, so many of anything else.
    #[must_use]
    pub fn cut(&self, max_body: usize, max_binary: usize) -> Self {
        let most = limit(self.content_type.as_deref(), max_body, max_binary);
        let mut cut = self.clone();
        if cut.body.len() > most {
            cut.body = cut.body.slice(..most);
            cut.truncated = true;
        }
        cut
    }

    /// The body as text, in the charset it is really written in.
    ///
    /// Asked in this order: byte order mark, `Content-Type`, declaration in the first
    /// 1024 bytes, a guess. A page that declares another charset and is valid UTF-8 is
    /// UTF-8: many sites kept their `gb2312` declaration when they moved.
    #[must_use]
    pub fn text(&self) -> String {
        self.text_cow().into_owned()
    }

    /// [`text`](Self::text) without a copy where the body is UTF-8 already.
    #[must_use]
    pub fn text_cow(&self) -> Cow<'_, str> {
        decode::decode(&self.body, self.content_type.as_deref())
    }

    /// A page made from bytes at hand: for tests, imports and captured copies.
    #[must_use]
    pub fn from_bytes(url: impl Into<String>, content_type: Option<&str>, body: impl Into<Bytes>) -> Self {
        Self {
            url: url.into(),
            status: 200,
            content_type: content_type.map(str::to_owned),
            chain: Vec::new(),
            body: body.into(),
            truncated: false,
            elapsed: Duration::ZERO,
            attempts: 1,
        }
    }
}

/// Bytes to read of what a `Content-Type` promises.
pub(super) fn limit(content_type: Option<&str>, max_body: usize, max_binary: usize) -> usize {
    if content_type.is_none_or(is_text_type) { max_body } else { max_binary.min(max_body) }
}

/// Whether a `Content-Type` promises words.
fn is_text_type(kind: &str) -> bool {
    let has = |word: &str| kind.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
    ["text/", "html", "xml", "json"].iter().any(|word| has(word))
}
