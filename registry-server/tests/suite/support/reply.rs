//! An answer as it came.

use serde_json::Value;

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// It has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}\n{}", self.text());
        self
    }

    /// It has this status and an error body as the specification has it, with this code.
    #[track_caller]
    pub(crate) fn expect_error(self, status: u16, code: &str) -> Self {
        let reply = self
            .expect(status)
            .expect_header("content-type", "application/json");
        let json = reply.json();
        let errors = json["errors"].as_array().expect("a list of errors");
        assert!(!errors.is_empty());
        for error in errors {
            assert_eq!(error["code"], code, "{json}");
            assert!(
                error["message"]
                    .as_str()
                    .is_some_and(|text| text.len() > 10)
            );
        }
        reply
    }

    /// The header is there once, with this value.
    #[track_caller]
    pub(crate) fn expect_header(self, name: &str, value: &str) -> Self {
        assert_eq!(self.all(name), [value], "{name} of {self:?}");
        self
    }

    /// The header is not there.
    #[track_caller]
    pub(crate) fn expect_no(self, name: &str) -> Self {
        assert_eq!(self.all(name), [""; 0], "{name} of {self:?}");
        self
    }

    /// The body is this.
    #[track_caller]
    pub(crate) fn expect_body(self, body: &[u8]) -> Self {
        assert!(self.body == body, "other bytes: {}", self.text());
        self
    }

    /// The only value of a header.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        match self.all(name)[..] {
            [value] => value,
            _ => panic!("{name} is not there once: {self:?}"),
        }
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(found, _)| found == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// What the error body says.
    #[track_caller]
    pub(crate) fn message(&self) -> String {
        let json = self.json();
        json["errors"][0]["message"].as_str().unwrap().to_owned()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body[..self.body.len().min(1000)]).into_owned()
    }
}
