//! Where things are.

/// Where the pages are.
pub(crate) const ROOT: &str = "/MAAS/r/";

/// Where the status page is.
pub(crate) const STATUS: &str = "/MAAS/status";

/// Where the style of the status page is.
pub(crate) const STATUS_STYLE: &str = "/MAAS/status.css";
