use super::*;

/// What is left of `octets` when they come in pieces of `size`, and the state then.
fn seen(octets: &[u8], size: usize) -> (Vec<u8>, State) {
    let mut framing = Framing::default();
    let mut all = Vec::new();
    for piece in octets.chunks(size) {
        let mut piece = piece.to_vec();
        if !framing.is_broken() {
            framing.look(&mut piece);
            all.extend_from_slice(&piece);
        }
    }
    (all, framing.state)
}

#[test]
fn follows_requests_to_their_ends_in_any_pieces() {
    let body = [0, 10, 13, 10, 255].repeat(7);
    let mut stream = Vec::new();
    stream.extend_from_slice(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.extend_from_slice(b"\r\nPOST /tsa HTTP/1.1\r\nhost: a\r\ncontent-length:  35 \r\n\r\n");
    stream.extend_from_slice(&body);
    stream.extend_from_slice(
        b"POST /tsa HTTP/1.1\r\nTransfer-Encoding:\tChunked\r\nX:\r\n\r\n5\r\n\n\n\r\n\0\r\n1\r\n\n\r\n0\r\n\r\n",
    );
    stream.extend_from_slice(b"HEAD / HTTP/1.0\r\ncontent-length: 0\r\n\r\n");
    for size in 1..stream.len() {
        assert_eq!(seen(&stream, size), (stream.clone(), State::RequestLine), "{size}");
    }
}

#[test]
fn breaks_what_can_be_read_in_two_ways_thr_88() {
    let post = |fields: &str| format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
    for broken in [
        post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"),
        post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"),
        post("Content-Length: 4\r\nContent-Length: 4\r\n"),
        post("Content-Length: 4\r\ncontent-length: 5\r\n"),
        post("Content-Length: 4, 4\r\n"),
        post("Content-Length: +4\r\n"),
        post("Content-Length: 0x4\r\n"),
        post("Content-Length:\r\n"),
        post("Content-Length: 1000000000000000\r\n"),
        post("Transfer-Encoding: xchunked\r\n"),
        post("Transfer-Encoding: chunked, identity\r\n"),
        post("Transfer-Encoding: gzip, chunked\r\n"),
        post("Transfer-Encoding: identity\r\n"),
        post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        post("Transfer-Encoding : chunked\r\n"),
        post("Transfer-Encoding\t: chunked\r\n"),
        post(" Transfer-Encoding: chunked\r\n"),
        post("X: a\r\n Transfer-Encoding: chunked\r\n"),
        post("Transfer-Encoding: \x0bchunked\r\n"),
        post("Transfer-Encoding: \"chunked\"\r\n"),
        post("Transfer-Encoding:\0chunked\r\n"),
        post("X: a\nTransfer-Encoding: chunked\r\n"),
        post("X: a\rTransfer-Encoding: chunked\r\n"),
        post("Host: b\r\n"),
        post(": a\r\n"),
        post("nonsense\r\n"),
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\nHost: a\n\n".to_owned(),
        "\nGET / HTTP/1.1\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(HEAD_LIMIT)),
    ] {
        for size in [1, 7, broken.len()] {
            let (left, state) = seen(broken.as_bytes(), size);
            assert_eq!(state, State::Broken, "{broken:?}");
            assert_eq!(left.last(), Some(&0), "{broken:?}");
            assert!(!left.ends_with(b"\r\n\r\n"));
        }
    }
}

#[test]
fn breaks_chunks_that_are_not_framed_as_rfc_9112_says_thr_88() {
    let chunked = |body: &str| format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
    for broken in [
        "3;x=y\r\nabc\r\n",
        "3\nabc\r\n",
        "3\r\nabc\n",
        "3\r\nabcd\r\n",
        "+3\r\nabc\r\n",
        "0x3\r\nabc\r\n",
        " 3\r\nabc\r\n",
        "3 \r\nabc\r\n",
        "\r\n",
        "000000003\r\nabc\r\n",
        "FFFFFFFFF\r\n",
        "0\r\nX: trailer\r\n\r\n",
        "0\r\n\n",
    ] {
        assert_eq!(seen(chunked(broken).as_bytes(), 1).1, State::Broken, "{broken:?}");
    }
}

#[test]
fn knows_what_a_peer_is_in_the_middle_of() {
    let mut framing = Framing::default();
    let mut after = |text: &str| {
        framing.look(&mut text.as_bytes().to_vec());
        framing.progress()
    };
    assert_eq!(after(""), Progress::Between);
    assert_eq!(after("P"), Progress::Head);
    assert_eq!(after("OST / HTTP/1.1\r\n"), Progress::Head);
    assert_eq!(after("content-length: 2\r\n\r"), Progress::Head);
    assert_eq!(after("\n"), Progress::Body);
    assert_eq!(after("a"), Progress::Body);
    assert_eq!(after("b"), Progress::Between);
}
