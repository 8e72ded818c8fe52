//! Gateways that answer oddly, or mean harm, by UPnP.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinSet,
};

use super::{
    super::{
        ANSWER,
        search::search_at,
        state::Place,
        upnp::Upnp,
        way::{Grant, Protocol, Refusal, Way},
    },
    answers::{LEASE, OWN, place},
};

/// What a gateway by UPnP answers to a request over HTTP, by the request's first line and all of it.
type Page = Box<dyn Fn(&str) -> Reply + Send + Sync>;

enum Reply {
    /// A page, or a part of it.
    Text(String),
    /// It never ends.
    Endless,
    /// It never begins.
    Nothing,
}

fn ok(body: &str) -> Reply {
    Reply::Text(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

/// A gateway by UPnP. A search is answered with the place of its description: `{http}` stands for its own.
async fn upnp(gateway: [u8; 4], location: &str, page: Page) -> JoinSet<()> {
    let mut serving = JoinSet::new();
    let http = TcpListener::bind((Ipv4Addr::from(gateway), 0)).await.unwrap();
    let location = location.replace("{http}", &format!("http://{}", http.local_addr().unwrap()));
    let search = UdpSocket::bind((Ipv4Addr::from(gateway), 1900)).await.unwrap();
    serving.spawn(async move {
        let mut request = [0; 2_048];
        while let Ok((_, from)) = search.recv_from(&mut request).await {
            let answer = format!("HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nLOCATION: {location}\r\n\r\n");
            let _ = search.send_to(answer.as_bytes(), from).await;
        }
    });
    let page = Arc::new(page);
    serving.spawn(async move {
        let mut answering = JoinSet::new();
        while let Ok((stream, _)) = http.accept().await {
            answering.spawn(answer(stream, page.clone()));
        }
    });
    serving
}

async fn answer(mut stream: TcpStream, page: Arc<Page>) {
    let mut request = Vec::new();
    let mut bytes = [0; 4_096];
    while !is_whole(&request) {
        match stream.read(&mut bytes).await {
            Ok(read) if read > 0 => request.extend_from_slice(&bytes[..read]),
            _ => return,
        }
    }
    match page(&String::from_utf8_lossy(&request)) {
        Reply::Text(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
        }
        Reply::Endless => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n<root>").await;
            while stream.write_all(&[b' '; 16 * 1024]).await.is_ok() {}
        }
        Reply::Nothing => std::future::pending().await,
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    length.and_then(|length| length.trim().parse().ok()).is_none_or(|length: usize| body.len() >= length)
}

const SERVICE: &str = "urn:schemas-upnp-org:service:WANIPConnection:1";

fn description(control: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><root xmlns=\"urn:schemas-upnp-org:device-1-0\"><device><serviceList><service>\
         <serviceType>{SERVICE}</serviceType><controlURL>{control}</controlURL><SCPDURL>/actions</SCPDURL>\
         </service></serviceList></device></root>"
    )
}

fn actions() -> String {
    let argument = |name: &str| format!("<argument><name>{name}</name><direction>in</direction></argument>");
    let of = |names: &[&str]| names.iter().map(|name| argument(name)).collect::<String>();
    let port = ["NewRemoteHost", "NewExternalPort", "NewProtocol"];
    let add = ["NewInternalPort", "NewInternalClient", "NewEnabled", "NewPortMappingDescription", "NewLeaseDuration"];
    format!(
        "<scpd><actionList><action><name>AddPortMapping</name><argumentList>{}{}</argumentList></action><action>\
         <name>DeletePortMapping</name><argumentList>{}</argumentList></action></actionList></scpd>",
        of(&port),
        of(&add),
        of(&port)
    )
}

fn soap(body: &str) -> Reply {
    ok(&format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{body}</s:Body></s:Envelope>"
    ))
}

fn fault(code: u16) -> Reply {
    soap(&format!(
        "<s:Fault><detail><UPnPError><errorCode>{code}</errorCode><errorDescription>no\u{202e}</errorDescription>\
         </UPnPError></detail></s:Fault>"
    ))
}

/// What a gateway answers to a request that is to change something or to tell its address.
type Control = fn(&str) -> Reply;

/// A gateway that keeps to the protocol, but for what `control` answers to its requests.
fn proper(control: Control) -> Page {
    Box::new(move |request| match request.split(' ').nth(1) {
        Some("/description") => ok(&description("/control")),
        Some("/actions") => ok(&actions()),
        _ => control(request),
    })
}

fn is_about(request: &str, action: &str) -> bool {
    request.lines().any(|line| line.to_ascii_lowercase().starts_with("soapaction") && line.contains(action))
}

#[tokio::test]
async fn a_proper_gateway_is_understood() {
    let gateway = [127, 88, 4, 1];
    let page = proper(|request| {
        if is_about(request, "#AddPortMapping") {
            let all = ["<NewExternalPort>7275<", "<NewProtocol>UDP<", ">127.0.0.1<", ">240<", ">parlor<"];
            assert!(all.iter().all(|part| request.contains(part)), "{request}");
            soap("<u:AddPortMappingResponse xmlns:u=\"x\"/>")
        } else if is_about(request, "#GetExternalIPAddress") {
            let address = "<NewExternalIPAddress>192.0.1.1</NewExternalIPAddress>";
            soap(&format!("<u:GetExternalIPAddressResponse xmlns:u=\"x\">{address}</u:GetExternalIPAddressResponse>"))
        } else {
            soap("<u:DeletePortMappingResponse xmlns:u=\"x\"/>")
        }
    });
    let _gateway = upnp(gateway, "{http}/description", page).await;
    let way = Upnp::new(place(gateway), 7_275);
    assert_eq!(way.greet().await, Ok(()));
    let granted = way.open(Protocol::Udp, 7_275, LEASE).await;
    assert_eq!(granted, Ok(Grant { port: 7_275, lease: LEASE, address: None }));
    assert_eq!(way.address().await, Ok(IpAddr::from([192, 0, 1, 1])));
    assert_eq!(way.close(Protocol::Udp, 7_275).await, Ok(()));
}

/// Where everybody was heard, the first one kept the library busy, and was then all that had been found.
#[tokio::test]
async fn a_gateway_is_found_though_others_answer_first_and_have_much_to_tell() {
    let (gateway, other) = (Ipv4Addr::from([127, 88, 8, 1]), Ipv4Addr::from([127, 88, 8, 2]));
    let page = |address| async move {
        let http = TcpListener::bind((address, 0)).await.unwrap();
        let location = format!("http://{}/description", http.local_addr().unwrap());
        let search = UdpSocket::bind((address, 0)).await.unwrap();
        (http, search, format!("HTTP/1.1 200 OK\r\nLOCATION: {location}\r\n\r\n"))
    };
    let (http, search, location) = page(gateway).await;
    // Whoever asks there waits for an answer until they give up.
    let (_endless, early, elsewhere) = page(other).await;
    let everybody = UdpSocket::bind("127.88.8.9:0").await.unwrap();
    let asked = everybody.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut question = [0; 2_048];
        while let Ok((length, from)) = everybody.recv_from(&mut question).await {
            let question = String::from_utf8_lossy(&question[..length]);
            assert!(question.contains(&format!("Host:{asked}\r\n")), "{question}");
            for (socket, answer) in [(&early, &elsewhere), (&search, &location)] {
                socket.send_to(answer.as_bytes(), from).await.unwrap();
            }
        }
    });
    serving.spawn(async move {
        let page = Arc::new(proper(|_| fault(501)));
        while let Ok((stream, _)) = http.accept().await {
            answer(stream, page.clone()).await;
        }
    });
    let found = search_at(Place { gateway, own: OWN }, &[asked]).await;
    assert_eq!(found.expect("a gateway").addr.ip(), IpAddr::V4(gateway));
}

#[tokio::test]
async fn a_gateway_that_was_restarted_is_found_again() {
    let gateway = [127, 88, 7, 1];
    let proper = || proper(|_| soap("<u:AddPortMappingResponse xmlns:u=\"x\"/>"));
    let mut before = upnp(gateway, "{http}/description", proper()).await;
    let way = Upnp::new(place(gateway), 7_275);
    assert!(way.open(Protocol::Tcp, 7_275, LEASE).await.is_ok());
    before.shutdown().await;
    // It listens elsewhere now.
    let _gateway = upnp(gateway, "{http}/description", proper()).await;
    assert_eq!(way.open(Protocol::Tcp, 7_275, LEASE).await, Err(Refusal::Silent));
    assert!(way.open(Protocol::Tcp, 7_275, LEASE).await.is_ok());
}

#[tokio::test]
async fn each_refusal_of_a_gateway_is_told_from_the_others() {
    let cases: [(Control, Refusal); 7] = [
        (|_| fault(718), Refusal::Taken),
        (|_| fault(606), Refusal::Denied),
        (|_| fault(725), Refusal::OnlyForGood),
        (|_| fault(728), Refusal::Full),
        (|_| fault(9_999), Refusal::Odd),
        (|_| ok("<a><b></a>"), Refusal::Odd),
        (
            |_| Reply::Text("HTTP/1.1 302 Found\r\nLocation: http://127.88.9.9/\r\nContent-Length: 0\r\n\r\n".into()),
            Refusal::Odd,
        ),
    ];
    for (number, (control, refusal)) in cases.into_iter().enumerate() {
        let gateway = [127, 88, 5, number as u8];
        let _gateway = upnp(gateway, "{http}/description", proper(control)).await;
        let way = Upnp::new(place(gateway), 7_275);
        assert_eq!(way.open(Protocol::Tcp, 7_275, LEASE).await, Err(refusal), "case {number}");
    }
}

#[tokio::test]
async fn nobody_has_us_send_requests_elsewhere_and_no_answer_is_too_long_or_too_late() {
    // Whoever is sent a request here would count it.
    static ELSEWHERE: AtomicUsize = AtomicUsize::new(0);
    let elsewhere = TcpListener::bind("127.88.9.9:0").await.unwrap();
    let there = format!("http://{}", elsewhere.local_addr().unwrap());
    let mut watching = JoinSet::new();
    watching.spawn(async move {
        while elsewhere.accept().await.is_ok() {
            ELSEWHERE.fetch_add(1, Ordering::Relaxed);
        }
    });

    let moved = format!("HTTP/1.1 302 Found\r\nLocation: {there}/description\r\nContent-Length: 0\r\n\r\n");
    let bomb = {
        let more: String = (1..30).map(|n| format!("<!ENTITY e{n} \"&e{0};&e{0};\">", n - 1)).collect();
        format!("<!DOCTYPE root [<!ENTITY e0 \"ha\">{more}]><root><device>&e29;</device></root>")
    };
    let deep = format!("<root>{}", "<device>".repeat(100_000));
    let controlled = description(&format!("{there}/control"));
    let page = |text: String| -> Page { Box::new(move |_| ok(&text)) };
    let cases: Vec<(String, Page)> = vec![
        (format!("{there}/description"), page(String::new())),
        ("{http}/description".into(), page(controlled)),
        ("{http}/description".into(), Box::new(move |_| Reply::Text(moved.clone()))),
        ("{http}/description".into(), Box::new(|_| Reply::Endless)),
        ("{http}/description".into(), Box::new(|_| Reply::Nothing)),
        ("{http}/description".into(), page(bomb)),
        ("{http}/description".into(), page(deep)),
        ("{http}/description".into(), Box::new(|_| Reply::Text("HTTP/1.1 200 \x1b\u{202e}".repeat(10_000)))),
        ("file:///etc/passwd".into(), page(String::new())),
        ("http://localhost:1/".into(), page(String::new())),
    ];
    let mut asking = JoinSet::new();
    for (number, (location, page)) in cases.into_iter().enumerate() {
        asking.spawn(async move {
            let gateway = [127, 88, 6, number as u8 + 1];
            let _gateway = upnp(gateway, &location, page).await;
            let way = Upnp::new(place(gateway), 7_275);
            let begun = Instant::now();
            let asked = way.greet().await;
            (number, asked, begun.elapsed())
        });
    }
    while let Some(done) = asking.join_next().await {
        let (number, asked, took) = done.expect("no panic");
        assert_eq!(asked, Err(Refusal::Silent), "case {number}");
        assert!(took < ANSWER + Duration::from_secs(2), "case {number} took {took:?}");
    }
    assert_eq!(ELSEWHERE.load(Ordering::Relaxed), 0);
}
