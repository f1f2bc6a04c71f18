//! How each message channel is reached at this moment: settings, secrets and brands of the control database, read once a second.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use forecourt_model::{
    gate::Gate,
    gateway::SmsGateway,
    message::MessageChannel,
    sender::{self, EmailSender, SmtpSecurity, TelegramSender, ViberSender, WebPushSender, WhatsappSender},
};
use forecourt_store::{
    Store, StoreError,
    control::{Brand, Control},
};
use serde::de::DeserializeOwned;

use crate::{
    channels::email::{Mailer, Security, SmtpOptions},
    dkim::Signer,
};

const LIFE: Duration = Duration::from_secs(1);
const SMTP_TIMEOUT: Duration = Duration::from_secs(30);

/// A setting with the secret that belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Sender<T> {
    pub settings: T,
    /// Empty where there is none.
    pub secret: String,
}

pub(crate) struct Senders {
    /// Or why there is none.
    pub mailer: Result<Mailer, String>,
    pub sms: Option<Sender<SmsGateway>>,
    pub viber: Option<Sender<ViberSender>>,
    pub whatsapp: Option<Sender<WhatsappSender>>,
    pub telegram: Option<Sender<TelegramSender>>,
    pub web_push: Option<Sender<WebPushSender>>,
    pub brands: BTreeMap<String, Brand>,
    pub gate: Gate,
    per_second: BTreeMap<MessageChannel, u32>,
}

impl Senders {
    /// Messages a second at most; any number where there is none.
    pub fn per_second(&self, channel: MessageChannel) -> Option<u32> {
        self.per_second.get(&channel).copied()
    }
}

/// What is read lately, and the mailer that goes with it: its connections outlive a look at the settings.
pub(crate) struct SenderKeeper {
    store: Store,
    control: Control,
    /// The configuration file's, for an installation that says nothing else.
    own_mailer: Option<Mailer>,
    last: Mutex<Option<(Instant, Arc<Senders>)>>,
    mailer: Mutex<Option<(MailerKey, Mailer)>>,
}

/// What a mailer is made of.
#[derive(Clone, PartialEq, Eq)]
struct MailerKey {
    sender: EmailSender,
    password: String,
    dkim: Vec<String>,
}

impl SenderKeeper {
    pub fn new(store: Store, control: Control, own_mailer: Option<Mailer>) -> Self {
        Self { store, control, own_mailer, last: Mutex::default(), mailer: Mutex::default() }
    }

    /// As they were within the last second.
    pub async fn senders(&self) -> Result<Arc<Senders>, StoreError> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match last {
            Some((read, senders)) if read.elapsed() < LIFE => Ok(senders),
            _ => self.read().await,
        }
    }

    /// As they are now.
    pub async fn read(&self) -> Result<Arc<Senders>, StoreError> {
        let per_second = self.control.setting::<u32>(sender::SMS_PER_SECOND).await?;
        let mut rates: BTreeMap<MessageChannel, u32> = per_second.map(|rate| (MessageChannel::Sms, rate)).into_iter().collect();
        let email: Option<Sender<EmailSender>> = self.sender(MessageChannel::Email).await?;
        let viber: Option<Sender<ViberSender>> = self.sender(MessageChannel::Viber).await?;
        let whatsapp: Option<Sender<WhatsappSender>> = self.sender(MessageChannel::Whatsapp).await?;
        let telegram: Option<Sender<TelegramSender>> = self.sender(MessageChannel::Telegram).await?;
        let web_push: Option<Sender<WebPushSender>> = self.sender(MessageChannel::WebPush).await?;
        let of = |channel, rate: Option<u32>| rate.map(|rate| (channel, rate));
        rates.extend(email.as_ref().and_then(|sender| of(MessageChannel::Email, sender.settings.per_second)));
        rates.extend(viber.as_ref().and_then(|sender| of(MessageChannel::Viber, sender.settings.per_second)));
        rates.extend(whatsapp.as_ref().and_then(|sender| of(MessageChannel::Whatsapp, sender.settings.per_second)));
        rates.extend(telegram.as_ref().and_then(|sender| of(MessageChannel::Telegram, sender.settings.per_second)));
        rates.extend(web_push.as_ref().and_then(|sender| of(MessageChannel::WebPush, sender.settings.per_second)));
        let senders = Senders {
            mailer: self.mailer(email).await?,
            sms: self.sender(MessageChannel::Sms).await?,
            viber,
            whatsapp,
            telegram,
            web_push,
            brands: self.control.brands().await?.into_iter().map(|brand| (brand.id.clone(), brand)).collect(),
            gate: self.store.gate().await?,
            per_second: rates,
        };
        let senders = Arc::new(senders);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), senders.clone()));
        Ok(senders)
    }

    async fn sender<T: DeserializeOwned>(&self, channel: MessageChannel) -> Result<Option<Sender<T>>, StoreError> {
        let (Some(setting), Some(place)) = (sender::setting(channel), sender::secret_place(channel)) else { return Ok(None) };
        let Some(settings) = self.control.setting::<T>(setting).await? else { return Ok(None) };
        Ok(Some(Sender { settings, secret: self.secret(place).await? }))
    }

    async fn secret(&self, place: &str) -> Result<String, StoreError> {
        Ok(self.control.secret(place).await?.map(|secret| secret.reveal().to_owned()).unwrap_or_default())
    }

    async fn mailer(&self, sender: Option<Sender<EmailSender>>) -> Result<Result<Mailer, String>, StoreError> {
        let Some(Sender { settings, secret }) = sender else {
            return Ok(self.own_mailer.clone().ok_or_else(|| "no mail server is set up: do that under Settings, Sending".to_owned()));
        };
        let mut dkim = Vec::new();
        for domain in &settings.dkim {
            dkim.push(self.secret(&sender::dkim_place(&domain.domain, &domain.selector)).await?);
        }
        let key = MailerKey { sender: settings, password: secret, dkim };
        let mut kept = self.mailer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, mailer)) = kept.as_ref().filter(|(of, _)| *of == key) {
            return Ok(Ok(mailer.clone()));
        }
        let made = mailer(&key);
        if let Ok(mailer) = &made {
            *kept = Some((key, mailer.clone()));
        }
        Ok(made)
    }
}

/// The mailer of an installation's settings.
fn mailer(key: &MailerKey) -> Result<Mailer, String> {
    let MailerKey { sender, password, dkim } = key;
    let options = SmtpOptions {
        host: sender.host.clone(),
        port: sender.port,
        security: match sender.security {
            SmtpSecurity::Starttls => Security::StartTls,
            SmtpSecurity::Tls => Security::Tls,
            SmtpSecurity::None => Security::None,
        },
        credentials: (!sender.username.is_empty()).then(|| (sender.username.clone(), password.clone())),
        from: sender.from.clone(),
        authority: None,
        timeout: SMTP_TIMEOUT,
    };
    let mut signers = Vec::new();
    for (domain, pem) in sender.dkim.iter().zip(dkim) {
        // Mail without the signature that was asked for would harm the domain's name.
        if pem.is_empty() {
            return Err(format!("there is no DKIM key for {}: make one under Settings, Sending", domain.domain));
        }
        signers.push(Arc::new(Signer::new(&domain.domain, &domain.selector, pem)?));
    }
    let told = |error: crate::email::MailError| error.to_string();
    let mailer = Mailer::new(options).map_err(told)?.with_addresses(&sender.reply_to, &sender.return_path).map_err(told)?;
    Ok(mailer.signed_by(signers).with_connections(sender.connections))
}
