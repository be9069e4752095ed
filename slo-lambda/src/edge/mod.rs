//! What every route shares: reading requests, writing answers.

pub(crate) mod access;
pub(crate) mod body;
pub(crate) mod cursor;
pub(crate) mod door;
pub(crate) mod etag;
pub(crate) mod exposition;
pub(crate) mod fields;
pub(crate) mod limit;
pub(crate) mod links;
pub(crate) mod observe;
pub(crate) mod problem;
pub(crate) mod query;
pub(crate) mod random;
