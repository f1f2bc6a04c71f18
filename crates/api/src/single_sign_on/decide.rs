//! Whether somebody whom the provider vouches for gets in, and as what.

use forecourt_model::Role;
use forecourt_store::control::User;
use serde_json::Value;

use super::{provider::Identity, settings::SsoSettings};

/// What becomes of an identity.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision {
    /// The known user, with another role and dealer where the provider has a say in them.
    Enter { role: Option<(Role, Option<String>)> },
    /// A new account.
    Add { email: String, name: String, role: Role, dealer: Option<String> },
}

/// Why somebody does not get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    #[error("the provider does not say that the e-mail is verified")]
    Unverified,
    #[error("the e-mail's domain is none of those that are allowed")]
    Domain,
    #[error("no role is meant for this person")]
    NoRole,
    #[error("there is no account for this person")]
    Unknown,
}

impl NotAdmitted {
    pub fn code(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Domain => "domain",
            Self::NoRole => "no_role",
            Self::Unknown => "unknown",
        }
    }
}

/// * `known`: the user who is linked to the identity, or has its verified e-mail.
pub fn decide(settings: &SsoSettings, identity: &Identity, known: Option<&User>) -> Result<Decision, NotAdmitted> {
    if !settings.email_domains.is_empty() {
        let email = identity.verified_email().ok_or(NotAdmitted::Unverified)?;
        let domain = email.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default();
        if !settings.email_domains.contains(&domain) {
            return Err(NotAdmitted::Domain);
        }
    }
    let maps_roles = !settings.role_claim.is_empty();
    let otherwise = settings.otherwise.map(|role| (role.into(), None));
    let role = if maps_roles { mapped(settings, identity).or(otherwise) } else { otherwise };
    match known {
        Some(_) if !maps_roles => Ok(Decision::Enter { role: None }),
        Some(_) => role.map(|role| Decision::Enter { role: Some(role) }).ok_or(NotAdmitted::NoRole),
        None => {
            let email = identity.verified_email().ok_or(NotAdmitted::Unverified)?.to_owned();
            let refused = if maps_roles { NotAdmitted::NoRole } else { NotAdmitted::Unknown };
            let (role, dealer) = role.ok_or(refused)?;
            Ok(Decision::Add { email, name: identity.name(), role, dealer })
        }
    }
}

fn mapped(settings: &SsoSettings, identity: &Identity) -> Option<(Role, Option<String>)> {
    let claim = identity.claims.get(&settings.role_claim)?;
    let has = |wanted: &str| match claim {
        Value::String(text) => text == wanted,
        Value::Array(values) => values.iter().any(|value| value.as_str() == Some(wanted)),
        _ => false,
    };
    let entry = settings.roles.iter().find(|entry| has(&entry.value))?;
    Some((entry.role.into(), entry.dealer.clone()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{accounts::Role as ApiRole, single_sign_on::settings::SsoRole};

    fn identity(claims: Value) -> Identity {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        Identity { subject: "42".into(), claims }
    }

    fn leo() -> Identity {
        identity(json!({ "email": "leo@example.com", "email_verified": true, "name": "Leo", "groups": ["staff", "desk"] }))
    }

    fn user() -> User {
        User {
            id: "usr".into(),
            email: "leo@example.com".into(),
            name: "Leo".into(),
            role: Role::Analyst,
            dealer: None,
            created_us: 0,
            last_seen_us: None,
            second_factor_us: None,
            disabled: false,
        }
    }

    #[test]
    fn without_a_mapping_roles_are_left_as_they_are() {
        let settings = SsoSettings::default();
        assert_eq!(decide(&settings, &leo(), Some(&user())), Ok(Decision::Enter { role: None }));
        assert_eq!(decide(&settings, &leo(), None), Err(NotAdmitted::Unknown));
        let settings = SsoSettings { otherwise: Some(ApiRole::Analyst), ..settings };
        let added = Decision::Add { email: "leo@example.com".into(), name: "Leo".into(), role: Role::Analyst, dealer: None };
        assert_eq!(decide(&settings, &leo(), None), Ok(added));
    }

    #[test]
    fn the_first_value_that_fits_gives_the_role() {
        let entry = |value: &str, role, dealer: Option<&str>| SsoRole { value: value.into(), role, dealer: dealer.map(Into::into) };
        let roles = vec![
            entry("desk", ApiRole::Operator, None),
            entry("staff", ApiRole::Analyst, None),
            entry("north", ApiRole::Dealer, Some("D1")),
        ];
        let settings = SsoSettings { role_claim: "groups".into(), roles, ..SsoSettings::default() };
        assert_eq!(decide(&settings, &leo(), Some(&user())), Ok(Decision::Enter { role: Some((Role::Operator, None)) }));
        let north = identity(json!({ "groups": "north" }));
        assert_eq!(decide(&settings, &north, Some(&user())), Ok(Decision::Enter { role: Some((Role::Dealer, Some("D1".into()))) }));
        let gone = identity(json!({ "groups": [] }));
        assert_eq!(decide(&settings, &gone, Some(&user())), Err(NotAdmitted::NoRole), "whoever left the group does not get in");
        let settings = SsoSettings { otherwise: Some(ApiRole::Analyst), ..settings };
        assert_eq!(decide(&settings, &gone, Some(&user())), Ok(Decision::Enter { role: Some((Role::Analyst, None)) }));
    }

    #[test]
    fn only_verified_emails_of_the_allowed_domains_count() {
        let settings =
            SsoSettings { email_domains: vec!["example.com".into()], otherwise: Some(ApiRole::Analyst), ..SsoSettings::default() };
        assert!(decide(&settings, &leo(), None).is_ok());
        for email in ["leo@evil.example", "leo@example.com.evil.example", "leo@sub.example.com", "example.com"] {
            let other = identity(json!({ "email": email, "email_verified": true }));
            assert_eq!(decide(&settings, &other, None), Err(NotAdmitted::Domain), "{email}");
        }
        for verified in [json!(false), json!("true"), json!(null)] {
            let other = identity(json!({ "email": "leo@example.com", "email_verified": verified }));
            assert_eq!(decide(&settings, &other, None), Err(NotAdmitted::Unverified));
            assert_eq!(decide(&SsoSettings { email_domains: vec![], ..settings.clone() }, &other, None), Err(NotAdmitted::Unverified));
        }
    }
}
