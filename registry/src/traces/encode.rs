//! OTLP in JSON: ids in hexadecimal digits, 64-bit integers as text, enums as numbers.

use serde_json::{Value as Json, json};

use super::span::{Ended, Value};

const INTERNAL: u8 = 1;
const SERVER: u8 = 2;
const ERROR: u8 = 2;

/// A batch of spans of one service, as a request's body.
pub(super) fn encode(service: &str, spans: &[Ended]) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    let resource = [
        ("service.name", service),
        ("service.version", version),
        ("telemetry.sdk.language", "rust"),
    ];
    let resource: Vec<_> = resource
        .into_iter()
        .map(|(key, value)| json!({ "key": key, "value": { "stringValue": value } }))
        .collect();
    let spans: Vec<_> = spans.iter().map(span).collect();
    let body = json!({
        "resourceSpans": [{
            "resource": { "attributes": resource },
            "scopeSpans": [{ "scope": { "name": "registry", "version": version }, "spans": spans }],
        }],
    });
    body.to_string().into_bytes()
}

fn span(span: &Ended) -> Json {
    let says = &span.says;
    let attributes: Vec<_> = says.attributes.iter().map(attribute).collect();
    let mut out = json!({
        "traceId": format!("{:032x}", span.trace),
        "spanId": format!("{:016x}", span.id),
        "name": says.name,
        "kind": if says.server { SERVER } else { INTERNAL },
        "startTimeUnixNano": span.begun.to_string(),
        "endTimeUnixNano": span.ended.to_string(),
        "attributes": attributes,
    });
    if let Some(parent) = span.parent {
        out["parentSpanId"] = format!("{parent:016x}").into();
    }
    if says.failed {
        out["status"] = json!({ "code": ERROR });
    }
    out
}

fn attribute((key, value): &(&'static str, Value)) -> Json {
    let value = match value {
        Value::Text(text) => json!({ "stringValue": text }),
        Value::Integer(number) => json!({ "intValue": number.to_string() }),
        Value::Truth(truth) => json!({ "boolValue": truth }),
    };
    json!({ "key": key, "value": value })
}
