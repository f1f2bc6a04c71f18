//! Answers questions about what happened: funnels, one profile's timeline, anybody's SQL, over the lake's files and its
//! freshest rows as of one moment.
//!
//! Every question comes with a [`Scope`]; what it hides is filtered in `scope`, below every expression of the caller's.

mod attribution;
mod bounds;
mod calendar;
mod catalogue;
mod cell;
mod condition;
mod dataset;
mod dimensions;
mod error;
mod event_filter;
mod experiment;
mod expired;
mod export;
mod flow;
mod functions;
mod funnel;
mod json_get;
mod lead_past;
mod matched;
mod operator;
mod paths;
mod people;
mod period;
mod pivot;
mod properties;
mod retention;
mod scan;
mod scope;
mod sealed;
mod segment;
mod session;
mod sql;
mod table;
mod timeline;
pub mod wire;
mod yielding;

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, PoisonError},
};

use forecourt_lake::Lake;
use forecourt_model::Scope;
use jiff::tz::TimeZone;

pub use attribution::{
    people::AttributionPeopleSpec,
    report::{AttributionCredit, AttributionReport, AttributionRow, AttributionSum},
    spec::AttributionSpec,
};
pub use catalogue::{Catalogue, EventEntry};
pub use dataset::{Dataset, File, Part, Table};
pub use dimensions::DIMENSIONS;
pub use error::QueryError;
pub use event_filter::EventFilter;
pub use experiment::{
    people::{ExperimentOutcome, ExperimentPeopleSpec},
    report::{
        ExperimentComparison, ExperimentDay, ExperimentDayOf, ExperimentInterval, ExperimentReport, ExperimentVariant, ExperimentVerdict,
    },
    running::{FoundExperiment, FoundVariant},
    spec::ExperimentSpec,
    statistics,
};
pub use flow::{
    people::{FlowOutcome, FlowPeopleSpec},
    report::{FlowGroup, FlowPoint, FlowQuantile, FlowReport, FlowShare, FlowStage},
    spec::FlowSpec,
};
pub use funnel::{
    people::{Outcome, PeopleSpec},
    report::{ComparedFunnel, ConversionTime, FunnelReport, GroupReport, StepReport, TimeBar, TrendPeriod},
    spec::{FunnelExclusion, FunnelSpec},
};
pub use lead_past::{LeadHistory, LeadPast, LookBack};
pub use paths::{
    element::PathElement,
    people::{PathAt, PathsPeopleSpec},
    report::{PathLevel, PathLink, PathPlace, PathSequence, PathsReport},
    spec::PathsSpec,
};
pub use people::People;
pub use pivot::{
    measure::Unit,
    people::PivotPeopleSpec,
    report::{PivotLine, PivotMeasure, PivotReport, PivotWarning},
    spec::{PivotFilter, PivotSpec, PivotTerms},
};
pub use properties::{EventShape, PropertyChange, PropertyShape, PropertyType};
pub use retention::{
    people::{RetentionOutcome, RetentionPeopleSpec},
    report::{RetentionCell, RetentionCohort, RetentionGroup, RetentionReport},
    spec::RetentionSpec,
};
pub use segment::{MeasuredFragment, Past};
pub use session::QueryOptions;
pub use sql::SqlAnswer;
pub use timeline::{Timeline, TimelineItem, TimelineKind};

use session::{Engine, Members, Session};

/// A handle to the query threads; cloning gives another to the same.
#[derive(Clone)]
pub struct Query {
    engine: Arc<Engine>,
    source: Source,
    members: Option<Members>,
}

#[derive(Clone)]
enum Source {
    Lake(Lake),
    Fixed(Arc<Dataset>),
}

impl Query {
    /// Asks about the lake as it is at each question.
    pub fn new(lake: Lake, options: QueryOptions) -> Result<Self, QueryError> {
        Ok(Self { engine: Arc::new(Engine::new(options)?), source: Source::Lake(lake), members: None })
    }

    /// Asks about rows that do not change.
    pub fn over(dataset: Dataset, options: QueryOptions) -> Result<Self, QueryError> {
        Ok(Self { engine: Arc::new(Engine::new(options)?), source: Source::Fixed(Arc::new(dataset)), members: None })
    }

    /// The same, about some people only: what is nobody's, such as costs, it does not know.
    pub fn within(&self, profile_ids: impl IntoIterator<Item = i64>) -> Self {
        Self { members: Some(Arc::new(profile_ids.into_iter().collect())), ..self.clone() }
    }

    /// How many profiles went how far.
    pub async fn funnel(&self, scope: &Scope, spec: &FunnelSpec) -> Result<FunnelReport, QueryError> {
        let funnel = spec.check(&self.engine.time_zone())?;
        self.ask(scope, async move |session| funnel::report::report(&session, &funnel).await).await
    }

    /// Which profiles are behind a number of [`Self::funnel`].
    pub async fn funnel_people(&self, scope: &Scope, spec: &FunnelSpec, wanted: &PeopleSpec) -> Result<People, QueryError> {
        let funnel = spec.check(&self.engine.time_zone())?;
        let wanted = wanted.clone();
        self.ask(scope, async move |session| funnel::people::people(&session, funnel, &wanted).await).await
    }

    /// Which part of those who began comes back, period by period.
    pub async fn retention(&self, scope: &Scope, spec: &RetentionSpec) -> Result<RetentionReport, QueryError> {
        let retention = spec.check(&self.engine.time_zone())?;
        self.ask(scope, async move |session| retention::report::report(&session, &retention).await).await
    }

    /// Which profiles are behind a number of [`Self::retention`].
    pub async fn retention_people(&self, scope: &Scope, spec: &RetentionSpec, wanted: &RetentionPeopleSpec) -> Result<People, QueryError> {
        let retention = spec.check(&self.engine.time_zone())?;
        let wanted = wanted.clone();
        self.ask(scope, async move |session| retention::people::people(&session, retention, &wanted).await).await
    }

    /// Which touches conversions are owed to, by several models side by side.
    pub async fn attribution(&self, scope: &Scope, spec: &AttributionSpec, terms: &PivotTerms) -> Result<AttributionReport, QueryError> {
        let attribution = spec.check(terms, &self.engine.time_zone())?;
        let (spec, terms) = (spec.clone(), terms.clone());
        self.ask(scope, async move |session| attribution::report::report(&session, &spec, &attribution, &terms).await).await
    }

    /// Which profiles are behind a row of [`Self::attribution`].
    pub async fn attribution_people(
        &self,
        scope: &Scope,
        spec: &AttributionSpec,
        terms: &PivotTerms,
        wanted: &AttributionPeopleSpec,
    ) -> Result<People, QueryError> {
        let attribution = spec.check(terms, &self.engine.time_zone())?;
        let (terms, wanted) = (terms.clone(), wanted.clone());
        self.ask(scope, async move |session| attribution::people::people(&session, &attribution, &terms, &wanted).await).await
    }

    /// How fast people, or leads, get from stage to stage, and how many wait at each.
    pub async fn flow(&self, scope: &Scope, spec: &FlowSpec) -> Result<FlowReport, QueryError> {
        let flow = spec.check(&self.engine.time_zone())?;
        self.ask(scope, async move |session| flow::report::report(&session, &flow).await).await
    }

    /// Which profiles are behind a number of [`Self::flow`].
    pub async fn flow_people(&self, scope: &Scope, spec: &FlowSpec, wanted: &FlowPeopleSpec) -> Result<People, QueryError> {
        let flow = spec.check(&self.engine.time_zone())?;
        let wanted = wanted.clone();
        self.ask(scope, async move |session| flow::people::people(&session, flow, &wanted).await).await
    }

    /// What people do after an event, or before it, step by step.
    pub async fn paths(&self, scope: &Scope, spec: &PathsSpec) -> Result<PathsReport, QueryError> {
        let paths = spec.check(&self.engine.time_zone())?;
        self.ask(scope, async move |session| paths::report::report(&session, &paths).await).await
    }

    /// Which profiles are behind a place, a link or a sequence of [`Self::paths`].
    pub async fn paths_people(&self, scope: &Scope, spec: &PathsSpec, wanted: &PathsPeopleSpec) -> Result<People, QueryError> {
        let paths = spec.check(&self.engine.time_zone())?;
        let wanted = wanted.clone();
        self.ask(scope, async move |session| paths::people::people(&session, &paths, &wanted).await).await
    }

    /// Which of an experiment's variants people answer better, and how sure that is.
    pub async fn experiment(&self, scope: &Scope, spec: &ExperimentSpec) -> Result<ExperimentReport, QueryError> {
        let experiment = spec.check(&self.engine.time_zone())?;
        self.ask(scope, async move |session| experiment::report::report(&session, &experiment).await).await
    }

    /// Which profiles are behind a variant of [`Self::experiment`].
    pub async fn experiment_people(
        &self,
        scope: &Scope,
        spec: &ExperimentSpec,
        wanted: &ExperimentPeopleSpec,
    ) -> Result<People, QueryError> {
        let experiment = spec.check(&self.engine.time_zone())?;
        let wanted = wanted.clone();
        self.ask(scope, async move |session| experiment::people::people(&session, &experiment, &wanted).await).await
    }

    /// The experiments that the usual exposure events tell of, those last seen first.
    pub async fn running_experiments(&self, scope: &Scope) -> Result<Vec<FoundExperiment>, QueryError> {
        self.ask(scope, async move |session| experiment::running::running(&session).await).await
    }

    /// What advertising cost and what came of it, by any dimensions.
    pub async fn pivot(&self, scope: &Scope, spec: &PivotSpec, terms: &PivotTerms) -> Result<PivotReport, QueryError> {
        let pivot = spec.check(terms, &self.engine.time_zone())?;
        let terms = terms.clone();
        self.ask(scope, async move |session| pivot::report::report(&session, &pivot, &terms).await).await
    }

    /// Which profiles are behind a number of [`Self::pivot`].
    pub async fn pivot_people(
        &self,
        scope: &Scope,
        spec: &PivotSpec,
        terms: &PivotTerms,
        wanted: &PivotPeopleSpec,
    ) -> Result<People, QueryError> {
        let pivot = spec.check(terms, &self.engine.time_zone())?;
        let (pivot, of_people) = pivot::people::narrowed(spec, pivot, wanted)?;
        let (terms, wanted) = (terms.clone(), wanted.clone());
        self.ask(scope, async move |session| pivot::people::people(&session, &pivot, &of_people, &terms, &wanted).await).await
    }

    /// Refuses a condition on the columns of an event that a query would refuse.
    pub async fn check_condition(&self, condition: &str) -> Result<(), QueryError> {
        let text = condition.to_owned();
        self.ask(&Scope::Everything, async move |session| condition::condition(&session.state()?, session.events()?, &text).map(|_| ()))
            .await
    }

    /// Answers one statement that only reads.
    ///
    /// * `rows_max`: rows of the answer; more are cut off and [`SqlAnswer::truncated`] says so.
    pub async fn sql(&self, scope: &Scope, sql: &str, rows_max: usize) -> Result<SqlAnswer, QueryError> {
        let text = sql.to_owned();
        self.ask(scope, async move |session| sql::sql(&session, &text, rows_max).await).await
    }

    /// What happened with one profile, newest first.
    ///
    /// * `cursor`: [`Timeline::next_cursor`] of the page before.
    pub async fn timeline(
        &self,
        scope: &Scope,
        profile_id: i64,
        kind: TimelineKind,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Timeline, QueryError> {
        let cursor = cursor.map(str::to_owned);
        self.ask(scope, async move |session| timeline::timeline(&session, profile_id, kind, cursor.as_deref(), limit).await).await
    }

    /// Event names and values of dimensions, to choose from.
    pub async fn catalogue(&self, scope: &Scope) -> Result<Catalogue, QueryError> {
        self.ask(scope, async move |session| catalogue::catalogue(&session).await).await
    }

    /// Names of all events.
    pub async fn event_names(&self, scope: &Scope) -> Result<Vec<String>, QueryError> {
        self.ask(scope, async move |session| catalogue::event_names(&session).await).await
    }

    /// Events older than their name allows, by name.
    ///
    /// * `before_us`: by event name; microseconds since 1970 UTC.
    pub async fn expired(&self, scope: &Scope, before_us: &BTreeMap<String, i64>) -> Result<BTreeMap<String, u64>, QueryError> {
        let before_us = before_us.clone();
        self.ask(scope, async move |session| expired::expired(&session, &before_us).await).await
    }

    /// What an event carries, by a sample of its rows.
    ///
    /// * `until_us`: just behind the event's last row; the week before it is compared with the two months before that.
    pub async fn event_shape(&self, scope: &Scope, event: &str, until_us: i64) -> Result<EventShape, QueryError> {
        let event = event.to_owned();
        self.ask(scope, async move |session| properties::event_shape(&session, &event, until_us).await).await
    }

    /// Days of reports that name no zone begin and end in this one from now on.
    pub fn set_time_zone(&self, zone: TimeZone) {
        *self.engine.time_zone.write().unwrap_or_else(PoisonError::into_inner) = zone;
    }

    async fn ask<T, F>(&self, scope: &Scope, question: impl FnOnce(Session) -> F) -> Result<T, QueryError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, QueryError>> + Send + 'static,
    {
        let session = self.session(scope)?;
        let answer = self.engine.run(question(session)).await;
        if let Err(QueryError::Internal(reason) | QueryError::Damaged(reason)) = &answer {
            tracing::error!(reason, "a query failed");
        }
        answer
    }

    /// The rows of now, as `scope` may see them.
    fn session(&self, scope: &Scope) -> Result<Session, QueryError> {
        Ok(Session::new(self.engine.clone(), self.dataset()?, scope.clone(), self.members.clone()))
    }

    fn dataset(&self) -> Result<Arc<Dataset>, QueryError> {
        match &self.source {
            Source::Lake(lake) => Ok(Arc::new(Dataset::of_lake(lake.snapshot().map_err(QueryError::internal)?))),
            Source::Fixed(dataset) => Ok(dataset.clone()),
        }
    }
}
