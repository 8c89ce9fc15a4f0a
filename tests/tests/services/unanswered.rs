//! A bucket that is asked to complete an upload, and says nothing.

use std::{
    io::{self, BufReader, Read, Write},
    net::TcpStream,
    sync::{Arc, Mutex},
};

use reqwest::blocking::Response;

use super::{
    gcs::{Account, open_bucket, settings},
    http::{Head, forward, listen},
    replica::{Cluster, PART, Set, content, sha256},
    services::Bucket,
};

/// What becomes of a request for completion.
#[derive(Clone, Copy, PartialEq)]
enum Completion {
    Answered,
    /// It is done, and nobody hears of it.
    Unheard,
    /// It does not reach the bucket.
    Lost,
}

/// A client, which hears answers or does not.
struct Client<'a> {
    connection: &'a TcpStream,
    hears: bool,
}

impl Read for Client<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.connection).read(buffer)
    }
}

impl Write for Client<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.hears {
            true => (&*self.connection).write(bytes),
            false => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A way to a bucket, and what becomes of completions on it.
fn way_to(bucket: &Bucket, completion: Arc<Mutex<Completion>>) -> String {
    let port = bucket.endpoint.rsplit(':').next().unwrap();
    let port: u16 = port.parse().unwrap();
    listen(move |connection| {
        let client = Client {
            connection: &connection,
            hears: true,
        };
        let mut client = BufReader::new(client);
        let Some(asked) = Head::read(&mut client) else {
            return;
        };
        let completes = asked.line.starts_with("POST ") && asked.line.contains("uploadId=");
        let fate = match completes {
            true => *completion.lock().unwrap(),
            false => Completion::Answered,
        };
        client.get_mut().hears = fate == Completion::Answered;
        if fate != Completion::Lost {
            forward(&mut client, asked, port);
        }
        if fate != Completion::Answered {
            // It stays until whoever asked has given it up.
            drop((&connection).read_to_end(&mut Vec::new()));
        }
    })
}

/// A server on such a way, and an upload of which all but its end is done.
struct Stage {
    cluster: Cluster,
    completion: Arc<Mutex<Completion>>,
    upload: Response,
    bytes: Vec<u8>,
}

impl Stage {
    fn of_amazons(completion: Completion) -> Self {
        Self::start(Cluster::start(0), completion, &[])
    }

    fn of_googles(completion: Completion) -> Self {
        let account = Account::new();
        let settings = settings(&[("REGISTRY_OBJECTS_SERVICE_ACCOUNT", account.file.clone())]);
        Self::start(Cluster::over(open_bucket(), 0), completion, &settings)
    }

    fn start(mut cluster: Cluster, completion: Completion, more: Set<'_>) -> Self {
        let completion = Arc::new(Mutex::new(completion));
        let way = way_to(&cluster.bucket, Arc::clone(&completion));
        let mut settings = more.to_vec();
        settings.extend([
            ("REGISTRY_OBJECTS_ENDPOINT", way),
            ("REGISTRY_OBJECTS_DEADLINE", "4s".to_owned()),
        ]);
        cluster.add(&settings);
        let bytes = content(2 * PART + 17);
        let begun = cluster.begin(0, "team/app");
        let upload = cluster.chunk(0, &begun, &bytes);
        Self {
            cluster,
            completion,
            upload,
            bytes,
        }
    }

    /// Asks for the end of the upload.
    fn end(&self) -> Response {
        let location = self.cluster.located(0, &self.upload);
        let mark = if location.contains('?') { '&' } else { '?' };
        let url = format!("{location}{mark}digest={}", sha256(&self.bytes));
        self.cluster.client.put(url).send().unwrap()
    }

    fn assert_there(&self) {
        let path = format!("/v2/team/app/blobs/{}", sha256(&self.bytes));
        let read = self.cluster.get(0, &path);
        assert!(read.bytes().unwrap() == self.bytes);
        assert_eq!(self.cluster.bucket.unfinished(), 0);
    }
}

const STAGES: [fn(Completion) -> Stage; 2] = [Stage::of_amazons, Stage::of_googles];

#[test]
fn a_completion_that_is_done_without_an_answer_is_found_to_be() {
    for stage in STAGES {
        let stage = stage(Completion::Unheard);
        assert_eq!(stage.end().status(), 201);
        stage.assert_there();
    }
}

#[test]
fn a_completion_that_is_lost_is_503_and_done_when_the_client_asks_again() {
    for stage in STAGES {
        let stage = stage(Completion::Lost);
        let lost = stage.end();
        assert_eq!(lost.status(), 503);
        assert!(lost.headers().contains_key("retry-after"));
        *stage.completion.lock().unwrap() = Completion::Answered;
        assert_eq!(stage.end().status(), 201);
        stage.assert_there();
    }
}
