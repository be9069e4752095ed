//! The HTTP edge: requests in, problems and resources out.
//!
//! [`router`] is the whole API. It is the same for the Lambda, the local server and the tests; who
//! serves it says where the definitions and counts are kept and what time it is.
//!
//! ```
//! use slo_core::Service;
//! use slo_lambda::{App, router};
//!
//! let router: axum::Router = router(App::new(Service::in_memory(), jiff::Timestamp::now));
//! ```
//!
//! `function` (feature `bootstrap`) runs it as a Lambda function, beside what is asked for without HTTP.

mod difference;
mod document;
mod edge;
#[cfg(feature = "bootstrap")]
pub mod function;
mod located;
mod openslo;
mod page;
mod resource;
mod router;

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use slo_core::{Error, Service};

pub use difference::{Change, MADE_BY_THE_SERVICE, difference};
use edge::cursor::CursorKey;
use edge::door::Door;
use edge::random::random;
pub use located::{Lines, Located, Malformed};
pub use router::{FILES, PAGES, ROUTES, openapi, router};

/// What the routes work with. Clone it freely.
#[derive(Clone)]
pub struct App {
    pub(crate) service: Service,
    pub(crate) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) door: Option<Arc<Door>>,
    cursor_key: Arc<OnceLock<CursorKey>>,
}

impl App {
    /// The use cases, and the clock that says what `now` is.
    pub fn new(service: Service, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { service, clock: Arc::new(clock), door: None, cursor_key: Arc::default() }
    }

    /// Lets nobody in but who shows a token ([`Service::create_token`]), and asks of them the access that each route
    /// needs. Otherwise whoever reaches the router may do everything.
    ///
    /// A token that was revoked, or whose user may do less, counts as before for at most 30 s.
    #[must_use]
    pub fn guarded(self) -> Self {
        Self { door: Some(Arc::default()), ..self }
    }

    /// What the first requests would wait for: a connection to the store, and the key of the cursors.
    ///
    /// # Errors
    /// [`Error::Repository`]; the first request that needs the key will ask again.
    pub async fn warm_up(&self) -> Result<(), Error> {
        self.cursor_key().await.map(drop)
    }

    /// The key that all who serve the same store sign their cursors with.
    pub(crate) async fn cursor_key(&self) -> Result<CursorKey, Error> {
        if let Some(key) = self.cursor_key.get() {
            return Ok(key.clone());
        }
        let name = "cursor-key".parse().expect("a name");
        let agreed = self.service.agreed(&name, &random::<32>()).await?;
        Ok(self.cursor_key.get_or_init(|| CursorKey::new(&agreed)).clone())
    }
}

/// A request extension: what stands before `/api/v1` in the URL that the client used (a stage, a base
/// path). Links carry it; routes never see it.
#[derive(Clone, Debug)]
pub struct BasePath(pub String);

/// A request extension: the address of the client, where who serves the router knows it better than the connection
/// does. Failures to be let in are counted by it.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);
