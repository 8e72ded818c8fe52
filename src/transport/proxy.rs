//! A SOCKS5 proxy, which connects for us over TCP (RFC 1928), and looks up names.
//!
//! It is one more machine on the way: it learns whom one joins, and over plain TCP what is said; a pin is checked beyond
//! it. What it demands to know of us is kept out of everything that is printed.

use std::{
    fmt,
    io::{self, ErrorKind},
    net::{IpAddr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

use percent_encoding::percent_decode_str;
use tokio::net::{TcpStream, lookup_host};
use tokio_socks::tcp::Socks5Stream;
use zeroize::Zeroizing;

use super::{Error, Place, tcp};
use crate::identity::{Address, Host};

/// The port of a proxy when nobody says another one: IANA's for SOCKS.
const DEFAULT_PORT: u16 = 1080;

/// Bytes of a name or a password (RFC 1929, section 2).
const MAX_LOGIN: usize = 255;

/// A proxy, and the name and password that it wants.
#[derive(Clone, Eq, PartialEq)]
pub struct Proxy {
    address: Address,
    login: Option<Arc<Login>>,
}

#[derive(Eq, PartialEq)]
struct Login {
    name: Zeroizing<String>,
    password: Zeroizing<String>,
}

/// Why a text names no proxy. It says nothing of what stands before the `@`.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProxyError {
    /// It does not begin with `socks5://`.
    #[error("a proxy is written as socks5://host:port, with name:password@ before the host if it wants them")]
    Scheme,
    /// What is to be its address is none.
    #[error("there is no address of a proxy after socks5:// that could be used")]
    Address,
    /// What stands before the `@` cannot be sent.
    #[error(
        "the proxy's name and password have 1 to {MAX_LOGIN} bytes each, with a colon between them; write other signs in them \
         as %40 for @ and %3A for a colon"
    )]
    Login,
}

impl FromStr for Proxy {
    type Err = ProxyError;

    /// Reads `socks5://[name:password@]host[:port]`; `socks5h` is the same, for names are always looked up by the proxy.
    fn from_str(text: &str) -> Result<Self, ProxyError> {
        let (scheme, rest) = text.trim().split_once("://").ok_or(ProxyError::Scheme)?;
        if !["socks5", "socks5h"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return Err(ProxyError::Scheme);
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (login, address) = match rest.rsplit_once('@') {
            Some((login, address)) => (Some(Arc::new(Login::read(login)?)), address),
            None => (None, rest),
        };
        let address = Address::parse(address, DEFAULT_PORT).map_err(|_| ProxyError::Address)?;
        Ok(Self { address, login })
    }
}

impl Login {
    fn read(text: &str) -> Result<Self, ProxyError> {
        let (name, password) = text.split_once(':').ok_or(ProxyError::Login)?;
        let decode = |text: &str| {
            let decoded = percent_decode_str(text).decode_utf8().map_err(|_| ProxyError::Login)?;
            let fits = (1..=MAX_LOGIN).contains(&decoded.len());
            if fits { Ok(Zeroizing::new(decoded.into_owned())) } else { Err(ProxyError::Login) }
        };
        Ok(Self { name: decode(name)?, password: decode(password)? })
    }
}

impl fmt::Display for Proxy {
    /// Where it is, and nothing else.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What a proxy has done instead of connecting, in words that a person is told. Comes as the cause of an [`Error::Unreachable`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProxyFault {
    /// It is not there.
    #[error("the proxy itself cannot be reached")]
    Unreached,
    /// It speaks something else.
    #[error("what answers there is no SOCKS5 proxy")]
    NotSocks,
    /// It wants a name and a password, and none were given.
    #[error("the proxy wants a name and a password")]
    LoginWanted,
    /// It does not accept those that were given.
    #[error("the proxy does not accept the name and the password")]
    LoginRefused,
    /// It may not connect there.
    #[error("the proxy does not allow it")]
    Forbidden,
    /// It says that it could not, and not why.
    #[error("the proxy could not connect there")]
    Failed,
}

impl Proxy {
    /// A connection to `place` through it, from the local address `bind` if one is given; and where its other end is, as
    /// far as that is known here.
    ///
    /// # Errors
    ///
    /// Why not: a [`ProxyFault`], or what the proxy has met with beyond it.
    pub(super) async fn connect(&self, bind: Option<IpAddr>, place: &Place) -> Result<(TcpStream, SocketAddr), Error> {
        let (socket, proxy) = self.reach(bind).await.ok_or_else(|| fault(ProxyFault::Unreached))?;
        let (target, remote) = match place {
            Place::Socket(socket) => (tokio_socks::TargetAddr::Ip(*socket), *socket),
            Place::Name(name, port) => (tokio_socks::TargetAddr::Domain(name.as_str().into(), *port), proxy),
        };
        let connected = match &self.login {
            Some(login) => {
                Socks5Stream::connect_with_password_and_socket(socket, target, &login.name, &login.password).await
            }
            None => Socks5Stream::connect_with_socket(socket, target).await,
        };
        Ok((connected.map_err(meaning)?.into_inner(), remote))
    }

    async fn reach(&self, bind: Option<IpAddr>) -> Option<(TcpStream, SocketAddr)> {
        let host = match &self.address.host {
            Host::V4(ip) => ip.to_string(),
            Host::V6(ip, None) => ip.to_string(),
            Host::V6(ip, Some(zone)) => format!("{ip}%{zone}"),
            Host::Name(name) => name.clone(),
        };
        for address in lookup_host((host, self.address.port)).await.ok()? {
            if let Ok(socket) = tcp::connect_directly(bind, address).await {
                return Some((socket, address));
            }
        }
        None
    }
}

fn fault(fault: ProxyFault) -> Error {
    Error::Unreachable(io::Error::other(fault))
}

fn meaning(error: tokio_socks::Error) -> Error {
    use tokio_socks::Error as Socks;
    match error {
        Socks::ConnectionRefused => Error::Unreachable(ErrorKind::ConnectionRefused.into()),
        Socks::HostUnreachable | Socks::NetworkUnreachable => Error::Unreachable(ErrorKind::HostUnreachable.into()),
        Socks::TtlExpired => Error::Unreachable(ErrorKind::TimedOut.into()),
        Socks::ConnectionNotAllowedByRuleset => fault(ProxyFault::Forbidden),
        Socks::NoAcceptableAuthMethods | Socks::AuthorizationRequired => fault(ProxyFault::LoginWanted),
        Socks::PasswordAuthFailure(_) => fault(ProxyFault::LoginRefused),
        Socks::InvalidResponseVersion
        | Socks::InvalidReservedByte
        | Socks::UnknownAuthMethod
        | Socks::UnknownAddressType => fault(ProxyFault::NotSocks),
        _ => fault(ProxyFault::Failed),
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    fn proxy(text: &str) -> Result<Proxy, ProxyError> {
        text.parse()
    }

    #[test]
    fn a_proxy_is_read() {
        for (text, shown) in [
            ("socks5://192.0.2.1:9050", "192.0.2.1:9050"),
            ("SOCKS5H://proxy.example/", "proxy.example:1080"),
            ("socks5://[2001:db8::1]:1", "[2001:db8::1]:1"),
            ("socks5://ada:s3cret@proxy.example:1080", "proxy.example:1080"),
        ] {
            assert_eq!(proxy(text).unwrap().to_string(), shown);
        }
        let login = proxy("socks5://a%40b:c%3Ad@h").unwrap().login.unwrap();
        assert_eq!((login.name.as_str(), login.password.as_str()), ("a@b", "c:d"));
    }

    #[test]
    fn what_is_no_proxy_is_told_without_the_password() {
        let long = format!("socks5://s3cret:{}@h", "x".repeat(256));
        for text in [
            "",
            "192.0.2.1:1080",
            "http://s3cret:s3cret@h",
            "socks5://",
            "socks5://s3cret:s3cret@",
            "socks5://s3cret@h",
            "socks5://:s3cret@h",
            "socks5://s3cret:@h",
            "socks5://s3cret:%ff@h",
            "socks5://s3cret:x@h:0",
            &long,
        ] {
            let why = proxy(text).expect_err(text);
            assert!(!why.to_string().contains("s3cret") && !format!("{why:?}").contains("s3cret"), "{why:?}");
        }
    }

    #[test]
    fn name_and_password_are_never_printed() {
        let proxy = proxy("socks5://hidden:s3cret@proxy.example").unwrap();
        let printed = format!("{proxy} {proxy:?} {proxy:#?}");
        assert!(printed.contains("proxy.example") && !printed.contains("hidden") && !printed.contains("s3cret"));
    }

    /// A proxy that answers with these bytes, each after something was sent to it, and then hangs up.
    async fn answers(answers: &'static [&'static [u8]]) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = proxy(&format!("socks5://ada:s3cret@{}", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            let (mut member, _) = listener.accept().await.unwrap();
            for answer in answers {
                let _ = member.read(&mut [0; 600]).await;
                let _ = member.write_all(answer).await;
            }
        });
        proxy
    }

    #[tokio::test]
    async fn whatever_a_proxy_answers_is_an_error_with_a_meaning() {
        let place = Place::Name("host.example".to_owned(), 7275);
        let faults: [(&[&[u8]], _); 6] = [
            (&[b"HTTP/1.1 400 Bad Request\r\n"], ProxyFault::NotSocks),
            (&[&[5, 0xff]], ProxyFault::LoginWanted),
            (&[&[5, 2], &[1, 1]], ProxyFault::LoginRefused),
            (&[&[5, 0], &[5, 2, 0, 1, 0, 0, 0, 0, 0, 0]], ProxyFault::Forbidden),
            (&[&[5, 0], &[5, 1, 0, 1, 0, 0, 0, 0, 0, 0]], ProxyFault::Failed),
            (&[&[5, 0], &[5, 0, 0, 3, 255, 1]], ProxyFault::Failed),
        ];
        for (bytes, expected) in faults {
            match answers(bytes).await.connect(None, &place).await {
                Err(Error::Unreachable(cause)) => {
                    let fault = cause.get_ref().and_then(|inner| inner.downcast_ref::<ProxyFault>());
                    assert_eq!(fault, Some(&expected), "{bytes:?}");
                }
                other => panic!("{bytes:?} led to {other:?}"),
            }
        }
        match answers(&[&[5, 0], &[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]]).await.connect(None, &place).await {
            Err(Error::Unreachable(cause)) => assert_eq!(cause.kind(), ErrorKind::ConnectionRefused),
            other => panic!("{other:?}"),
        }
    }
}
