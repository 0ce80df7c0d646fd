//! One file per adapter: bytes to posts; pure parsing, no requests.
