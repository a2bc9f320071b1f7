//! Where a server may send us.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hyper::header::HeaderValue;
use url::Url;

use super::CarrierError;
use super::address::{URL_BYTES_MAX, has_credentials};

/// Counts the redirects that are followed for one object.
pub const REDIRECTS_MAX: u32 = 3;

/// Gives the place a redirect leads to, if it may be followed.
///
/// Other hosts are fine: mirrors move. Falling from https to http, leaving HTTP, and being sent from the internet into
/// somebody's own network are not: the request would reach a router or a service that trusts its neighbours.
pub(super) fn target(base: &Url, from: &Url, location: Option<&HeaderValue>) -> Result<Url, CarrierError> {
    let bad = |reason| Err(CarrierError::BadRedirect { reason });
    let Some(location) = location.and_then(|location| location.to_str().ok()) else {
        return bad("it names no place");
    };
    if location.len() > URL_BYTES_MAX {
        return bad("its address is too long");
    }
    let Ok(mut to) = from.join(location) else {
        return bad("its address is none");
    };
    match (from.scheme(), to.scheme()) {
        (_, "https") | ("http", "http") => {}
        ("https", "http") => return bad("it gives up the encryption"),
        _ => return bad("it leaves the web"),
    }
    if has_credentials(&to) {
        return bad("it would send a name or password");
    }
    if is_local(&to) && !is_local(base) {
        return bad("it leads from the internet into a local network");
    }
    to.set_fragment(None);
    Ok(to)
}

/// Says whether a URL names, by its looks, a host of this machine or of the network around it.
fn is_local(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return true;
    };
    match host.trim_start_matches('[').trim_end_matches(']').parse() {
        Ok(IpAddr::V4(address)) => is_local_v4(address),
        Ok(IpAddr::V6(address)) => is_local_v6(address),
        Err(_) => {
            let host = host.trim_end_matches('.');
            !host.contains('.')
                || [".localhost", ".local", ".lan", ".internal", ".home.arpa"].iter().any(|end| host.ends_with(end))
        }
    }
}

fn is_local_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let carrier_grade_nat = first == 100 && second & 0xc0 == 64;
    address.is_loopback() || address.is_private() || address.is_link_local() || first == 0 || carrier_grade_nat
}

fn is_local_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.to_ipv4_mapped().is_some_and(is_local_v4)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn follow(base: &str, location: &str) -> Result<String, CarrierError> {
        let base = Url::parse(base).unwrap();
        let location = HeaderValue::from_str(location).unwrap();
        target(&base, &base, Some(&location)).map(|url| url.to_string())
    }

    #[test]
    fn other_hosts_and_better_schemes_are_followed() {
        for (base, location, expected) in [
            ("http://a.example/x/y", "z", "http://a.example/x/z"),
            ("http://a.example/x", "https://b.example/q?r=1#f", "https://b.example/q?r=1"),
            ("https://a.example/x", "//cdn.example/x", "https://cdn.example/x"),
            ("http://192.168.4.1/x", "http://192.168.4.2/x", "http://192.168.4.2/x"),
            ("http://box.local/x", "http://127.0.0.1/x", "http://127.0.0.1/x"),
        ] {
            assert_eq!(follow(base, location).unwrap(), expected);
        }
    }

    #[test]
    fn dangerous_places_are_not() {
        for (base, location) in [
            ("https://a.example/", "http://a.example/"),
            ("http://a.example/", "file:///etc/passwd"),
            ("http://a.example/", "ftp://b.example/"),
            ("http://a.example/", "http://user:pass@b.example/"),
            ("http://a.example/", "http://127.0.0.1/"),
            ("http://a.example/", "http://0x7f.1/"),
            ("http://a.example/", "http://192.168.0.1/reboot"),
            ("http://a.example/", "http://169.254.169.254/latest"),
            ("http://a.example/", "http://100.100.0.1/"),
            ("http://a.example/", "http://[::1]/"),
            ("http://a.example/", "http://[::ffff:10.0.0.1]/"),
            ("http://a.example/", "http://[fe80::1]/"),
            ("http://a.example/", "http://localhost:631/"),
            ("http://a.example/", "http://router/"),
            ("http://a.example/", "http://nas.local./"),
            ("http://8.8.8.8/", "http://0.0.0.0/"),
        ] {
            assert!(matches!(follow(base, location), Err(CarrierError::BadRedirect { .. })), "{location}");
        }
        let long = "a".repeat(URL_BYTES_MAX + 1);
        assert!(matches!(follow("http://a.example/", &long), Err(CarrierError::BadRedirect { .. })));
        let base = Url::parse("http://a.example/").unwrap();
        assert!(matches!(target(&base, &base, None), Err(CarrierError::BadRedirect { .. })));
    }
}
