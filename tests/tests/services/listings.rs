//! Listings that a standby answers.

use registry_tests::faults::database::Database;
use reqwest::blocking::Client;

use super::{replica::Replica, services::Bucket, until::until};

#[test]
fn a_standby_answers_listings_where_the_configuration_names_one() {
    let (pair, bucket) = (Database::start().unwrap(), Bucket::start());
    let url = |address| format!("postgres://registry@{address}/registry");
    let [primary, standby] = pair.addresses().map(url);
    let listings = [("REGISTRY_DATABASE_LISTINGS", standby)];
    let replica = Replica::start_with(&primary, &bucket, &listings);
    let client = Client::new();
    let get = |path| {
        let answer = client.get(format!("{}{path}", replica.url)).send();
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().unwrap()
    };
    until("the standby answers", || {
        assert_eq!(get("/v2/_catalog"), r#"{"repositories":[]}"#);
        let figures = get("/metrics");
        let by_standby = r#"registry_database_listings_total{by="standby"} "#;
        let answered = figures
            .lines()
            .find_map(|line| line.strip_prefix(by_standby));
        answered.expect("the figure") != "0"
    });
}
