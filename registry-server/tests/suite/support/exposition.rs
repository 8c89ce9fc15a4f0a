//! A page of figures, read strictly: what this accepts every reader of the format does.

use std::collections::{BTreeMap, BTreeSet};

/// The figures of a page, by name and labels.
#[derive(Debug)]
pub(crate) struct Figures(BTreeMap<Series, f64>);

type Labels = BTreeMap<String, String>;
type Series = (String, Labels);

struct Family<'a> {
    name: &'a str,
    kind: &'a str,
}

impl Figures {
    #[track_caller]
    pub(crate) fn parse(page: &str) -> Self {
        assert!(page.ends_with('\n'), "the last line has an end");
        let mut figures = Self(BTreeMap::new());
        let (mut seen, mut help, mut family) = (BTreeSet::new(), None, None);
        for line in page.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, text) = rest.split_once(' ').expect("a name and a text");
                assert!(is_name(name) && !text.is_empty(), "{line}");
                assert!(seen.insert(name), "{name} is there twice");
                help = Some(name);
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a name and a kind");
                assert_eq!(help.take(), Some(name), "a help goes before: {line}");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                family = Some(Family { name, kind });
            } else {
                let family = family.as_ref().expect("a type goes before figures");
                let ((name, labels), value) = sample(line);
                assert!(family.has(&name), "{name} is not of {}", family.name);
                let before = figures.0.insert((name, labels), value);
                assert_eq!(before, None, "{line} is there twice");
            }
        }
        figures.check_histograms();
        figures
    }

    /// A figure; zero where it is not there.
    pub(crate) fn get(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let key = (name.to_owned(), owned(labels));
        self.0.get(&key).copied().unwrap_or_default()
    }

    /// All figures of a name together.
    pub(crate) fn sum(&self, name: &str) -> f64 {
        let named = self.0.iter().filter(|((found, _), _)| found == name);
        named.map(|(_, value)| value).sum()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Each histogram grows from bucket to bucket, up to its count.
    #[track_caller]
    fn check_histograms(&self) {
        for ((name, labels), count) in &self.0 {
            let Some(base) = name.strip_suffix("_count") else {
                continue;
            };
            let bucket = format!("{base}_bucket");
            let mut buckets: Vec<(f64, f64)> = (self.0.iter())
                .filter(|((name, _), _)| *name == bucket)
                .filter_map(|((_, all), value)| {
                    let mut rest = all.clone();
                    let bound = rest.remove("le")?;
                    (rest == *labels).then(|| (bound.parse().unwrap(), *value))
                })
                .collect();
            buckets.sort_by(|(a, _), (b, _)| a.total_cmp(b));
            assert!(buckets.is_sorted_by_key(|(_, value)| *value), "{name}");
            assert_eq!(buckets.last(), Some(&(f64::INFINITY, *count)), "{name}");
            let sum = (format!("{base}_sum"), labels.clone());
            assert!(self.0.contains_key(&sum), "{name}");
        }
    }
}

impl Family<'_> {
    fn has(&self, name: &str) -> bool {
        let rest = name.strip_prefix(self.name);
        match self.kind {
            "histogram" => matches!(rest, Some("_bucket" | "_sum" | "_count")),
            _ => rest == Some(""),
        }
    }
}

/// `name{label="value",…} 1`
fn sample(line: &str) -> (Series, f64) {
    let (series, value) = line.rsplit_once(' ').expect("a value");
    let value = value.parse().unwrap_or_else(|_| panic!("a number: {line}"));
    let (name, labels) = match series.split_once('{') {
        None => (series, Labels::new()),
        Some((name, labels)) => {
            let labels = labels.strip_suffix('}').expect("an end of the labels");
            (name, self::labels(labels))
        }
    };
    assert!(is_name(name), "{line}");
    ((name.to_owned(), labels), value)
}

fn labels(mut text: &str) -> Labels {
    let mut labels = Labels::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").expect("a label");
        assert!(is_name(name) && !name.contains(':'), "{name}");
        let (value, rest) = quoted(rest);
        assert_eq!(labels.insert(name.to_owned(), value), None, "{name}");
        text = match rest.strip_prefix(',') {
            Some(rest) => rest,
            None => {
                assert_eq!(rest, "");
                rest
            }
        };
    }
    labels
}

/// What stands up to the closing quote, and what follows.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return (value, &text[index + 1..]),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, other @ ('"' | '\\'))) => value.push(other),
                other => panic!("an escape of {other:?}"),
            },
            other => value.push(other),
        }
    }
    panic!("no closing quote: {text}");
}

fn is_name(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    text.starts_with(first) && text.chars().all(|c| first(c) || c.is_ascii_digit())
}

fn owned(labels: &[(&str, &str)]) -> Labels {
    let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    labels.iter().map(owned).collect()
}
