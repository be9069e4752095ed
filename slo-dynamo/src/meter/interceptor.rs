//! The hooks into the SDK.

use std::fmt;
use std::time::Instant;

use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextMut, BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_types::config_bag::{Storable, StoreReplace};

use super::{Consumed, Sink, capacity};

pub(super) struct Meter(pub(super) Sink);

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meter")
    }
}

/// When the attempt under way was sent.
#[derive(Debug)]
struct Sent(Instant);

impl Storable for Sent {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    /// Here rather than on each request builder, where one could be forgotten.
    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        capacity::ask(context.input_mut());
        Ok(())
    }

    /// Counts the call when it leaves: it may time out, or its caller may go away.
    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        state: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        state.interceptor_state().store_put(Sent(Instant::now()));
        (self.0)(Consumed { calls: 1, ..Consumed::default() });
        Ok(())
    }

    /// Also runs after a timeout.
    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        state: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Sent(at)) = state.load::<Sent>() else { return Ok(()) };
        let micros = u64::try_from(at.elapsed().as_micros()).unwrap_or(u64::MAX);
        // An attempt that fails before it is sent must not find the time of the one before.
        state.interceptor_state().unset::<Sent>();
        let cost = match context.output_or_error() {
            Some(Ok(output)) => capacity::reported(output),
            Some(Err(error)) => error.as_operation_error().and_then(capacity::floor),
            None => None,
        };
        (self.0)(Consumed { micros, ..cost.unwrap_or_default() });
        Ok(())
    }
}
