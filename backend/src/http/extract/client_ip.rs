//! The IP address of the client, behind trusted proxies.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::HttpRequest;

use crate::config::Config;

/// The address for rate limits: the peer's, or the one that a trusted proxy forwards. IPv6 addresses are reduced to their
/// /64 prefix, which belongs to one subscriber.
pub fn client_ip(request: &HttpRequest, config: &Config) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.ip());
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let hops: Vec<_> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    normalize_ipv6_prefix(resolve_forwarded(peer, &hops, |address| is_trusted(address, config)))
}

/// The address by which a peer's connections are counted, before any request; `None` for a trusted proxy, which has those of
/// many clients.
pub fn limited_peer_ip(peer: IpAddr, config: &Config) -> Option<IpAddr> {
    let peer = peer.to_canonical();
    (!is_trusted(peer, config)).then(|| normalize_ipv6_prefix(peer))
}

pub fn is_from_trusted_proxy(request: &HttpRequest, config: &Config) -> bool {
    request.peer_addr().is_some_and(|peer| is_trusted(peer.ip().to_canonical(), config))
}

fn is_trusted(address: IpAddr, config: &Config) -> bool {
    config.trusted_proxies.iter().any(|net| net.contains(&address))
}

/// Walks the hops back from the nearest one: the first that is not a trusted proxy is the client. Earlier entries were
/// written by the client and are ignored.
fn resolve_forwarded(peer: IpAddr, hops: &[&str], is_trusted: impl Fn(IpAddr) -> bool) -> IpAddr {
    let mut address = peer.to_canonical();
    for hop in hops.iter().rev() {
        if !is_trusted(address) {
            break;
        }
        match hop.parse::<IpAddr>() {
            Ok(next) => address = next.to_canonical(),
            Err(_) => break,
        }
    }
    address
}

fn normalize_ipv6_prefix(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(peer: &str, hops: &[&str]) -> String {
        let trusted = |address: IpAddr| ["10.0.0.1", "10.0.0.2"].contains(&address.to_string().as_str());
        normalize_ipv6_prefix(resolve_forwarded(peer.parse().unwrap(), hops, trusted)).to_string()
    }

    #[test]
    fn forwarded_header_needs_trusted_proxy() {
        assert_eq!(resolve("203.0.113.5", &["198.51.100.9"]), "203.0.113.5");
        assert_eq!(resolve("10.0.0.1", &["198.51.100.9"]), "198.51.100.9");
        assert_eq!(resolve("10.0.0.1", &["1.2.3.4", "198.51.100.9", "10.0.0.2"]), "198.51.100.9");
        assert_eq!(resolve("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(resolve("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn ipv6_address_is_reduced_to_its_prefix() {
        assert_eq!(resolve("2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::");
        assert_eq!(resolve("::ffff:203.0.113.5", &[]), "203.0.113.5");
    }
}
