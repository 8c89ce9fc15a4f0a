//! Listings that a standby answers.

use registry_tests::faults::database::Database;
use reqwest::blocking::Client;

use super::{
    encrypted::certify,
    replica::{Replica, Set},
    services::Bucket,
    until::until,
};

/// A server that asks a standby for listings.
struct Listing {
    _bucket: Bucket,
    replica: Replica,
    client: Client,
}

impl Listing {
    fn start([primary, standby]: [String; 2], more: Set<'_>) -> Self {
        let bucket = Bucket::start();
        let listings = ("REGISTRY_DATABASE_LISTINGS", standby);
        let settings = [&[listings], more].concat();
        Self {
            replica: Replica::start_with(&primary, &bucket, &settings),
            _bucket: bucket,
            client: Client::new(),
        }
    }

    fn get(&self, path: &str) -> String {
        let answer = self.client.get(format!("{}{path}", self.replica.url));
        let answer = answer.send().unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().unwrap()
    }

    /// Lists once, and how many lists the standby has answered then, and the primary in its place.
    fn listed(&self) -> [u64; 2] {
        assert_eq!(self.get("/v2/_catalog"), r#"{"repositories":[]}"#);
        let figures = self.get("/metrics");
        ["standby", "primary"].map(|by| {
            let name = format!("registry_database_listings_total{{by=\"{by}\"}} ");
            let mut lines = figures.lines();
            let answered = lines.find_map(|line| line.strip_prefix(&name));
            answered.expect("the figure").parse().expect("a number")
        })
    }
}

#[test]
fn a_standby_answers_listings_where_the_configuration_names_one() {
    let pair = Database::start().unwrap();
    let url = |address| format!("postgres://registry@{address}/registry");
    let listing = Listing::start(pair.addresses().map(url), &[]);
    until("the standby answers", || listing.listed()[0] > 0);
}

/// By another name than its certificate has, it is not listened to.
#[test]
fn the_way_to_a_standby_is_encrypted_and_its_end_is_verified() {
    let directory = tempfile::tempdir().unwrap();
    certify(directory.path());
    let pair = Database::start_tls(directory.path()).unwrap();
    let by_name =
        |port| format!("postgres://registry@localhost:{port}/registry?hostaddr=127.0.0.1");
    let [primary, standby] = pair.addresses().map(|address| by_name(address.port()));
    let by_another = format!("postgres://registry@{}/registry", pair.addresses()[1]);
    let authorities = directory.path().join("trusted");
    let trusting = [
        ("REGISTRY_DATABASE_TLS", "true".to_owned()),
        (
            "REGISTRY_DATABASE_AUTHORITIES",
            authorities.to_str().unwrap().to_owned(),
        ),
    ];
    let listing = Listing::start([primary.clone(), standby], &trusting);
    until("the standby answers", || listing.listed()[0] > 0);
    drop(listing);

    let listing = Listing::start([primary, by_another], &trusting);
    for lists in 1..=20 {
        let [by_standby, by_primary] = listing.listed();
        assert_eq!(by_standby, 0);
        assert!(by_primary >= lists);
    }
}
