//! The embedded world of the demo: accounts with planted faults, and a strict Telegram on loopback.
