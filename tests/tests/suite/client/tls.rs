//! Behind https.

use registry_client::{Builder, Client, Error, Retries};
use registry_core::Secret;
use registry_server::testing::{Fault, On, TestRegistry};

async fn registry() -> TestRegistry {
    let builder = TestRegistry::builder().user("ann", "s3cret");
    builder.tls().start().await
}

fn trusting(registry: &TestRegistry) -> Builder {
    let builder = Client::builder(registry.url()).retries(Retries::none());
    let builder = builder.root_pem(registry.authority_pem().unwrap());
    builder.credentials("ann", Secret::new("s3cret".to_owned()))
}

#[tokio::test]
async fn a_registry_of_an_added_authority_is_spoken_to() {
    let registry = registry().await;
    trusting(&registry).build().unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn a_registry_of_an_unknown_authority_is_not() {
    let registry = registry().await;
    let client = Client::builder(registry.url()).retries(Retries::none());
    let error = client.build().unwrap().ping().await.unwrap_err();
    assert!(matches!(error, Error::Connection { .. }), "{error}");
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(registry.requests().is_empty());
}

#[tokio::test]
async fn any_certificate_is_believed_only_where_that_is_said() {
    let registry = registry().await;
    let client = Client::builder(registry.url()).any_certificate();
    let client = client.credentials("ann", Secret::new("s3cret".to_owned()));
    client.build().unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn hazard_30_no_redirect_leads_out_of_https() {
    let (registry, plain) = (registry().await, TestRegistry::start().await);
    let elsewhere = format!("{}/v2/", plain.url());
    let away = Fault::answer(307, &[("location", &elsewhere)], "");
    registry.fault(On::any(), away);
    let client = trusting(&registry).build().unwrap();
    let error = client.ping().await.unwrap_err();
    assert!(matches!(error, Error::Protocol { .. }), "{error}");
    assert!(plain.requests().is_empty());
}

#[tokio::test]
async fn hazard_30_no_plain_token_service_is_asked() {
    let (registry, plain) = (registry().await, TestRegistry::start().await);
    let challenge = format!("Bearer realm=\"{}/v2/\"", plain.url());
    let asked = Fault::answer(401, &[("www-authenticate", &challenge)], "");
    registry.fault(On::any(), asked);
    let client = trusting(&registry).token_host(plain.host());
    let error = client.build().unwrap().ping().await.unwrap_err();
    assert!(matches!(error, Error::SignIn { .. }), "{error}");
    assert!(plain.requests().is_empty());
}
