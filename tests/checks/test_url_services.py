"""Links through services that hide where they end."""

from mailfilter.checks.url_services import UrlServices

from .url_case import UrlCase, html, link, plain

CID0 = "Qm" + "XyZ9" * 11
CID1 = "bafybei" + "abcd2345" * 6


class UrlServicesTests(UrlCase):
    check = UrlServices

    def test_symbols(self) -> None:
        self.compare(
            {
                "HAS_FILE_URL": (
                    [
                        link("file:///C:/x.exe"),
                        link("file://192.0.2.1/share/x.exe"),
                        plain("open file:\\\\192.0.2.1\\share\\x.exe"),
                    ],
                    [
                        plain("file:///etc/fstab"),
                        plain("file://LICENSE;md5=1"),
                        link("http://file/"),
                    ],
                ),
                "HAS_GOOGLE_FIREBASE_URL": (
                    [
                        link("https://firebasestorage.googleapis.com/v0/b/x"),
                        link("https://a.firebasestorage.app/x"),
                    ],
                    [
                        link("https://storage.googleapis.com/x"),
                        link("https://firebase.google.com/"),
                    ],
                ),
                "HAS_GOOGLE_REDIR": (
                    [
                        link("https://www.google.com/url?q=http://evil.example"),
                        link("https://www.google.co.uk/amp/s/evil.example"),
                    ],
                    [
                        link("https://www.google.com/search?q=url"),
                        link("https://google.example.com/url?q=x"),
                        link("https://mail.google.com/url"),
                    ],
                ),
                "HAS_GUC_PROXY_URI": (
                    [
                        html('<img src="https://ci3.googleusercontent.com/proxy/x#http://a.b/c">'),
                        link("https://ci3.googleusercontent.com/proxy/x#http://a.example.com/c"),
                        link("https://images-focus.googleusercontent.com/gadgets/proxy?url=x"),
                    ],
                    [
                        link("https://lh3.googleusercontent.com/a/photo"),
                        link("https://googleusercontent.example.com/proxy/x"),
                    ],
                ),
                "HAS_IPFS_GATEWAY_URL": (
                    [
                        link(f"https://ipfs.io/ipfs/{CID0}"),
                        link(f"https://gateway.example/ipfs/{CID1}/index.html#bob@example.com"),
                        link(f"https://{CID1}.ipfs.dweb.link/"),
                        link(f"https://{CID1}.ipns.gateway.example/"),
                    ],
                    [
                        link("https://ipfs.io/ipfs/"),
                        link(f"https://ipfs.io/{CID0}"),
                        link("https://docs.ipfs.tech/how-to"),
                    ],
                ),
                "REDIRECTOR_URL": (
                    [
                        link("https://bit.ly/x"),
                        plain("see tinyurl.com/x"),
                        link("https://www.google.com/url?q=http://a.example"),
                        link("https://eur01.safelinks.protection.outlook.com/?url=x"),
                    ],
                    [
                        link("https://abit.ly/x"),
                        link("https://bit.ly.example.com/x"),
                        link("https://www.google.com/search?q=x"),
                        html('<img src="https://bit.ly/x">'),
                    ],
                ),
                "HAS_ONION_URI": (
                    [link(f"http://{'abcdefg2' * 7}.onion/"), plain(f"see {'abcdefg2' * 7}.onion")],
                    [link("http://onion.example/"), plain("an onion. No more")],
                ),
            }
        )
