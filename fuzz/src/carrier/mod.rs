//! What a server or a person says about where to ask: redirects and the addresses of carriers.
//!
//! Both files are compiled into this crate as they are, so that nothing private has to be shown for it.

#[path = "../../../crates/longear-net/src/carrier/address.rs"]
#[allow(dead_code)]
mod address;
#[path = "../../../crates/longear-net/src/carrier/redirect.rs"]
#[allow(dead_code)]
mod redirect;

use std::net::IpAddr;

use hyper::header::HeaderValue;
use longear_net::carrier::CarrierError;
use url::Url;

/// Where requests come from: the internet, encrypted and not, and a local network.
const BASES: [&str; 3] = ["https://mirror.example/a/", "http://mirror.example:8080/", "http://192.168.4.1/"];

/// Redirects: followed only on the web, never to less encryption, with a name, or from the internet into a house.
pub fn redirect(bytes: &[u8]) {
    let Some((choice, location)) = bytes.split_first() else { return };
    let base = Url::parse(BASES[usize::from(*choice) % BASES.len()]).expect("it is a URL");
    let Ok(location) = HeaderValue::from_bytes(location) else { return };
    let Ok(to) = redirect::target(&base, &base, Some(&location)) else { return };
    assert!(matches!(to.scheme(), "http" | "https") && (base.scheme() == "http" || to.scheme() == "https"), "{to}");
    assert!(to.username().is_empty() && to.password().is_none() && to.fragment().is_none(), "{to}");
    let is_house = base.host_str() == Some("192.168.4.1");
    let address = to.host_str().and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
    assert!(is_house || !address.is_some_and(is_house_address), "{to}");
    assert!(is_house || to.host_str() != Some("localhost"), "{to}");
    assert_eq!(Url::parse(to.as_str()).as_ref(), Ok(&to));
}

fn is_house_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            matches!((first, second), (0 | 10 | 127, _) | (172, 16..=31) | (192, 168) | (169, 254) | (100, 64..=127))
        }
        IpAddr::V6(address) => match address.segments() {
            [0, 0, 0, 0, 0, 0xffff, high, low] => {
                is_house_address(IpAddr::V4((u32::from(high) << 16 | u32::from(low)).into()))
            }
            [0, 0, 0, 0, 0, 0, 0, 0 | 1] => true,
            [first, ..] => first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80,
        },
    }
}

/// Addresses of carriers: a base of the web ends in a slash and carries no secret, everything else is a folder.
pub fn carrier(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match address::parse(text) {
        Ok(address::Address::Web(url)) => {
            assert!(matches!(url.scheme(), "http" | "https") && url.path().ends_with('/'), "{url}");
            assert!(!address::has_credentials(&url) && url.query().is_none() && url.fragment().is_none(), "{url}");
            let joined = url.join("c/x").expect("a path can be joined");
            assert_eq!(joined.as_str(), format!("{url}c/x"));
            // Written out, with everything escaped, it may be longer than an address is read.
            let again = address::parse(url.as_str());
            assert!(again.is_err() && url.as_str().len() > 2048 || again.ok() == Some(address::Address::Web(url)));
        }
        Ok(address::Address::Folder(path)) => assert!(!text.contains("://") || path.is_absolute(), "{path:?}"),
        Err(_) => {}
    }
}
