//! From one dataset to every document.
