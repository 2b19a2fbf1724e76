//! Free ports on loopback.

use std::net::{Ipv4Addr, TcpListener};

use crate::error::TestbedError;

/// Ports that were free a moment ago, all different: each is held until all are found.
pub(crate) fn free<const COUNT: usize>() -> Result<[u16; COUNT], TestbedError> {
    let mut held = Vec::new();
    let mut ports = [0; COUNT];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(TestbedError::Port)?;
        *port = listener.local_addr().map_err(TestbedError::Port)?.port();
        held.push(listener);
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_differ_and_can_be_bound() {
        let [a, b, c] = free().unwrap();
        assert!(a != b && b != c && a != c);
        TcpListener::bind((Ipv4Addr::LOCALHOST, a)).unwrap();
    }
}
