//! Signing in: a password, which is a token of the installation's.

use std::{
    fmt::Debug,
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use datafusion_postgres::pgwire::{
    api::{
        ClientInfo, ConnectionGuard, ConnectionHandle, PgWireConnectionState, PidSecretKeyGenerator, RandomPidSecretKeyGenerator,
        auth::{
            DefaultServerParameterProvider, StartupHandler, finish_authentication, protocol_negotiation,
            save_startup_parameters_to_metadata,
        },
    },
    error::{PgWireError, PgWireResult},
    messages::{PgWireBackendMessage, PgWireFrontendMessage, startup::Authentication},
};
use futures::{Sink, SinkExt};

use super::{Wire, errors::fatal, lake_schema::PUBLIC, seat::Seat};

pub(super) struct Door {
    pub wire: Wire,
    pub seat: Arc<OnceLock<Seat>>,
}

/// Whether nobody between here and there can read along.
fn is_unheard(is_encrypted: bool, peer: IpAddr) -> bool {
    is_encrypted || peer.to_canonical().is_loopback()
}

#[async_trait]
impl StartupHandler for Door {
    async fn on_startup<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        match message {
            PgWireFrontendMessage::Startup(ref startup) => {
                protocol_negotiation(client, startup).await?;
                save_startup_parameters_to_metadata(client, startup);
                if !self.may_take_password_of(client) {
                    return Err(fatal("28000", "a token is not taken in plain text from another machine: connect with sslmode=require"));
                }
                client.set_state(PgWireConnectionState::AuthenticationInProgress);
                client.send(PgWireBackendMessage::Authentication(Authentication::CleartextPassword)).await?;
            }
            PgWireFrontendMessage::PasswordMessageFamily(message) => {
                let password = message.into_password()?;
                self.let_in(client, &password.password).await?;
                let mut shown = DefaultServerParameterProvider::default();
                shown.search_path = PUBLIC.to_owned();
                shown.is_superuser = false;
                shown.default_transaction_read_only = true;
                finish_authentication(client, &shown).await?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl Door {
    fn may_take_password_of(&self, client: &impl ClientInfo) -> bool {
        self.wire.takes_plaintext || is_unheard(client.is_secure(), client.socket_addr().ip())
    }

    async fn let_in(&self, client: &mut (impl ClientInfo + Send), password: &str) -> PgWireResult<()> {
        let visitor = self.wire.doorkeeper.admit(password, client.socket_addr()).await.map_err(|reason| fatal("28P01", &reason))?;
        let seat = Seat::new(self.wire.query.clone(), visitor).await?;
        if self.seat.set(seat).is_err() {
            return Err(fatal("28000", "somebody has signed in on this connection already"));
        }
        let (id, key) = RandomPidSecretKeyGenerator::default().generate(client);
        client.set_pid_and_secret_key(id, key.clone());
        let (handle, guard) = self.wire.connections.register(id, key);
        client.session_extensions().insert::<Arc<ConnectionHandle>>(handle);
        client.session_extensions().insert::<ConnectionGuard>(guard);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_plain_text_comes_from_this_machine_only() {
        let heard = |is_encrypted, peer: &str| !is_unheard(is_encrypted, peer.parse().unwrap());
        assert!(heard(false, "192.0.2.7") && heard(false, "::ffff:192.0.2.7") && heard(false, "2001:db8::1"));
        assert!(!heard(true, "192.0.2.7"));
        assert!(!heard(false, "127.0.0.1") && !heard(false, "::1") && !heard(false, "::ffff:127.0.0.1"));
    }
}
