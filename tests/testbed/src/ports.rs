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
        // Any program of this machine may be quicker once; not every time.
        let bound = (0..20).any(|_| {
            let [port] = free().unwrap();
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        });
        assert!(bound);
    }
}
