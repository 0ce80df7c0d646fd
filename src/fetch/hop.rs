//! One request and its answer: where it leads, or what it says as far as that is wanted.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONNECTION, CONTENT_TYPE, COOKIE, HeaderValue, LOCATION};
use reqwest::{Client, Response};
use url::Url;

use super::cookies::Cookies;
use super::failure::{self, FailureKind};
use super::{Ask, decode, page};

/// What a redirect says besides is read up to so many bytes and so long: read to its end, its connection serves the
/// next request.
const SHORT: u64 = 16 * 1024;
const SHORT_COMES: Duration = Duration::from_millis(100);

/// One hop's answer.
pub(super) enum Answer {
    Elsewhere(u16, Url),
    Final { status: u16, content_type: Option<String>, body: Bytes, truncated: bool },
}

/// One request, its answer read as far as it is wanted.
pub(super) async fn ask_one(
    client: &Client,
    url: &Url,
    cookies: &mut Cookies,
    ask: &Ask,
) -> Result<Answer, (FailureKind, String)> {
    let mut request = client.get(url.clone());
    if let Some(header) = cookies.header_for(url) {
        request = request.header(COOKIE, header);
    }
    if ask.last {
        request = request.header(CONNECTION, HeaderValue::from_static("close"));
    }
    let mut response = request.send().await.map_err(|error| failure::classify(&error))?;
    let status = response.status();
    cookies.take(url, response.headers());
    if let Some(next) = redirect_target(&response, url) {
        if response.content_length().is_some_and(|length| length <= SHORT) {
            // What does not come is not waited for: the redirect is known.
            let _ =
                tokio::time::timeout(SHORT_COMES, async { while let Ok(Some(_)) = response.chunk().await {} }).await;
        }
        return Ok(Answer::Elsewhere(status.as_u16(), next));
    }
    let content_type =
        response.headers().get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let limit = page::limit(content_type.as_deref(), ask.max_body, ask.max_binary);
    let (body, truncated) = read_body(response, limit).await.map_err(|error| failure::classify_body(&error))?;
    Ok(Answer::Final { status: status.as_u16(), content_type, body, truncated })
}

/// Where a redirect points; `None` for anything that is not a redirect we can follow.
fn redirect_target(response: &Response, url: &Url) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    // Why: headers of old sites carry raw UTF-8 or GBK bytes.
    let location = decode::decode(response.headers().get(LOCATION)?.as_bytes(), None);
    let mut next = url.join(location.trim()).ok()?;
    next.set_fragment(None);
    Some(next)
}

/// The body up to the limit, counted after decompression.
pub(super) async fn read_body(mut response: Response, limit: usize) -> Result<(Bytes, bool), reqwest::Error> {
    let Some(first) = response.chunk().await? else { return Ok((Bytes::new(), false)) };
    if first.len() > limit {
        return Ok((first.slice(..limit), true));
    }
    // Why: most pages come in one piece, and that piece is handed on without a copy.
    let Some(second) = response.chunk().await? else { return Ok((first, false)) };
    let mut body = BytesMut::with_capacity((first.len() + second.len()) * 2);
    body.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(chunk) = next {
        let room = limit - body.len();
        if chunk.len() > room {
            body.extend_from_slice(&chunk.slice(..room));
            return Ok((body.freeze(), true));
        }
        body.extend_from_slice(&chunk);
        next = response.chunk().await?;
    }
    Ok((body.freeze(), false))
}
