//! What the API is told by the worker that sends.

use forecourt_api::border::{Breaker, Delivery, Tried};
use forecourt_deliver::Deliver;

pub fn of(deliver: &Deliver) -> Delivery {
    let (breakers, sms, webhook, message) = (deliver.clone(), deliver.clone(), deliver.clone(), deliver.clone());
    Delivery::new(
        move || breakers.breakers().into_iter().map(breaker).collect(),
        move |phone: String, text: String| {
            let deliver = sms.clone();
            async move { deliver.try_sms(&phone, &text).await.map(tried) }
        },
        move |form_id: String, address: String| {
            let deliver = webhook.clone();
            async move { deliver.try_webhook(&form_id, &address).await.map(tried) }
        },
        move |template, address: String, variables| {
            let deliver = message.clone();
            async move { deliver.try_message(&template, &address, &variables).await.map(tried) }
        },
    )
}

fn breaker(state: forecourt_deliver::BreakerState) -> Breaker {
    Breaker {
        guards: state.guards,
        is_open: state.is_open,
        until_us: state.until_us,
        failures: state.failures,
        last_failure: state.last_failure,
    }
}

fn tried(tried: forecourt_deliver::Tried) -> Tried {
    Tried { is_taken: tried.is_taken, status: tried.status, answer: tried.answer, detail: tried.detail }
}
