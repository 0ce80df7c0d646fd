//! The only HTTP client: politeness, guards, retries, evidence.
