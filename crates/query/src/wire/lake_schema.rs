//! The tables of one client, as of its last statement.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use datafusion::{
    catalog::{SchemaProvider, TableProvider},
    common::Result,
};

use crate::session::Session;

/// Where programs look for tables that are nobody's in particular.
pub(super) const PUBLIC: &str = "public";

pub(super) struct LakeSchema {
    session: RwLock<Arc<Session>>,
}

impl LakeSchema {
    pub fn new(session: Session) -> Self {
        Self { session: RwLock::new(Arc::new(session)) }
    }

    /// Statements from now on see the rows of `session`.
    pub fn renew(&self, session: Session) {
        *self.session.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(session);
    }

    pub fn session(&self) -> Arc<Session> {
        self.session.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for LakeSchema {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("LakeSchema").finish_non_exhaustive()
    }
}

#[async_trait]
impl SchemaProvider for LakeSchema {
    fn table_names(&self) -> Vec<String> {
        self.session().table_names().into_iter().map(str::to_owned).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.session().lake_table(name).map(|table| table as Arc<dyn TableProvider>))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.session().table_names().contains(&name)
    }
}
