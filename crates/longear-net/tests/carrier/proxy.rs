//! Everything goes through the proxy, names included.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use longear_net::carrier::{Carrier, CarrierError, CarrierOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::hostile::serve;
use super::{BLOB, impatient};

/// A SOCKS5 proxy (RFC 1928) that sends every name to one address, and remembers the names.
async fn socks_proxy(target: String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("socks5h://{}", listener.local_addr().unwrap());
    let names = Arc::new(Mutex::new(Vec::new()));
    let asked = names.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let name = read_socks_request(&mut stream).await;
            asked.lock().unwrap().push(name.clone());
            if name.starts_with("closed.") {
                let refused = [5, 5, 0, 1, 0, 0, 0, 0, 0, 0];
                stream.write_all(&refused).await.unwrap();
                continue;
            }
            let mut target = TcpStream::connect(&target).await.unwrap();
            stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
            tokio::spawn(async move {
                let _ = copy_bidirectional(&mut stream, &mut target).await;
            });
        }
    });
    (address, names)
}

/// Shakes hands without a password and gives the host that is asked for, with its port.
async fn read_socks_request(stream: &mut TcpStream) -> String {
    assert_eq!(stream.read_u8().await.unwrap(), 5);
    let mut methods = vec![0; stream.read_u8().await.unwrap().into()];
    stream.read_exact(&mut methods).await.unwrap();
    assert!(methods.contains(&0));
    stream.write_all(&[5, 0]).await.unwrap();
    let mut request = [0; 4];
    stream.read_exact(&mut request).await.unwrap();
    assert_eq!(request[..3], [5, 1, 0], "a request to connect");
    let host = match request[3] {
        1 => Ipv4Addr::from_bits(stream.read_u32().await.unwrap()).to_string(),
        3 => {
            let mut name = vec![0; stream.read_u8().await.unwrap().into()];
            stream.read_exact(&mut name).await.unwrap();
            String::from_utf8(name).unwrap()
        }
        kind => panic!("address kind {kind}"),
    };
    format!("{host}:{}", stream.read_u16().await.unwrap())
}

async fn origin() -> String {
    let (address, _) = serve(|request, mut stream| async move {
        let body = request.lines().next().unwrap().to_owned();
        let _ = stream
            .write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
            .await;
    })
    .await;
    address.trim_start_matches("http://").to_owned()
}

fn through(proxy: &str) -> CarrierOptions {
    let mut options = impatient();
    options.proxy = Some(proxy.to_owned());
    options
}

#[tokio::test]
async fn names_are_looked_up_by_the_socks_proxy() {
    let (proxy, names) = socks_proxy(origin().await).await;
    // No resolver knows this name: had it been asked, the fetch would fail.
    let carrier = Carrier::open("http://newsroom.invalid:8080/tree", &through(&proxy)).unwrap();
    let bytes = carrier.fetch_small(&BLOB, 1000).await.unwrap().unwrap();
    assert_eq!(bytes, format!("GET /tree/{BLOB} HTTP/1.1").into_bytes());
    assert_eq!(*names.lock().unwrap(), ["newsroom.invalid:8080"]);
}

#[tokio::test]
async fn loopback_is_no_exception() {
    let (proxy, names) = socks_proxy(origin().await).await;
    let carrier = Carrier::open("http://127.0.0.1:9", &through(&proxy)).unwrap();
    assert!(carrier.fetch_small(&BLOB, 1000).await.unwrap().is_some());
    assert_eq!(*names.lock().unwrap(), ["127.0.0.1:9"]);
}

/// Tor keeps connections apart by name and password; a client that left them out went on as if it had none.
#[tokio::test]
async fn a_socks_proxy_is_told_the_name_and_password_of_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("socks5h://reader%20one:a%3Ab@{}", listener.local_addr().unwrap());
    let told = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut start = [0; 2];
        stream.read_exact(&mut start).await.unwrap();
        let mut methods = vec![0; start[1].into()];
        stream.read_exact(&mut methods).await.unwrap();
        // RFC 1929: name and password.
        assert!(methods.contains(&2), "{methods:?}");
        stream.write_all(&[5, 2]).await.unwrap();
        let mut told = Vec::new();
        assert_eq!(stream.read_u8().await.unwrap(), 1);
        for _ in 0..2 {
            let mut text = vec![0; stream.read_u8().await.unwrap().into()];
            stream.read_exact(&mut text).await.unwrap();
            told.push(String::from_utf8(text).unwrap());
        }
        told
    });
    let carrier = Carrier::open("http://newsroom.invalid", &through(&proxy)).unwrap();
    let error = carrier.fetch(&BLOB, None, 1000).await.unwrap_err();
    assert_eq!(told.await.unwrap(), ["reader one", "a:b"]);
    assert!(!error.to_string().contains("a:b"), "{error}");
}

#[tokio::test]
async fn an_http_proxy_gets_the_whole_address() {
    let proxy = format!("http://{}", origin().await);
    let carrier = Carrier::open("http://newsroom.invalid", &through(&proxy)).unwrap();
    let bytes = carrier.fetch_small(&BLOB, 1000).await.unwrap().unwrap();
    assert_eq!(bytes, format!("GET http://newsroom.invalid/{BLOB} HTTP/1.1").into_bytes());
}

#[tokio::test]
async fn failures_of_the_proxy_are_named() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (refusing, _) = socks_proxy(String::new()).await;
    let wants_password = {
        let (address, _) = serve(|_, mut stream| async move {
            let _ = stream.write_all(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n").await;
        })
        .await;
        address
    };
    for proxy in [format!("socks5h://{closed}"), refusing, wants_password] {
        let carrier = Carrier::open("http://closed.invalid", &through(&proxy)).unwrap();
        let error = carrier.fetch(&BLOB, None, 1000).await.unwrap_err();
        assert!(matches!(error, CarrierError::Proxy { .. }), "{proxy}: {error:?}");
    }
    let leaking = Carrier::open("http://x.invalid", &through("socks5://127.0.0.1:9050"));
    assert!(matches!(leaking, Err(CarrierError::Proxy { .. })));
}

#[test]
fn the_proxy_of_the_surroundings_is_not_used() {
    // Variables of the surroundings can only be set for another process: this program again, with a test that fetches.
    let ran = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "hostile::an_object_of_exactly_the_limit_passes"])
        .envs(["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"].map(|name| (name, "http://127.0.0.1:1")))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let output = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success() && output.contains("1 passed"), "{output}");
}
