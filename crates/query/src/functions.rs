//! The behavioural operators as tables of SQL: `SELECT * FROM funnel('{"steps": [{"event": "car_viewed"}, …], "window": "30d"}')`.
//!
//! The argument is the spec that the pages, the API and the command take; the rows are what the report shows. Reports that
//! need definitions of the installation's (attribution, pivot: conversions, rates) are not among them.

mod rows;

use std::sync::Arc;

use arrow::{
    array::RecordBatch,
    datatypes::{Schema, SchemaRef},
};
use async_trait::async_trait;
use datafusion::{
    catalog::{Session as Planning, TableFunctionArgs, TableFunctionImpl, TableProvider},
    common::{Result, ScalarValue, plan_err},
    datasource::memory::MemorySourceConfig,
    error::DataFusionError,
    execution::SessionState,
    logical_expr::{Expr, TableType},
    physical_plan::ExecutionPlan,
};
use serde::de::DeserializeOwned;

use crate::{
    ExperimentSpec, FlowSpec, FunnelSpec, PathsSpec, QueryError, RetentionSpec, experiment::spec::Experiment, flow::spec::Flow,
    funnel::spec::Funnel, paths::spec::Paths, retention::spec::Retention, session::Session,
};

/// The rows of now, as a caller may see them: asked at each statement.
pub(crate) type Asking = Arc<dyn Fn() -> Arc<Session> + Send + Sync>;

/// Makes the functions known to a planner.
pub(crate) fn register(state: &mut SessionState, asking: &Asking) {
    for kind in [Kind::Funnel, Kind::Retention, Kind::Flow, Kind::Paths, Kind::Experiment] {
        state.register_udtf(kind.name(), Arc::new(ReportFunction { kind, asking: asking.clone() }));
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Funnel,
    Retention,
    Flow,
    Paths,
    Experiment,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Funnel => "funnel",
            Self::Retention => "retention",
            Self::Flow => "flow",
            Self::Paths => "paths",
            Self::Experiment => "experiment",
        }
    }
}

struct ReportFunction {
    kind: Kind,
    asking: Asking,
}

impl std::fmt::Debug for ReportFunction {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("ReportFunction").field(&self.kind).finish()
    }
}

impl TableFunctionImpl for ReportFunction {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let name = self.kind.name();
        let [Expr::Literal(ScalarValue::Utf8(Some(spec)) | ScalarValue::Utf8View(Some(spec)), _)] = args.exprs() else {
            return plan_err!("`{name}` takes one text, its spec in JSON: {name}('{{…}}'), as `forecourt report {name}` takes it");
        };
        let session = (self.asking)();
        let asked = Asked::read(self.kind, spec, &session).map_err(|error| refused(name, error))?;
        let schema = Arc::new(Schema::new(asked.fields()));
        Ok(Arc::new(ReportTable { name, asked, schema, session }))
    }
}

/// A report that was found right.
#[derive(Debug)]
enum Asked {
    Funnel(Funnel),
    Retention(Retention),
    Flow(Flow),
    Paths(Paths),
    Experiment(Experiment),
}

impl Asked {
    fn read(kind: Kind, spec: &str, session: &Session) -> Result<Self, QueryError> {
        let zone = session.engine.time_zone();
        Ok(match kind {
            // What stands beside the steps is no row of theirs.
            Kind::Funnel => Self::Funnel(Funnel { trend: None, previous: None, ..parsed::<FunnelSpec>(spec)?.check(&zone)? }),
            Kind::Retention => Self::Retention(parsed::<RetentionSpec>(spec)?.check(&zone)?),
            Kind::Flow => Self::Flow(parsed::<FlowSpec>(spec)?.check(&zone)?),
            Kind::Paths => Self::Paths(parsed::<PathsSpec>(spec)?.check(&zone)?),
            Kind::Experiment => Self::Experiment(parsed::<ExperimentSpec>(spec)?.check(&zone)?),
        })
    }
}

fn parsed<T: DeserializeOwned>(spec: &str) -> Result<T, QueryError> {
    serde_json::from_str(spec).map_err(|error| QueryError::Invalid(format!("the spec does not read: {error}")))
}

/// A report as a table: worked out when it is scanned.
pub(crate) struct ReportTable {
    name: &'static str,
    asked: Asked,
    schema: SchemaRef,
    session: Arc<Session>,
}

impl std::fmt::Debug for ReportTable {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("ReportTable").field(&self.asked).finish()
    }
}

#[async_trait]
impl TableProvider for ReportTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        _state: &dyn Planning,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = self.asked.columns(&self.session).await.map_err(|error| refused(self.name, error))?;
        let batch = RecordBatch::try_new(self.schema.clone(), columns)?;
        Ok(MemorySourceConfig::try_new_exec(&[vec![batch]], self.schema.clone(), projection.cloned())?)
    }
}

fn refused(name: &str, error: QueryError) -> DataFusionError {
    match error {
        QueryError::Invalid(text) => DataFusionError::Plan(format!("{name}: {text}")),
        other => DataFusionError::External(Box::new(other)),
    }
}
