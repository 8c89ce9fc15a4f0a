//! What is a registry's address.

use registry_client::Client;

use crate::secret;

fn fault(url: &str) -> Option<String> {
    let error = Client::builder(url).build().err();
    error.map(|error| error.to_string())
}

#[tokio::test]
async fn an_address_is_scheme_and_host() {
    for url in [
        "http://127.0.0.1:5000",
        "http://registry.test/",
        "HTTP://[::1]:80",
    ] {
        assert_eq!(fault(url), None, "{url}");
    }
    for (url, reason) in [
        ("registry.test", "it must begin with https:// or http://"),
        (
            "http://ann:s3cret@registry.test",
            "it carries a user name or password",
        ),
        ("http://", "it is not a valid URL"),
        (
            "http://registry.test/v2/",
            "a registry stands at the root of its host; leave the path away",
        ),
    ] {
        let fault = fault(url).unwrap();
        assert!(fault.ends_with(reason), "{fault}");
    }
}

#[cfg(not(feature = "tls"))]
#[tokio::test]
async fn without_the_feature_tls_https_is_refused_with_its_name() {
    assert_eq!(
        fault("https://registry.test").unwrap(),
        "https://registry.test is no registry to speak to: \
         https needs the feature \"tls\" of registry-client, which is off"
    );
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn a_root_that_is_no_certificate_is_refused() {
    for pem in [
        "",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let builder = Client::builder("https://registry.test").root_pem(pem);
        assert!(builder.build().is_err());
    }
}

#[tokio::test]
async fn hazard_31_a_password_in_the_address_is_not_repeated() {
    let error = Client::builder("http://ann:s3cret@registry.test")
        .credentials("ann", secret())
        .build()
        .err()
        .unwrap();
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}
