//! The HTTP edge: requests in, problems and resources out.
//!
//! [`router`] is the whole API. It is the same for the Lambda, the local server and the tests; who
//! serves it says where the definitions and counts are kept, what time it is and how cursors are
//! signed.
//!
//! ```
//! use slo_core::Service;
//! use slo_lambda::{App, CursorKey, router};
//!
//! let key = CursorKey::new(b"a secret of at least 16 bytes").unwrap();
//! let router: axum::Router = router(App::new(Service::in_memory(), jiff::Timestamp::now, key));
//! ```

mod edge;
mod resource;
mod router;

use std::sync::Arc;

use jiff::Timestamp;
use slo_core::Service;

pub use edge::cursor::CursorKey;
pub use router::{openapi, router};

/// What the routes work with. Clone it freely.
#[derive(Clone)]
pub struct App {
    pub(crate) service: Service,
    pub(crate) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) cursor_key: CursorKey,
}

impl App {
    /// The use cases, the clock that says what `now` is, and the secret of the cursors.
    pub fn new(service: Service, clock: impl Fn() -> Timestamp + Send + Sync + 'static, cursor_key: CursorKey) -> Self {
        Self { service, clock: Arc::new(clock), cursor_key }
    }
}

/// A request extension: what stands before `/api/v1` in the URL that the client used (a stage, a base
/// path). Links carry it; routes never see it.
#[derive(Clone, Debug)]
pub struct BasePath(pub String);
