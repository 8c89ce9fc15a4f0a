use http::Request;

use super::*;

/// Requests that come from 10.0.0.1, of a network of trusted proxies.
fn seen(header: ForwardedHeader, headers: &[(&str, &str)]) -> (String, Option<String>) {
    seen_from("10.0.0.1", header, headers)
}

fn seen_from(
    peer: &str,
    header: ForwardedHeader,
    headers: &[(&str, &str)],
) -> (String, Option<String>) {
    let proxies = TrustedProxies {
        networks: vec![
            "10.0.0.0/8".parse().unwrap(),
            "2001:db8::/32".parse().unwrap(),
        ],
        unix: false,
        header,
    };
    let mut request = Request::builder().uri("/v2/").header("host", "asked:5000");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    let peer = peer.parse::<IpAddr>().unwrap().into();
    let origin = proxies.origin(peer, &head);
    let url = origin.url.map(|url| url.to_string());
    (origin.client.to_string(), url)
}

fn client(header: ForwardedHeader, headers: &[(&str, &str)]) -> String {
    seen(header, headers).0
}

use ForwardedHeader::{Forwarded, XForwarded};

#[test]
fn nobody_is_believed_but_those_who_are_trusted() {
    let said = [
        ("x-forwarded-for", "1.1.1.1"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=1.1.1.1;proto=https"),
    ];
    for header in [XForwarded, Forwarded] {
        let nothing = ("192.0.2.1".to_owned(), None);
        assert_eq!(seen_from("192.0.2.1", header, &said), nothing);
    }
}

#[test]
fn a_trusted_proxy_says_for_whom_it_asks() {
    for (value, expected) in [
        ("1.1.1.1", "1.1.1.1"),
        ("1.1.1.1:4711", "1.1.1.1"),
        ("2001:beef::1", "2001:beef::1"),
        ("[2001:beef::1]", "2001:beef::1"),
        ("[2001:beef::1]:4711", "2001:beef::1"),
        ("::ffff:1.1.1.1", "1.1.1.1"),
    ] {
        assert_eq!(client(XForwarded, &[("x-forwarded-for", value)]), expected);
        let forwarded = format!("For=\"{value}\" ; by=_x");
        assert_eq!(client(Forwarded, &[("forwarded", &forwarded)]), expected);
    }
}

#[test]
fn a_client_cannot_choose_its_address_by_writing_the_header_first() {
    let said = "9.9.9.9, 10.0.0.9, 1.1.1.1, 10.0.0.2";
    assert_eq!(client(XForwarded, &[("x-forwarded-for", said)]), "1.1.1.1");
    let lines = [
        ("x-forwarded-for", "9.9.9.9"),
        ("x-forwarded-for", "1.1.1.1"),
    ];
    assert_eq!(client(XForwarded, &lines), "1.1.1.1");
    let said = "for=9.9.9.9, for=1.1.1.1, for=\"[2001:db8::2]\"";
    assert_eq!(client(Forwarded, &[("forwarded", said)]), "1.1.1.1");
    let open = "for=\"9.9.9.9, for=1.1.1.1";
    assert_eq!(client(Forwarded, &[("forwarded", open)]), "1.1.1.1");
}

#[test]
fn the_other_header_is_not_read() {
    let both = [("x-forwarded-for", "1.1.1.1"), ("forwarded", "for=2.2.2.2")];
    assert_eq!(client(XForwarded, &both), "1.1.1.1");
    assert_eq!(client(Forwarded, &both), "2.2.2.2");
}

#[test]
fn what_is_no_address_ends_the_way() {
    for value in [
        "unknown",
        "_hidden",
        "",
        "1.1.1",
        "1.1.1.1, nonsense",
        "1.1.1.1,",
    ] {
        assert_eq!(
            client(XForwarded, &[("x-forwarded-for", value)]),
            "10.0.0.1"
        );
    }
    assert_eq!(
        client(
            Forwarded,
            &[("forwarded", "for=1.1.1.1, for=unknown;proto=https")]
        ),
        "10.0.0.1"
    );
    let beyond = "nonsense, 10.0.0.7";
    assert_eq!(
        client(XForwarded, &[("x-forwarded-for", beyond)]),
        "10.0.0.7"
    );
}

#[test]
fn a_trusted_proxy_says_how_it_was_asked() {
    let url = |header, headers: &[_]| seen(header, headers).1;
    let proto = ("x-forwarded-proto", "HTTPS");
    assert_eq!(url(XForwarded, &[proto]).unwrap(), "https://asked:5000");
    let host = ("x-forwarded-host", "registry.example.com");
    let both = url(XForwarded, &[proto, host, ("x-forwarded-for", "1.1.1.1")]);
    assert_eq!(both.unwrap(), "https://registry.example.com");
    assert_eq!(url(XForwarded, &[host]), None);
    let forwarded =
        "for=1.1.1.1;proto=https;host=\"registry.example.com:444\", for=10.0.0.3;proto=http";
    assert_eq!(
        url(Forwarded, &[("forwarded", forwarded)]).unwrap(),
        "https://registry.example.com:444"
    );
}

#[test]
fn what_is_no_address_of_a_registry_is_left_out() {
    for (proto, host) in [
        ("ftp", "a"),
        ("https", "a/b"),
        ("https", "user@a"),
        ("https", ""),
        ("https", "a b"),
        ("https", "a?b"),
        ("", "a"),
    ] {
        let headers = [("x-forwarded-proto", proto), ("x-forwarded-host", host)];
        assert_eq!(seen(XForwarded, &headers).1, None, "{proto} {host}");
    }
}
