//! Reads the address of a carrier.

use std::path::PathBuf;

use url::Url;

use super::CarrierError;

/// Gives the longest address of a web carrier, and the longest redirect that is followed, in bytes.
pub(super) const URL_BYTES_MAX: usize = 2048;

/// Says where a carrier is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A base URL whose path ends in a slash.
    Web(Url),
    /// A folder of this machine.
    Folder(PathBuf),
}

/// Reads an address.
pub(super) fn parse(address: &str) -> Result<Address, CarrierError> {
    let bad = |reason| Err(CarrierError::BadAddress { reason });
    if address.is_empty() {
        return bad("it is empty");
    }
    if !address.contains("://") {
        return Ok(Address::Folder(PathBuf::from(address)));
    }
    if address.len() > URL_BYTES_MAX {
        return bad("it is too long");
    }
    let Ok(mut url) = Url::parse(address) else {
        return bad("it is not a URL");
    };
    match url.scheme() {
        "http" | "https" => {}
        "file" => {
            let Ok(path) = url.to_file_path() else {
                return bad("this file:// URL names no folder of this machine");
            };
            return Ok(Address::Folder(path));
        }
        _ => return bad("only http://, https://, file:// and folders are known"),
    }
    if has_credentials(&url) {
        return bad("names and passwords in it are not supported");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return bad("it has a query or a fragment");
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(Address::Web(url))
}

/// Says whether a URL would make the client send a name or password.
pub(super) fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn web_addresses_become_bases_to_join_to() {
        for (address, base) in [
            ("http://mirror.example", "http://mirror.example/"),
            ("https://mirror.example:8443/a/b", "https://mirror.example:8443/a/b/"),
            ("HTTP://Mirror.Example/a/b/", "http://mirror.example/a/b/"),
            ("http://[::1]:8080", "http://[::1]:8080/"),
        ] {
            let Ok(Address::Web(url)) = parse(address) else { panic!("{address}") };
            assert_eq!(url.as_str(), base);
            assert_eq!(url.join("c/x").unwrap().as_str(), format!("{base}c/x"));
        }
    }

    #[test]
    fn folders_are_paths_or_file_urls() {
        for (address, path) in
            [("/media/stick", "/media/stick"), ("stick", "stick"), ("C:\\x", "C:\\x"), ("file:///a%20b", "/a b")]
        {
            assert_eq!(parse(address).unwrap(), Address::Folder(path.into()));
        }
    }

    #[test]
    fn other_addresses_are_refused_with_the_reason() {
        let long = format!("http://x/{}", "a".repeat(URL_BYTES_MAX));
        for address in
            ["", "http://", "ftp://x", "s3://bucket", "http://u@x", "http://u:p@x", "http://x/?q", "http://x/#f", &long]
        {
            assert!(matches!(parse(address), Err(CarrierError::BadAddress { .. })), "{address}");
        }
    }
}
