//! ironraft
