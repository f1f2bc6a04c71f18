//! Names looked up by us, so that what was checked is what is connected to.

use std::{fmt, io, net::IpAddr, sync::Arc};

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{guard, settings::Settings};

/// Looks a name up.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// The machine's own way of looking names up.
pub fn system_lookup() -> Lookup {
    Arc::new(|host| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// Hands out only addresses that may be connected to.
pub(crate) struct GuardedResolver {
    pub settings: Arc<Settings>,
    pub lookup: Lookup,
}

/// A name leads only to where nobody may go.
#[derive(Debug)]
pub(crate) struct LeadsInside {
    pub host: String,
}

impl fmt::Display for LeadsInside {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` leads into a network that is not public", self.host)
    }
}

impl std::error::Error for LeadsInside {}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (host, settings) = (name.as_str().to_owned(), self.settings.clone());
        let looking = (self.lookup)(host.clone());
        Box::pin(async move {
            let found = looking.await?;
            let reachable = guard::reachable(&settings, &host, &found);
            if reachable.is_empty() && !found.is_empty() {
                return Err(LeadsInside { host }.into());
            }
            Ok(Box::new(reachable.into_iter()) as Addrs)
        })
    }
}
