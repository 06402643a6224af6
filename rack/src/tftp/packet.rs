//! TFTP packets as bytes (RFC 1350 §5, RFC 2347).

/// What a client asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadRequest {
    /// The file's name as it was sent.
    pub path: String,
    /// The block size it wishes for (RFC 2348).
    pub block_bytes: Option<usize>,
    /// Whether it wants to know the file's size (RFC 2349).
    pub transfer_size: bool,
    /// How long it wishes the server to wait for an acknowledgement, in seconds (RFC 2349).
    pub timeout_s: Option<u8>,
    /// How many blocks it wishes to get before it acknowledges (RFC 7440).
    pub window_blocks: Option<u16>,
}

/// A packet from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// RRQ.
    Read(ReadRequest),
    /// WRQ.
    Write,
    /// ACK of a block.
    Ack(u16),
    /// ERROR: the client gives up.
    Error {
        /// Its code.
        code: u16,
        /// Its words.
        text: String,
    },
    /// DATA or OACK, which clients of a read-only server never send.
    Other,
}

/// Codes of ERROR packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// See the message.
    NotDefined = 0,
    /// No such file.
    FileNotFound = 1,
    /// Not allowed.
    AccessViolation = 2,
    /// Not TFTP.
    IllegalOperation = 4,
}

/// Why a packet cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// It ends too early, or a text in it does.
    #[error("the packet is cut off")]
    CutOff,
    /// Unknown operation.
    #[error("operation {0} is not known")]
    Operation(u16),
    /// Only `octet` (and `netascii`, which boot programs are not) can be asked for.
    #[error("only mode octet is served")]
    Mode,
    /// A name that is not UTF-8.
    #[error("the file name is not a text")]
    Name,
}

impl Packet {
    /// Reads a packet.
    ///
    /// # Errors
    /// See [`PacketError`]. Options with values that make no sense are ignored (RFC 2347).
    pub fn parse(bytes: &[u8]) -> Result<Self, PacketError> {
        let (operation, rest) = split_u16(bytes)?;
        match operation {
            1 => read_request(rest).map(Self::Read),
            2 => Ok(Self::Write),
            4 => Ok(Self::Ack(split_u16(rest)?.0)),
            5 => {
                let (code, text) = split_u16(rest)?;
                let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
                Ok(Self::Error { code, text: String::from_utf8_lossy(text).into_owned() })
            }
            3 | 6 => Ok(Self::Other),
            other => Err(PacketError::Operation(other)),
        }
    }
}

fn read_request(bytes: &[u8]) -> Result<ReadRequest, PacketError> {
    let mut texts = bytes.split(|&byte| byte == 0);
    // A text that is not ended by a NUL is the last part, and so not followed by one.
    if bytes.last() != Some(&0) {
        return Err(PacketError::CutOff);
    }
    let path = texts.next().ok_or(PacketError::CutOff)?;
    let path = std::str::from_utf8(path).map_err(|_| PacketError::Name)?.to_owned();
    let mode = texts.next().filter(|mode| !mode.is_empty()).ok_or(PacketError::CutOff)?;
    if !mode.eq_ignore_ascii_case(b"octet") {
        return Err(PacketError::Mode);
    }
    let mut request = ReadRequest { path, ..ReadRequest::default() };
    while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
        take_option(&mut request, name, value);
    }
    Ok(request)
}

fn take_option(request: &mut ReadRequest, name: &[u8], value: &[u8]) {
    let Some(number) = std::str::from_utf8(value).ok().and_then(|text| text.parse::<u32>().ok())
    else {
        return;
    };
    let name = name.to_ascii_lowercase();
    match name.as_slice() {
        b"blksize" => {
            request.block_bytes =
                usize::try_from(number).ok().filter(|bytes| (8..=65_464).contains(bytes));
        }
        b"tsize" => request.transfer_size = true,
        b"timeout" => request.timeout_s = u8::try_from(number).ok().filter(|&seconds| seconds > 0),
        b"windowsize" => {
            request.window_blocks = u16::try_from(number).ok().filter(|&blocks| blocks > 0);
        }
        _ => {}
    }
}

/// A DATA packet.
#[must_use]
pub fn data_packet(block: u16, data: &[u8]) -> Vec<u8> {
    let mut packet = Vec::with_capacity(4 + data.len());
    packet.extend_from_slice(&3_u16.to_be_bytes());
    packet.extend_from_slice(&block.to_be_bytes());
    packet.extend_from_slice(data);
    packet
}

/// An OACK packet with these options.
#[must_use]
pub fn option_ack_packet(options: &[(&str, u64)]) -> Vec<u8> {
    let mut packet = 6_u16.to_be_bytes().to_vec();
    for (name, value) in options {
        packet.extend_from_slice(format!("{name}\0{value}\0").as_bytes());
    }
    packet
}

/// An ERROR packet.
#[must_use]
pub fn error_packet(code: ErrorCode, text: &str) -> Vec<u8> {
    let mut packet = 5_u16.to_be_bytes().to_vec();
    packet.extend_from_slice(&(code as u16).to_be_bytes());
    packet.extend_from_slice(text.as_bytes());
    packet.push(0);
    packet
}

fn split_u16(bytes: &[u8]) -> Result<(u16, &[u8]), PacketError> {
    let (number, rest) = bytes.split_first_chunk::<2>().ok_or(PacketError::CutOff)?;
    Ok((u16::from_be_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_with_options_in_any_case_and_order() {
        let packet =
            b"\0\x01/ipxe.efi\0OCTET\0WindowSize\x004\0tsize\x000\0blksize\x001468\0x\x001\0";
        let request = ReadRequest {
            path: "/ipxe.efi".to_owned(),
            block_bytes: Some(1468),
            transfer_size: true,
            timeout_s: None,
            window_blocks: Some(4),
        };
        assert_eq!(Packet::parse(packet), Ok(Packet::Read(request)));
    }

    #[test]
    fn options_out_of_range_are_ignored() {
        let packet = b"\0\x01f\0octet\0blksize\x007\0timeout\x000\0windowsize\x0070000\0tsize\0x\0";
        let request = ReadRequest { path: "f".to_owned(), ..ReadRequest::default() };
        assert_eq!(Packet::parse(packet), Ok(Packet::Read(request)));
    }

    #[test]
    fn malformed_packets_are_refused() {
        let cases: [(&[u8], PacketError); 6] = [
            (b"", PacketError::CutOff),
            (b"\0\x01f", PacketError::CutOff),
            (b"\0\x01f\0octet", PacketError::CutOff),
            (b"\0\x01f\0mail\0", PacketError::Mode),
            (b"\0\x01\xff\0octet\0", PacketError::Name),
            (b"\0\x09", PacketError::Operation(9)),
        ];
        for (bytes, error) in cases {
            assert_eq!(Packet::parse(bytes), Err(error), "{bytes:?}");
        }
    }

    #[test]
    fn answers_have_the_form_of_the_rfc() {
        assert_eq!(data_packet(258, b"ab"), b"\0\x03\x01\x02ab");
        assert_eq!(
            option_ack_packet(&[("tsize", 70_000), ("blksize", 1468)]),
            b"\0\x06tsize\x0070000\0blksize\x001468\0"
        );
        assert_eq!(error_packet(ErrorCode::FileNotFound, "no"), b"\0\x05\0\x01no\0");
        assert_eq!(
            Packet::parse(b"\0\x05\0\x08stop\0"),
            Ok(Packet::Error { code: 8, text: "stop".to_owned() })
        );
    }
}
