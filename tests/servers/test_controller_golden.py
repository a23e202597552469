"""The controller with passwords, byte for byte as Rspamd (http-controller.md 2.8)."""

from mailfilter.config.model import Actions, Controller
from mailfilter.servers.controller import ENDPOINTS

from .controller_case import (
    STRANGER,
    ControllerCase,
    dressed_bytes,
    error_bytes,
    json_bytes,
)
from .http_case import CHECK

FOO = "Password: foo\r\n"
BAR = "Password: bar\r\n"
UNAUTHORIZED = error_bytes(401, "Unauthorized")
SUCCESS = json_bytes(b'{"success":true}')

FORM_TYPE = "Content-Type: multipart/form-data; boundary=x\r\n"
FORM = b'--x\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{"a":1}\r\n--x--\r\n'
"""Read as a form at one path, and as it is at the others."""

LOOK = (
    "/auth /stat /symbols /actions /maps /getmap /pie /healthy /ready /history /errors /neighbours"
    " /counters /scan /check /checkv2 /checkv3"
    " /plugins /bayes/classifiers /plugins/fuzzy/storages /plugins/maps/list"
)
CHANGE = (
    "/savemap /historyreset /statreset /learnspam /learnham /learnclass /saveactions /savesymbols"
    " /fuzzyadd /fuzzydel /fuzzydelhash /plugins/neural/train /plugins/selectors/check_message"
)


class GoldenTests(ControllerCase):
    """Passwords `foo` to look and `bar` to change, asked from elsewhere."""

    def setUp(self) -> None:
        super().setUp()
        controller = Controller(
            password="foo",
            enable_password="bar",
            secure_ip=("198.51.100.1",),
            max_auth_failures=1000,
        )
        self.use(controller, actions=Actions(rewrite_subject=8.0))
        self.connect(STRANGER)

    def test_auth(self) -> None:
        self.assertEqual(UNAUTHORIZED, self.get("/auth"))
        for headers, is_read_only in ((FOO, True), (BAR, False)):
            found = self.value(self.get("/auth", headers))
            self.assertEqual("ok", found["auth"])
            self.assertIs(is_read_only, found["read_only"])
        self.assertIs(True, self.value(self.get("/auth?password=foo"))["read_only"])
        self.assertEqual(UNAUTHORIZED, self.get("/auth", "Password: baz\r\n"))
        self.assertEqual(UNAUTHORIZED, self.get("/auth", "Password:\r\n"))

    def test_learn(self) -> None:
        self.assertEqual(UNAUTHORIZED, self.post("/learnspam", headers=FOO))
        self.assertEqual(
            error_bytes(400, "Empty body is not permitted"), self.post("/learnspam", headers=BAR)
        )
        self.assertEqual(SUCCESS, self.post("/learnspam", b"x", BAR))

    def test_actions(self) -> None:
        self.assertEqual(
            json_bytes(
                b'[{"action":"greylist","value":4.0},{"action":"add header","value":6.0},'
                b'{"action":"rewrite subject","value":8.0},{"action":"reject","value":15.0},'
                b'{"action":"soft reject","value":null},{"action":"no action","value":null}]'
            ),
            self.get("/actions?password=bar"),
        )

    def test_without_password(self) -> None:
        self.assertEqual(dressed_bytes(b"200 OK", b"text/plain", b"pong\r\n"), self.get("/PING"))
        self.assertEqual(
            dressed_bytes(b"404 Not found", b"text/plain", b"Not found"), self.get("/zzz")
        )
        self.assertEqual(
            dressed_bytes(b"500 Invalid method", b"text/plain", b""),
            self.ask(b"PUT /stat HTTP/1.1\r\n\r\n"),
        )
        self.assertTrue(self.ask(b"OPTIONS /stat HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 200 OK"))
        self.assertEqual(UNAUTHORIZED, self.ask(CHECK))

    def test_saveactions(self) -> None:
        self.assertEqual(
            error_bytes(400, "Cannot parse input"), self.post("/saveactions", b"[1,2]", BAR)
        )

    def test_scan(self) -> None:
        for headers in (FOO, BAR):
            self.value(self.post("/checkv2", b"hello", headers))
        self.assertEqual(2, len(self.scanner.calls))

    def test_levels(self) -> None:
        """What looks is for both, what changes for one, and nothing for nobody."""
        needs = {path: endpoint.needs for path, endpoint in ENDPOINTS.items()}
        self.assertEqual({"read"}, {needs[path] for path in LOOK.split()})
        self.assertEqual({"change"}, {needs[path] for path in CHANGE.split()})
        for path, level in needs.items():
            # Of forms nothing is read, which ends the connection.
            ends = b"Connection: close\r\nServer:" if path == "/checkv3" else b"Server:"
            refused = UNAUTHORIZED.replace(b"Server:", ends, 1)
            self.connect(STRANGER)
            self.assertEqual(refused, self.post(path, FORM, FORM_TYPE), path)
            if level == "change":
                self.assertEqual(UNAUTHORIZED, self.post(path, FORM, FORM_TYPE + FOO), path)
        self.assertEqual([], self.desk.told)
        self.assertEqual([], self.scanner.calls)

    def test_asked_for_too_much(self) -> None:
        """Who may look alone and wants more has guessed nothing: it can go on looking."""
        self.use(Controller(password="foo", enable_password="bar", max_auth_failures=2))
        self.connect(STRANGER)
        for _ in range(5):
            self.assertEqual(UNAUTHORIZED, self.post("/historyreset", b"x", FOO))
        self.value(self.get("/auth", FOO))
        self.assertEqual([], [line for line in self.lines() if "wrong" in line])

    def test_who(self) -> None:
        """What is changed is kept with who did it."""
        self.post("/statreset", headers=BAR)
        self.assertEqual([("reset", "192.0.2.1, by enable_password")], self.desk.told)
