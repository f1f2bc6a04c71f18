//! One caller's view of the lake while a question is answered, and the threads that answer it.

use std::{
    future::Future,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use datafusion::{
    catalog::{
        CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider, SchemaProvider,
    },
    common::runtime::SpawnedTask,
    execution::{
        SendableRecordBatchStream, SessionState, SessionStateBuilder, TaskContext,
        disk_manager::{DiskManagerBuilder, DiskManagerMode},
        memory_pool::GreedyMemoryPool,
        runtime_env::RuntimeEnvBuilder,
    },
    logical_expr::ScalarUDF,
    physical_plan::{ExecutionPlan, ExecutionPlanProperties, stream::RecordBatchStreamAdapter},
    prelude::{SessionConfig, SessionContext},
};
use forecourt_lake::tables::AD_COSTS;
use forecourt_model::Scope;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::tz::TimeZone;
use rustc_hash::FxHashSet;
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
};

use crate::{
    QueryError,
    dataset::{Dataset, Table},
    error::answered,
    functions,
    json_get::JsonGet,
    scope::Visible,
    table::LakeTable,
    yielding::YieldingJoins,
};

/// How much a query may take.
#[derive(Debug, Clone)]
pub struct QueryOptions {
    /// Of all queries at a time together; what exceeds it is refused, not spilled.
    pub memory_bytes_max: usize,
    pub threads: usize,
    /// A query that takes longer is stopped.
    pub timeout: Duration,
    /// Of report specs that name none.
    pub time_zone: TimeZone,
}

impl Default for QueryOptions {
    fn default() -> Self {
        Self {
            memory_bytes_max: 512 << 20,
            threads: std::thread::available_parallelism().map_or(2, |threads| threads.get().min(8)),
            timeout: Duration::from_secs(60),
            time_zone: TimeZone::UTC,
        }
    }
}

pub(crate) const CATALOG: &str = "forecourt";
const SCHEMA: &str = "main";

/// Threads and memory of all queries. Queries run on threads of their own: they compute, and would hold up whoever serves
/// requests.
pub(crate) struct Engine {
    /// Taken when the engine ends.
    threads: Option<Runtime>,
    base: SessionState,
    pub options: QueryOptions,
    /// Begins as the options have it; people may change it.
    pub time_zone: RwLock<TimeZone>,
}

impl Engine {
    pub fn new(options: QueryOptions) -> Result<Self, QueryError> {
        let threads = Builder::new_multi_thread().worker_threads(options.threads.max(1)).thread_name("query").enable_all().build();
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(GreedyMemoryPool::new(options.memory_bytes_max)))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
            .build_arc()
            .map_err(QueryError::internal)?;
        let config = SessionConfig::new()
            .with_target_partitions(options.threads.max(1))
            .with_default_catalog_and_schema(CATALOG, SCHEMA)
            .with_create_default_catalog_and_schema(false)
            .with_information_schema(false)
            // Parts of files would share one list of deleted rows.
            .with_repartition_file_scans(false);
        let builder = SessionStateBuilder::new_with_default_features().with_config(config).with_runtime_env(runtime);
        let mut base = builder.with_physical_optimizer_rule(Arc::new(YieldingJoins)).build();
        datafusion::execution::FunctionRegistry::register_udf(&mut base, Arc::new(ScalarUDF::from(JsonGet::default())))
            .map_err(QueryError::internal)?;
        let time_zone = RwLock::new(options.time_zone.clone());
        Ok(Self { threads: Some(threads.map_err(QueryError::internal)?), base, options, time_zone })
    }

    pub fn time_zone(&self) -> TimeZone {
        self.time_zone.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs `question` on the engine's threads, within the time allowed. It stops when the caller stops waiting.
    pub async fn run<T: Send + 'static>(
        &self,
        question: impl Future<Output = Result<T, QueryError>> + Send + 'static,
    ) -> Result<T, QueryError> {
        let Some(threads) = &self.threads else { return Err(QueryError::internal("the query threads have ended")) };
        let mut task = JoinSet::new();
        task.spawn_on(question, threads.handle());
        match tokio::time::timeout(self.options.timeout, task.join_next()).await {
            Ok(Some(Ok(answer))) => answer,
            // Bytes that no checksum covers can send a reader anywhere: the question fails, the server goes on.
            Ok(Some(Err(panicked))) => Err(QueryError::internal(panicked)),
            Ok(None) => Err(QueryError::internal("the query gave no answer")),
            Err(_) => {
                let seconds = self.options.timeout.as_secs();
                Err(QueryError::Invalid(format!(
                    "the query took longer than {seconds} s and was stopped: ask for a shorter time or fewer rows"
                )))
            }
        }
    }
}

impl Engine {
    /// Does `work` on the engine's threads, however long it takes. It stops when the caller stops waiting.
    pub async fn host(&self, work: impl Future<Output = ()> + Send + 'static) {
        let Some(threads) = &self.threads else { return };
        let mut task = JoinSet::new();
        task.spawn_on(work, threads.handle());
        if let Some(Err(panicked)) = task.join_next().await {
            tracing::error!(reason = %panicked, "a connection of the query threads ended by a defect");
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // The last handle may be dropped on a thread that must not wait.
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

/// One caller's question: the rows as of one moment, cut down to his scope.
#[derive(Clone)]
pub(crate) struct Session {
    pub engine: Arc<Engine>,
    dataset: Arc<Dataset>,
    scope: Scope,
    /// The people that it is about; all where it does not say.
    members: Option<Members>,
}

/// Ids of profiles.
pub(crate) type Members = Arc<FxHashSet<i64>>;

impl Session {
    pub fn new(engine: Arc<Engine>, dataset: Arc<Dataset>, scope: Scope, members: Option<Members>) -> Self {
        Self { engine, dataset, scope, members }
    }

    /// Whether the question is about some people only.
    pub fn is_cut_down(&self) -> bool {
        self.members.is_some()
    }

    pub fn as_of_us(&self) -> i64 {
        self.dataset.as_of_us
    }

    pub fn sees_everything(&self) -> bool {
        self.scope == Scope::Everything
    }

    pub fn sees_all_rows(&self) -> bool {
        self.scope.dealer().is_none()
    }

    pub fn events(&self) -> Result<&Table, QueryError> {
        self.dataset.table("events").ok_or_else(|| QueryError::internal("the dataset has no table `events`"))
    }

    /// The one place that says which rows of a table a question may see; `None` for a table it may not see at all.
    pub fn visible_in(&self, table: &str) -> Option<Visible> {
        let of_caller = self.visible_to_caller(table)?;
        match &self.members {
            None => Some(of_caller),
            // Costs are nobody's.
            Some(_) if table == AD_COSTS.name => None,
            Some(members) => Some(Visible::Among(members.clone(), Box::new(of_caller))),
        }
    }

    fn visible_to_caller(&self, table: &str) -> Option<Visible> {
        match (&self.scope, table) {
            (Scope::Everything, _) => Some(Visible::All),
            (Scope::Masked, _) => Some(Visible::Masked),
            (Scope::Dealer(dealer), "profiles") => Some(Visible::PeopleOfDealer(dealer.clone())),
            (Scope::Dealer(dealer), "events" | "leads" | "orders" | "calls") => Some(Visible::OfDealer(dealer.clone())),
            (Scope::Dealer(_), _) => None,
        }
    }

    /// Names of the tables the caller may ask about.
    pub fn table_names(&self) -> Vec<&str> {
        self.dataset.tables.iter().map(|table| table.name.as_str()).filter(|name| self.visible_in(name).is_some()).collect()
    }

    /// A table as the caller sees it; `None` where there is none, or none for him.
    pub fn lake_table(&self, name: &str) -> Option<Arc<LakeTable>> {
        let at = self.dataset.tables.iter().position(|table| table.name == name)?;
        let visible = self.visible_in(name)?;
        Some(Arc::new(LakeTable::new(self.dataset.clone(), at, visible)))
    }

    /// A planner that knows the caller's tables, and nothing else.
    pub fn state(&self) -> Result<SessionState, QueryError> {
        let schema = MemorySchemaProvider::new();
        for name in self.table_names() {
            if let Some(table) = self.lake_table(name) {
                schema.register_table(name.to_owned(), table).map_err(QueryError::internal)?;
            }
        }
        let catalogs = catalogs(SCHEMA, Arc::new(schema))?;
        Ok(SessionStateBuilder::new_from_existing(self.engine.base.clone()).with_catalog_list(catalogs).build())
    }

    /// A planner of many statements, that knows the tables of `schema` by the name `named`, and `information_schema`.
    ///
    /// * `asking`: the rows that reports are worked out of.
    pub fn lasting_context(
        &self,
        named: &str,
        schema: Arc<dyn SchemaProvider>,
        asking: &functions::Asking,
    ) -> Result<SessionContext, QueryError> {
        let catalogs = catalogs(named, schema)?;
        let config = self.engine.base.config().clone().with_default_catalog_and_schema(CATALOG, named).with_information_schema(true);
        let base = SessionStateBuilder::new_from_existing(self.engine.base.clone());
        let mut state = base.with_config(config).with_catalog_list(catalogs).build();
        functions::register(&mut state, asking);
        Ok(SessionContext::new_with_state(state))
    }

    /// A planner of one statement of SQL: the reports are tables of it too.
    pub fn context(&self) -> Result<SessionContext, QueryError> {
        let (mut state, session) = (self.state()?, Arc::new(self.clone()));
        functions::register(&mut state, &(Arc::new(move || session.clone()) as functions::Asking));
        Ok(SessionContext::new_with_state(state))
    }

    /// Runs `work` on the rows of each partition of `plan`, as many at a time as there are threads; answers in order.
    pub async fn each_partition<T, F>(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        work: impl Fn(SendableRecordBatchStream) -> F,
    ) -> Result<Vec<T>, QueryError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, QueryError>> + Send + 'static,
    {
        let context = Arc::new(TaskContext::from(&self.engine.base));
        let tasks = stream::iter(0..plan.output_partitioning().partition_count()).map(|partition| {
            let work = plan.execute(partition, context.clone()).map(&work).map_err(answered);
            async move { SpawnedTask::spawn(work?).await.map_err(QueryError::internal)? }
        });
        tasks.buffered(self.engine.options.threads.max(1)).try_collect().await
    }

    /// Runs `work` on the rows of each plan, all its partitions one after the other, as many plans at a time as there are
    /// threads; answers in order.
    pub async fn each_plan<T, F>(
        &self,
        plans: Vec<Arc<dyn ExecutionPlan>>,
        work: impl Fn(SendableRecordBatchStream) -> F,
    ) -> Result<Vec<T>, QueryError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, QueryError>> + Send + 'static,
    {
        let context = Arc::new(TaskContext::from(&self.engine.base));
        let tasks = stream::iter(0..plans.len()).map(|at| {
            let plan = &plans[at];
            let partitions = 0..plan.output_partitioning().partition_count();
            let rows = partitions.map(|partition| plan.execute(partition, context.clone())).collect::<Result<Vec<_>, _>>();
            let rows = rows.map(|rows| RecordBatchStreamAdapter::new(plan.schema(), stream::iter(rows).flatten()));
            let work = rows.map(|rows| work(Box::pin(rows))).map_err(answered);
            async move { SpawnedTask::spawn(work?).await.map_err(QueryError::internal)? }
        });
        tasks.buffered(self.engine.options.threads.max(1)).try_collect().await
    }
}

fn catalogs(named: &str, schema: Arc<dyn SchemaProvider>) -> Result<Arc<MemoryCatalogProviderList>, QueryError> {
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema(named, schema).map_err(QueryError::internal)?;
    let catalogs = MemoryCatalogProviderList::new();
    catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
    Ok(Arc::new(catalogs))
}
