//! Addresses are read as people write them.

use parlor::identity::{Address, AddressError as Error, DEFAULT_PORT, Host};
use proptest::prelude::*;

fn parse(text: &str) -> Result<Address, Error> {
    Address::parse(text, DEFAULT_PORT)
}

#[test]
fn every_way_of_writing_one_is_read() {
    for (text, shown) in [
        ("192.168.1.20", "192.168.1.20:7275"),
        (" 192.168.1.20:80\n", "192.168.1.20:80"),
        ("192.168.1.20.", "192.168.1.20:7275"),
        ("[::1]:80", "[::1]:80"),
        ("[::1]", "[::1]:7275"),
        ("::1", "[::1]:7275"),
        ("fe80::1%eth0", "[fe80::1%eth0]:7275"),
        ("[fe80::1%3]:80", "[fe80::1%3]:80"),
        ("example.local:80", "example.local:80"),
        ("Host", "host:7275"),
        ("my_host-2.", "my_host-2:7275"),
        ("bücher.example", "xn--bcher-kva.example:7275"),
    ] {
        assert_eq!(parse(text).map(|address| address.to_string()).as_deref(), Ok(shown), "{text}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let v4 = |host: &str| Error::V4 { host: host.into() };
    let v6 = |host: &str| Error::V6 { host: host.into() };
    let name = |host: &str| Error::Name { host: host.into() };
    let port = |port: &str| Error::Port { port: port.into() };
    let not_bare = |text: &str| Error::NotBare { text: text.into() };
    for (text, error) in [
        ("", Error::Empty),
        (" ", Error::Empty),
        (&"a".repeat(2000), Error::TooLong),
        ("http://host", not_bare("http://host")),
        ("ana@host", not_bare("ana@host")),
        ("host/path", not_bare("host/path")),
        ("host:0", port("0")),
        ("host:", port("")),
        ("host:65536", port("65536")),
        ("host:+80", port("+80")),
        ("[::1]:x", port("x")),
        ("[::1", v6("[::1")),
        ("[::1]80", v6("[::1]80")),
        ("1:2:3", v6("1:2:3")),
        ("fe80::1%", v6("fe80::1%")),
        ("fe80::1%a b", v6("fe80::1%a b")),
        ("192.168.1", v4("192.168.1")),
        ("192.168.1.256", v4("192.168.1.256")),
        ("0x7f.1", v4("0x7f.1")),
        ("a b", name("a b")),
        ("a..b", name("a..b")),
        ("%41", name("%41")),
        (":80", name("")),
    ] {
        assert_eq!(parse(text), Err(error), "{text}");
    }
    assert!(matches!(parse(&"a.".repeat(200)), Err(Error::Name { .. })));
    assert!(matches!(parse(&"a".repeat(64)), Err(Error::Name { .. })));
}

#[test]
fn a_socket_address_keeps_its_scope_and_sheds_its_mapping() {
    let address = |socket: &str| Address::from(socket.parse::<std::net::SocketAddr>().unwrap());
    assert_eq!(address("[fe80::1%3]:80").to_string(), "[fe80::1%3]:80");
    assert_eq!(address("[::ffff:10.0.0.1]:80").host, Host::V4([10, 0, 0, 1].into()));
    assert_eq!(address("[::1]:80").to_string(), "[::1]:80");
}

/// Any address.
pub(crate) fn any_address() -> impl Strategy<Value = Address> {
    let host = prop_oneof![
        any::<[u8; 4]>().prop_map(|bytes| Host::V4(bytes.into())),
        (any::<[u16; 8]>(), proptest::option::of("[a-z0-9]{1,15}"))
            .prop_map(|(parts, zone)| Host::V6(parts.into(), zone)),
        "[a-z][a-z0-9-]{0,20}[a-z](\\.[a-z]{1,10}){0,3}"
            .prop_filter("punycode", |name| !name.contains("xn--") && !name.contains("--"))
            .prop_map(Host::Name),
    ];
    (host, 1..=u16::MAX).prop_map(|(host, port)| Address { host, port })
}

proptest! {
    #[test]
    fn every_address_comes_back(address in any_address()) {
        prop_assert_eq!(Address::parse(&address.to_string(), 1), Ok(address));
    }

    #[test]
    fn no_text_panics_and_what_is_read_comes_back(text in any::<String>(), shape in "\\[?[0-9a-f:.%\\]]{0,60}") {
        for text in [text, shape] {
            if let Ok(address) = parse(&text) {
                prop_assert_eq!(parse(&address.to_string()), Ok(address));
            }
        }
    }
}
