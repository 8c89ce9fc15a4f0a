use proptest::prelude::*;

use super::*;

/// Reads a header; answers the source, and how many bytes it took.
fn taken(bytes: &[u8]) -> Option<(Option<String>, usize)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut left = bytes;
    let source = runtime.block_on(read(&mut left)).ok()?;
    Some((source.map(|ip| ip.to_string()), bytes.len() - left.len()))
}

fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [&v2::SIGNATURE[..], &[command, family], &length, rest].concat()
}

#[test]
fn a_line_names_the_source() {
    for (line, source) in [
        (
            "PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n",
            Some("192.0.2.7"),
        ),
        (
            "PROXY TCP6 2001:db8::1 ::1 0 65535\r\n",
            Some("2001:db8::1"),
        ),
        ("PROXY UNKNOWN\r\n", None),
        ("PROXY UNKNOWN ffff::1 whatever it says\r\n", None),
    ] {
        let sent = format!("{line}GET / HTTP/1.1\r\n");
        let expected = (source.map(str::to_owned), line.len());
        assert_eq!(taken(sent.as_bytes()), Some(expected), "{line:?}");
    }
}

#[test]
fn a_binary_header_names_the_source() {
    let four = [192, 0, 2, 7, 192, 0, 2, 1, 1, 2, 3, 4];
    let mut six = [0; 36];
    (six[0], six[15]) = (0x20, 1);
    let with_more = [&four[..], &[0x04, 0, 1, 0]].concat();
    for (header, source) in [
        (v2(0x21, 0x11, &four), Some("192.0.2.7")),
        (v2(0x21, 0x11, &with_more), Some("192.0.2.7")),
        (v2(0x21, 0x21, &six), Some("2000::1")),
        (v2(0x20, 0x00, &[]), None),
        (v2(0x20, 0x11, &four), None),
        (v2(0x21, 0x31, &[0; 216]), None),
        (v2(0x21, 0x00, &[1, 2, 3]), None),
    ] {
        let sent = [&header[..], b"\x16\x03\x01"].concat();
        let expected = (source.map(str::to_owned), header.len());
        assert_eq!(taken(&sent), Some(expected));
    }
}

#[test]
fn what_is_malformed_is_refused() {
    let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(200));
    for sent in [
        &b""[..],
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\n\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 4711\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 443 1\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 65536\r\n",
        b"PROXY TCP4 2001:db8::1 ::1 1 2\r\n",
        b"PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n",
        b"PROXY  TCP4 192.0.2.7 192.0.2.1 1 2\r\n",
        b"PROXY UDP4 192.0.2.7 192.0.2.1 1 2\r\n",
        b"PROXY TCP4 example.com 192.0.2.1 1 2\r\n",
        b"PROXY UNKNOWN \xff\r\n",
        b"proxy UNKNOWN\r\n",
        long.as_bytes(),
        &v2(0x21, 0x11, &[0; 11]),
        &v2(0x21, 0x21, &[0; 35]),
        &v2(0x21, 0x12, &[0; 12]),
        &v2(0x22, 0x11, &[0; 12]),
        &v2(0x11, 0x11, &[0; 12]),
        &v2(0x20, 0x11, &[0; 4097]),
        &v2(0x21, 0x11, &[0; 12])[..20],
    ] {
        assert_eq!(taken(sent), None, "{:?}", String::from_utf8_lossy(sent));
    }
}

proptest! {
    #[test]
    fn hazard_32_no_header_is_read_beyond_its_bound(bytes in prop::collection::vec(any::<u8>(), 0..6000), kind in 0..3) {
        let begin: &[u8] = match kind {
            0 => b"",
            1 => b"PROXY ",
            _ => &v2::SIGNATURE,
        };
        if let Some((_, read)) = taken(&[begin, &bytes].concat()) {
            prop_assert!(read <= FIRST + 4 + 4096);
        }
    }
}
