//! Albums, and files that Telegram does not hand out.

use std::sync::Arc;

use super::html::Rich;
use super::{FakeTelegram, Person, TelegramError, Waiting, speak};

impl FakeTelegram {
    /// The person sends several photos at once; only the first has the caption, as in Telegram's apps.
    pub async fn send_album(
        &self,
        chat: i64,
        person: &Person,
        photos: &[&[u8]],
        caption: &str,
    ) -> Result<(), TelegramError> {
        let mut waiting = None;
        {
            let mut state = self.shared.lock();
            let heard = speak(&mut state, chat, person)? || caption.starts_with('/');
            let album = format!("album-{}", state.last_update);
            for (place, photo) in photos.iter().enumerate() {
                let file = state.keep_file("photo.jpg", Arc::from(*photo), true);
                let text = if place == 0 { caption.to_owned() } else { String::new() };
                let body = Rich { text, entities: Vec::new() };
                let message = state.post(chat, person.user_id, self.shared.clock.now(), body, None, Some(file));
                let mut message = message.unwrap_or_default();
                message["media_group_id"] = album.clone().into();
                let update = heard.then_some(("message", Some(message)));
                waiting = Waiting::of(&mut state, chat, update, &format!("an album of {}", person.name))?;
            }
        }
        self.settle(waiting).await
    }

    /// Whether getFile answers with a gateway's page from now on.
    pub fn withhold_files(&self, on: bool) {
        self.shared.lock().withholds_files = on;
    }
}
