//! Objectives, indicators and error budgets, computed exactly.
//!
//! The core is a calculator with a place for a store. It knows no clock (`now` is an argument), no
//! environment, no network and no float before a comparison.
//!
//! | Concept | Type |
//! |---|---|
//! | Measured aspect of behaviour (SLI) | [`Indicator`] |
//! | One minute's counts from one source | [`Measurement`] |
//! | Who counts them in the process that is measured | [`Recorder`] |
//! | Good and total events | [`EventCounts`] |
//! | What is promised (SLO) | [`Objective`] |
//! | Required level | [`Target`] |
//! | The rule for the time span | [`TimeWindow`] |
//! | The concrete dates | [`Period`] |
//! | Allowed failure, spent, left | [`ErrorBudget`] |
//! | Speed of spending | [`BurnRate`] |
//! | Maintenance windows and corrections | [`Exclusion`] |
//! | Whether somebody must look | [`Alert`] |
//! | Who tells them | [`Notifier`] |
//! | A contiguous spell of bad minutes | [`Incident`] |
//! | What a sprint may spend | [`Plan`] |
//! | What consumed most | [`Toil`] |
//! | Rules about when to ship | [`Policy`] |
//! | Whether this may be shipped, and why | [`Decision`] |
//! | Person who decides | [`User`] |
//! | What people are told of a service | [`ServiceProfile`] |
//! | Who did what, and when | [`AuditEntry`] |
//!
//! Start with [`Service`] for the use cases over a store, or with [`Evaluation`] for the arithmetic
//! alone. A store of your own implements [`DefinitionRepository`], [`MeasurementRepository`],
//! [`StateRepository`], [`DecisionRepository`] and [`AuditRepository`]; the contract kit in `testing` (feature `testing`) tests it.

mod alert;
mod alert_change;
mod alert_policy;
mod amount;
mod audit;
mod backtest;
mod budget;
mod burn_down;
mod burn_rate;
mod caller;
mod counts;
mod decimal;
mod decision;
mod duration;
mod error;
mod evaluation;
mod excluded;
mod exclusion;
mod fault;
mod incident;
mod indicator;
mod json;
mod ledger;
mod measurement;
pub mod memory;
pub mod meter;
mod name;
mod note;
mod objective;
mod plan;
mod policy;
mod ratio;
mod recorder;
mod recurrence;
mod repository;
mod revision;
mod service;
mod service_profile;
mod tally;
mod target;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod text;
mod time;
mod toil;
mod token;
mod user;
mod window;

pub use alert::{Alert, Alerts, HeldBack};
pub use alert_change::{AlertChange, AlertState, Notifier};
pub use alert_policy::{AlertCondition, AlertPolicy, AlertThreshold, Severity, default_coverage_floor};
pub use audit::{AuditAction, AuditEntry, AuditKind, AuditPlace, AuditPlaceError, Deed};
pub use backtest::{Backtest, PastPeriod};
pub use budget::{BudgetReport, BudgetUnit, ErrorBudget, Status};
pub use burn_down::BurnDownPoint;
pub use burn_rate::{BurnRate, Forecast, LOOKBACKS, Lookback, time_to_exhaustion};
pub use caller::{Caller, Need};
pub use counts::{Bucket, CountsError, EventCounts, MAX_COUNT, Width};
pub use decimal::{Decimal, DecimalError, PartsPerBillion, PartsPerBillionError};
pub use decision::{
    Decision, DecisionId, DecisionIdError, DecisionReason, DecisionRecord, Evidence, Figure, Fraction, FractionError,
    Judgement, MAX_DECISION, MAX_DECISION_OBJECTIVES, MAX_EVIDENT_INCIDENTS, MAX_OVERRIDE_DAYS, MAX_OVERRIDES,
    Override, Postmortem, ProposedChange, SeenAlert, SeenBurnRate, SeenIncident,
};
pub use duration::{Shorthand, ShorthandError, Unit};
pub use error::Error;
pub use evaluation::{Evaluation, Reading};
pub use exclusion::{Exclusion, ExclusionMode, MAX_EXCLUSIONS};
pub use fault::Fault;
pub use incident::Incident;
pub use indicator::{
    Indicator, IndicatorKind, MAX_SPEC_BYTES, MetricQuery, MetricRole, MetricSource, Operator, Threshold,
};
pub use json::{Json, JsonError, MAX_JSON_DEPTH};
pub use measurement::{
    Batch, BatchError, CLOCK_SKEW_MINUTES, MAX_BATCH, MAX_REVISION, Measurement, Receipt, Series, WriteEffect,
};
pub use name::{Name, NameError};
pub use objective::{
    BudgetingMethod, MAX_OWNERS, NoData, Objective, Reference, Sla, SliceWidth, default_warning_threshold,
};
pub use plan::{MAX_PARTS, Plan, PlanPart, PlanSpan};
pub use policy::{ChangeKind, Condition, Limit, MAX_RULES, Policy, Rule, Verdict};
pub use ratio::Ratio;
pub use recorder::{Attempt, MAX_RECORDED_MINUTES, Recorder};
pub use recurrence::{Recurrence, RecurrenceError};
pub use repository::{
    AuditFilter, AuditPage, AuditRepository, DecisionFilter, DecisionPage, DecisionRepository, Definition,
    DefinitionRepository, Filter, Kind, MAX_PAGE, MAX_STATE, MeasurementRepository, Page, Reconciled, RepositoryError,
    Resolution, Source, StateRepository,
};
pub use revision::{Annexed, Change, Precondition, Revision, Stamp, Versioned};
pub use service::{
    Admitted, AlertRound, DecisionRequest, MAX_PERIODS, MAX_STEPS, Managed, Planned, Proposal, Reconciliation, Service,
    UnnotedUse, WhatIf, Written,
};
pub use service_profile::ServiceProfile;
pub use target::{Target, TargetError};
pub use text::{Description, DisplayName, LabelError, Labels, Reason, Text, TextError};
pub use time::{Minute, Period};
pub use toil::{MAX_TOIL_INCIDENTS, Toil};
pub use token::{
    LAST_USED_STEP, MAX_SCOPES, MAX_TOKENS, Scope, ScopeError, TOKEN_RANDOM, Token, TokenDescription, TokenHash,
    TokenRequest, TokenText, TokenTextError,
};
pub use user::{Access, Email, EmailError, Role, User};
pub use window::{CalendarWindow, RollingWindow, TimeWindow, WindowError, WindowPeriod, Zone};
