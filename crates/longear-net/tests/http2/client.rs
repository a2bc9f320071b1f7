//! Who asks: the real carrier, and one that forgets every limit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use longear_core::tree::TreePath;
use longear_net::carrier::{Carrier, CarrierError, CarrierOptions};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::OBJECT_BYTES_MAX;
use super::frames::{beginning, request};
use super::server::Server;

const BLOB: TreePath = TreePath::Blob { hash: [0xb1; 32] };

/// Even the careless one stops somewhere, far beyond what anybody should have taken.
const ENOUGH_BYTES: usize = 64 << 20;
const ENOUGH_TRIES: u32 = 40;
const ENOUGH_TIME: Duration = Duration::from_secs(3);
/// After so long without a byte it asks again.
const SILENCE: Duration = Duration::from_millis(50);

#[derive(Clone, Copy)]
pub enum Client {
    Real,
    Careless,
}

/// What came of asking.
pub struct Asking {
    pub error: Option<CarrierError>,
    /// Still there: who is read from only because it exists would else be left.
    _carrier: Option<Carrier>,
}

impl Client {
    pub async fn ask(self, server: &Server) -> Asking {
        match self {
            Client::Real => {
                let carrier = carrier(server);
                Asking { error: ask(&carrier).await.err(), _carrier: Some(carrier) }
            }
            Client::Careless => {
                ask_without_limits(server).await;
                Asking { error: None, _carrier: None }
            }
        }
    }
}

fn carrier(server: &Server) -> Carrier {
    let mut options = CarrierOptions::default();
    options.tls_roots_pem = Some(server.certificate.clone());
    Carrier::open(&server.url, &options).unwrap()
}

async fn ask(carrier: &Carrier) -> Result<(), CarrierError> {
    let mut body = carrier.fetch(&BLOB, None, OBJECT_BYTES_MAX).await?.unwrap();
    while body.next().await?.is_some() {}
    Ok(())
}

/// Takes and keeps whatever comes, and asks again whenever nothing does.
async fn ask_without_limits(server: &Server) {
    let (since, mut tries, mut kept) = (Instant::now(), 0, Vec::new());
    let mut piece = vec![0; 64 << 10];
    while tries < ENOUGH_TRIES && since.elapsed() < ENOUGH_TIME {
        let mut stream = connect(server).await;
        let mut number = 1;
        while tries < ENOUGH_TRIES && since.elapsed() < ENOUGH_TIME && kept.len() < ENOUGH_BYTES {
            match tokio::time::timeout(SILENCE, stream.read(&mut piece)).await {
                Ok(Ok(0) | Err(_)) => break,
                Ok(Ok(count)) => kept.extend_from_slice(&piece[..count]),
                Err(_) if stream.write_all(&request(number)).await.is_err() => break,
                Err(_) => (number, tries) = (number + 2, tries + 1),
            }
        }
        if kept.len() >= ENOUGH_BYTES {
            break;
        }
    }
}

async fn connect(server: &Server) -> TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&server.certificate).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = config.unwrap().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    stream.write_all(&beginning(&[])).await.unwrap();
    stream
}
