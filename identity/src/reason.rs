//! Why a node was not reached, in words: gRPC says `transport error`, and what matters lies below.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};
use tonic::Status;

/// What a failed call says: the answer of the other side, or why there is none.
#[must_use]
pub fn of_status(status: &Status) -> String {
    let Some(source) = status.source() else { return status.message().to_owned() };
    let mut below: &(dyn Error + 'static) = source;
    loop {
        if let Some(reason) = known(below) {
            return reason;
        }
        match below.source() {
            Some(next) => below = next,
            None => return below.to_string(),
        }
    }
}

/// The reason, where this error is one that can be told better than it does itself.
fn known(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(of_tls(tls));
    }
    let io = error.downcast_ref::<io::Error>()?;
    if let Some(tls) = io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return Some(of_tls(tls));
    }
    match io.kind() {
        io::ErrorKind::ConnectionRefused => Some("nothing listens there".to_owned()),
        io::ErrorKind::TimedOut => Some("it does not answer".to_owned()),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
            Some("it ended the connection; is it the gRPC port of a region (5241)?".to_owned())
        }
        _ => None,
    }
}

fn of_tls(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) => other.0.to_string(),
        rustls::Error::InvalidMessage(_) => {
            "it does not speak TLS; is it the gRPC port of a region (5241)?".to_owned()
        }
        rustls::Error::AlertReceived(
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::DecryptError
            | AlertDescription::CertificateExpired,
        ) => "it does not accept this node's certificate: if the cluster's certificate authority was \
              replaced without this node, remove the node's folder and join again"
            .to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::OtherError;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    fn said(error: io::Error) -> String {
        of_status(&Status::from_error(Box::new(Outer(error))))
    }

    #[test]
    fn the_innermost_reason_is_told_and_not_that_something_failed() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(said(refused), "nothing listens there");
        let other = CertificateError::Other(OtherError(Arc::new(io::Error::other("not mine"))));
        let tls = rustls::Error::InvalidCertificate(other);
        assert_eq!(said(io::Error::other(tls)), "not mine");
        assert_eq!(said(io::Error::other("strange")), "strange");
        assert_eq!(of_status(&Status::not_found("no such node")), "no such node");
    }
}
