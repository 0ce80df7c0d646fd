//! The cookies of one look.

use reqwest::header::{HeaderMap, HeaderValue, SET_COOKIE};
use url::Url;

use super::hosts;

/// Cookies kept on the way through one chain of redirects.
const COOKIES_PER_LOOK: usize = 32;

/// Cookies set on the way: sites that answer "take this cookie and come back" would loop otherwise.
#[derive(Default)]
pub(super) struct Cookies(Vec<(String, String)>);

impl Cookies {
    /// Remembers what `headers` set for `url`'s host.
    pub(super) fn take(&mut self, url: &Url, headers: &HeaderMap) {
        for value in headers.get_all(SET_COOKIE) {
            let Ok(text) = value.to_str() else { continue };
            let Some((name, value)) = text.split(';').next().and_then(|pair| pair.split_once('=')) else { continue };
            let key = format!("{}\t{}", hosts::key_of(url), name.trim());
            let room = self.0.len() < COOKIES_PER_LOOK;
            match self.0.iter_mut().find(|(known, _)| *known == key) {
                Some((_, old)) => value.trim().clone_into(old),
                None if room => self.0.push((key, value.trim().to_owned())),
                None => {}
            }
        }
    }

    pub(super) fn header_for(&self, url: &Url) -> Option<HeaderValue> {
        if self.0.is_empty() {
            return None;
        }
        let pairs: Vec<String> = self
            .0
            .iter()
            .filter_map(|(key, value)| {
                let (host, name) = key.split_once('\t')?;
                (host == hosts::key_of(url)).then(|| format!("{name}={value}"))
            })
            .collect();
        if pairs.is_empty() { None } else { HeaderValue::from_str(&pairs.join("; ")).ok() }
    }

    /// What was known when a URL was asked: the same URL with the same cookies is a loop.
    pub(super) fn state(&self) -> Vec<(String, String)> {
        self.0.clone()
    }
}
