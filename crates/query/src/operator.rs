//! Our own physical operators over stock leaves: what they share with DataFusion, written once.

use std::{fmt, sync::Arc};

use arrow::datatypes::SchemaRef;
use datafusion::{
    common::{Result, internal_err, tree_node::TreeNodeRecursion},
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::{EquivalenceProperties, PhysicalExpr},
    physical_plan::{
        ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, ReplaceChildrenOptions,
        execution_plan::{Boundedness, EmissionType},
    },
};

/// What one operator does with its one input.
pub(crate) trait Operator: fmt::Debug + Send + Sync + Sized + 'static {
    const NAME: &'static str;

    fn schema(&self, input: &Arc<dyn ExecutionPlan>) -> Result<SchemaRef>;

    fn partitioning(&self, input: &Arc<dyn ExecutionPlan>) -> Result<Partitioning>;

    fn run(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        schema: SchemaRef,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream>;
}

/// An [`Operator`] in a plan.
///
/// Opaque on purpose: no rule of the optimizer moves a filter, projection or sort through it.
#[derive(Debug)]
pub(crate) struct OperatorExec<O> {
    input: Arc<dyn ExecutionPlan>,
    operator: Arc<O>,
    properties: Arc<PlanProperties>,
}

impl<O: Operator> OperatorExec<O> {
    pub fn plan(operator: O, input: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        Self::over(Arc::new(operator), input)
    }

    fn over(operator: Arc<O>, input: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        let equivalences = EquivalenceProperties::new(operator.schema(&input)?);
        let properties = PlanProperties::new(equivalences, operator.partitioning(&input)?, EmissionType::Incremental, Boundedness::Bounded);
        Ok(Arc::new(Self { input, operator, properties: Arc::new(properties) }))
    }
}

impl<O: Operator> DisplayAs for OperatorExec<O> {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", O::NAME)
    }
}

impl<O: Operator> ExecutionPlan for OperatorExec<O> {
    fn name(&self) -> &'static str {
        O::NAME
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(&self, _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match children.pop() {
            Some(input) if children.is_empty() => Self::over(self.operator.clone(), input),
            _ => internal_err!("{} has one input", O::NAME),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.operator.run(&self.input, self.properties.equivalence_properties().schema().clone(), partition, context)
    }
}
