"""Pictures from the web, fetched from real servers on this machine."""

import base64
import contextlib
import gzip
import http.server
import io
import socket
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import PIL.Image
import pytest
from tls import make_authority, tls_proxy

from sightline import ImageError, RequestTimeout
from sightline._fetch import MAX_DOWNLOAD_BYTES, MAX_REDIRECTS
from sightline.images import encode_image


def _png() -> bytes:
    file = io.BytesIO()
    PIL.Image.effect_noise((64, 48), 50).save(file, "PNG")
    return file.getvalue()


PICTURE = _png()
LIMIT_S = 20.0  # for what should not take long
SHORT_S = 0.3  # for what never ends
Send = Callable[[bytes], None]


@dataclass
class Page:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "image/png"})
    body: bytes = PICTURE


@dataclass
class Site:
    """A web server; `requests` are the (path, headers) that it saw."""

    url: str
    pages: dict[str, Page]
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list[tuple[str, dict[str, str]]])


@contextlib.contextmanager
def opened_site() -> Generator[Site]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            page = site.pages.get(self.path, Page(404, {}, b"no such page"))
            self.send_response(page.status)
            for name, value in {"Content-Length": str(len(page.body)), **page.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):  # the client may have seen enough
                self.wfile.write(page.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Site(f"http://127.0.0.1:{server.server_port}", {})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    with opened_site() as site:
        yield site


@contextlib.contextmanager
def raw_server(speak: Callable[[Send], None]) -> Generator[str]:
    """One that reads a request and leaves the answer to `speak`, until the client has gone."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.recv(65536)
                speak(connection.sendall)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/cat.png"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            ended.set()
            thread.join()
            ended.clear()


ended = threading.Event()  # for a server that says nothing, until its test is over


def drip(send: Send, text: bytes) -> None:
    for byte in (text * 200)[:200]:  # 6 s, should nobody hang up
        send(bytes([byte]))
        if ended.wait(SHORT_S / 10):
            return


def test_the_bytes_at_an_address_come_untouched(site: Site) -> None:
    site.pages["/cat.png"] = Page()
    assert encode_image(f"{site.url}/cat.png", timeout=LIMIT_S) == PICTURE
    assert encode_image(f"{site.url}/cat.png".replace("http", "HTTP"), timeout=None) == PICTURE


def test_an_address_with_a_query_a_fragment_and_letters_of_any_language_is_asked_for_as_browsers_do(site: Site) -> None:
    site.pages["/k%C3%A4tz%20chen.png?a=1&b=2"] = Page()
    assert encode_image(f"{site.url}/kätz chen.png?a=1&b=2#top", timeout=LIMIT_S) == PICTURE


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(site: Site, status: int) -> None:
    location = "../b/cät.png".encode().decode("latin-1")  # servers write UTF-8, http.server writes Latin-1
    site.pages["/a/cat"] = Page(status, {"Location": location}, b"moved")
    site.pages["/b/c%C3%A4t.png"] = Page()
    assert encode_image(f"{site.url}/a/cat", timeout=LIMIT_S) == PICTURE


def test_five_redirects_are_followed_and_not_one_more(site: Site) -> None:
    for number in range(1, MAX_REDIRECTS + 2):
        site.pages[f"/{number}"] = Page(302, {"Location": f"{site.url}/{number - 1}"}, b"")
    site.pages["/0"] = Page()
    assert encode_image(f"{site.url}/{MAX_REDIRECTS}", timeout=LIMIT_S) == PICTURE
    with pytest.raises(ImageError, match="after at most 5 redirects, got more"):
        encode_image(f"{site.url}/{MAX_REDIRECTS + 1}", timeout=LIMIT_S)


@pytest.mark.parametrize(
    ("location", "got"),
    [
        ("file:///etc/hostname", "a redirect to file"),
        ("ftp://127.0.0.1/cat.png", "a redirect to ftp"),
        ("http://[::1/", "a redirect to nowhere"),
        ("data:image/png;base64,AAAA", "a redirect to"),
    ],
)
def test_a_redirect_to_anything_but_the_web_is_refused(site: Site, location: str, got: str) -> None:
    site.pages["/cat"] = Page(302, {"Location": location}, b"")
    with pytest.raises(ImageError, match=rf"/cat' to lead to an http\(s\) address, got {got}"):
        encode_image(f"{site.url}/cat", timeout=LIMIT_S)


def test_a_user_name_and_password_go_to_their_own_host_only_and_into_no_message(site: Site) -> None:
    login = "Basic " + base64.b64encode("änn€:s3cret".encode()).decode()
    with opened_site() as other:
        site.pages["/"] = Page(302, {"Location": "/here"}, b"")
        site.pages["/here"] = Page(302, {"Location": f"{other.url}/there?signature=s3cret"}, b"")
        address = site.url.replace("http://", "http://änn€:s%33cret@")
        with pytest.raises(ImageError, match=r"there\?…', got status 404") as caught:
            encode_image(address + "/", timeout=LIMIT_S)
    assert [headers.get("authorization") for _, headers in site.requests] == [login, login]
    assert [headers.get("authorization") for _, headers in other.requests] == [None]
    assert "3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["http://ann:s3cret@[::1/", "http://ann:s3cret@host:99999/", "https://ann:s3cret@/cat.png", "http://"]
)
def test_an_address_that_cannot_be_read_is_not_repeated(address: str) -> None:
    with pytest.raises(ImageError, match="an address that cannot be read") as caught:
        encode_image(address)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "rest",
    [
        "\ud800", "\r\nX: y", "%zz", "?x=\ud800", "#", "/" * 100_000, "a b\x00", "@",
        "\ud800@127.0.0.1:1", ":@127.0.0.1:1", "[", "]@é", "\\",
    ],
)  # fmt: skip
def test_whatever_an_address_holds_the_picture_is_to_blame(rest: str) -> None:
    with pytest.raises(ImageError):
        encode_image(f"http://127.0.0.1:1/{rest}", timeout=LIMIT_S)
    with pytest.raises(ImageError):
        encode_image(f"http://{rest}", timeout=LIMIT_S)


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (204, "check the address"),
        (206, "check the address"),
        (301, "check the address"),  # it says not where to
        (401, "refuses access"),
        (404, "check the address"),
        (429, "try again later"),
        (503, "try again later"),
    ],
)
def test_any_status_but_200_is_refused_and_told(site: Site, status: int, advice: str) -> None:
    site.pages["/cat.png"] = Page(status, {}, b"")
    with pytest.raises(ImageError, match=rf"picture at '{site.url}/cat.png', got status {status} .*{advice}") as caught:
        encode_image(f"{site.url}/cat.png", timeout=LIMIT_S)
    assert caught.value.status == str(status)


def test_an_html_page_is_told_from_a_picture_by_its_type_or_its_text(site: Site) -> None:
    page = b"<!doctype html><img src=cat.png>"
    site.pages["/typed"] = Page(headers={"Content-Type": "Text/HTML; charset=utf-8"}, body=page)
    site.pages["/untyped"] = Page(headers={}, body=page)
    with pytest.raises(ImageError, match=r"got an HTML page \(text/html\); pass the address of the picture itself"):
        encode_image(f"{site.url}/typed", timeout=LIMIT_S)
    with pytest.raises(ImageError, match="an HTML page; pass the picture that it shows"):
        encode_image(f"{site.url}/untyped", timeout=LIMIT_S)


def test_an_empty_page_is_no_picture(site: Site) -> None:
    site.pages["/cat.png"] = Page(body=b"")
    with pytest.raises(ImageError, match="got 0 bytes"):
        encode_image(f"{site.url}/cat.png", timeout=LIMIT_S)


def test_compression_is_not_asked_for_and_refused(site: Site) -> None:
    site.pages["/cat.png"] = Page(headers={"Content-Encoding": "gzip"}, body=gzip.compress(PICTURE))
    with pytest.raises(ImageError, match="got them as gzip, unasked"):
        encode_image(f"{site.url}/cat.png", timeout=LIMIT_S)
    assert site.requests[0][1]["accept-encoding"] == "identity"


def test_too_many_bytes_are_refused_when_announced_without_reading_them(site: Site) -> None:
    site.pages["/cat.png"] = Page(headers={"Content-Length": str(MAX_DOWNLOAD_BYTES + 1)}, body=b"")
    with pytest.raises(ImageError, match=r"at most 67108864 bytes \(64 MiB\) from .*, got 67108865 bytes"):
        encode_image(f"{site.url}/cat.png", timeout=LIMIT_S)


@pytest.mark.parametrize("framing", [b"", b"Transfer-Encoding: chunked\r\n"])
def test_too_many_bytes_are_refused_when_they_come_unannounced(framing: bytes) -> None:
    sent = 0

    def speak(send: Send) -> None:
        nonlocal sent
        block = bytes(1 << 20)
        send(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n")
        while True:
            send(b"100000\r\n" + block + b"\r\n" if framing else block)
            sent += len(block)

    with raw_server(speak) as url, pytest.raises(ImageError, match=r"\(64 MiB\) from .*, got more"):
        encode_image(url, timeout=LIMIT_S)
    assert sent < 2 * MAX_DOWNLOAD_BYTES


def test_as_many_bytes_as_are_allowed_come(site: Site) -> None:
    site.pages["/large"] = Page(body=bytes(MAX_DOWNLOAD_BYTES))
    assert len(encode_image(f"{site.url}/large", timeout=LIMIT_S)) == MAX_DOWNLOAD_BYTES


def say_nothing(_: Send) -> None:
    ended.wait(LIMIT_S)


def drip_status(send: Send) -> None:
    drip(send, b"HTTP/1.1 200 OK")


def drip_header_lines(send: Send) -> None:
    send(b"HTTP/1.1 200 OK\r\n")
    drip(send, b"X-Padding: x\r\n")


def drip_the_body(send: Send) -> None:
    send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    drip(send, b"x")


def drip_chunks(send: Send) -> None:
    send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    drip(send, b"1\r\nx\r\n")


def drip_after_continue(send: Send) -> None:
    drip(send, b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize(
    "speak", [say_nothing, drip_status, drip_header_lines, drip_the_body, drip_chunks, drip_after_continue]
)
def test_the_time_limit_covers_the_whole_download(speak: Callable[[Send], None]) -> None:
    slow = r"cat.png' within 0.3 s, got no end of it; its host is slow, the inference server was not asked"
    with raw_server(speak) as url, pytest.raises(ImageError, match=slow) as caught:
        encode_image(url, timeout=SHORT_S)
    assert not isinstance(caught.value, RequestTimeout)


def test_the_time_limit_covers_all_redirects_together(site: Site) -> None:
    with raw_server(say_nothing) as slow:
        site.pages["/cat"] = Page(302, {"Location": slow}, b"")
        with pytest.raises(ImageError, match="its host is slow"):
            encode_image(f"{site.url}/cat", timeout=SHORT_S)


def test_no_time_left_is_no_time_to_ask(site: Site) -> None:
    with pytest.raises(ImageError, match="its host is slow"):
        encode_image(f"{site.url}/cat.png", timeout=0)
    assert site.requests == []


def test_an_unreachable_host_is_told_from_an_inference_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    refused = r"no whole answer from its host: .*Connection refused; the inference server was not asked yet"
    with pytest.raises(ImageError, match=refused):
        encode_image(f"http://127.0.0.1:{port}/cat.png", timeout=LIMIT_S)
    for name in ("no-such-host.invalid", "a..b", "x" * 70 + ".invalid"):
        with pytest.raises(ImageError, match="no whole answer from its host"):
            encode_image(f"http://{name}/cat.png", timeout=LIMIT_S)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
    ],
)
def test_an_answer_that_is_cut_or_broken_is_no_picture(answer: bytes) -> None:
    with raw_server(lambda send: send(answer)) as url, pytest.raises(ImageError, match="no whole answer"):
        encode_image(url, timeout=LIMIT_S)


def test_https_needs_a_certificate_of_an_authority_that_this_machine_trusts(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages["/cat.png"] = Page()
    authority = make_authority(tmp_path)
    with tls_proxy(site.url.removeprefix("http://"), authority=authority) as address:
        with pytest.raises(ImageError, match=r"certificate verify failed.*SSL_CERT_FILE"):
            encode_image(f"https://{address}/cat.png", timeout=LIMIT_S)
        assert site.requests == []
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
        assert encode_image(f"https://{address}/cat.png", timeout=LIMIT_S) == PICTURE
    with pytest.raises(ImageError, match="no whole answer"):  # TLS spoken to a plain server
        encode_image(site.url.replace("http:", "https:"), timeout=LIMIT_S)


@pytest.mark.parametrize("speak", [drip_header_lines, drip_the_body])
def test_the_time_limit_covers_https(
    speak: Callable[[Send], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = make_authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    with (
        raw_server(speak) as url,
        tls_proxy(url.split("/")[2], authority=authority) as address,
        pytest.raises(ImageError, match="its host is slow"),
    ):
        encode_image(f"https://{address}/cat.png", timeout=SHORT_S)


def test_the_time_limit_covers_the_handshake() -> None:
    with raw_server(say_nothing) as url, pytest.raises(ImageError, match="its host is slow"):
        encode_image(url.replace("http:", "https:"), timeout=SHORT_S)
