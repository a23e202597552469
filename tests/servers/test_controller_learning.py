"""The controller: what has no feature behind it yet, and what it is to be."""

from mailfilter.testing.fake_desk import FakeTeacher

from .controller_case import (
    STRANGER,
    ControllerCase,
    dressed_bytes,
    error_bytes,
    json_bytes,
)

NO_CLASSIFIERS = error_bytes(404, "no classifiers defined")
EMPTY = error_bytes(400, "Empty body is not permitted")
DISABLED = error_bytes(500, "Module disabled")
NOT_FOUND = dressed_bytes(b"404 Not found", b"text/plain", b"Not found")
SUCCESS = json_bytes(b'{"success":true}')

TODO_FUZZY = "comes with fuzzy hashes"
TODO_SELECTORS = "comes with selectors"
TODO_NEURAL = "comes with neural networks"

LEARN = ("/learnspam", "/learnham", "/learnclass")
NEURAL = ("learn", "learn_message", "status", "config", "train")
SELECTORS = ("list_extractors", "list_transforms", "check_selector?selector=ip")


class LearnTests(ControllerCase):
    """What a controller learns, and how it answers (http-controller.md 2.7)."""

    @property
    def teacher(self) -> FakeTeacher:
        """Who learns."""
        assert self.services.teacher is not None
        return self.services.teacher

    def test_learn(self) -> None:
        for path, label in (
            ("/learnspam", "spam"),
            ("/LearnHam", "ham"),
            ("/learnclass", "ham"),
        ):
            mail = path.encode()
            self.assertEqual(SUCCESS, self.post(path, mail, "Class: Ham\r\n"), path)
            self.assertEqual(self.teacher.known[mail], label)
        self.assertEqual(self.teacher.by, "loopback")

    def test_twice(self) -> None:
        mail = b"Message-ID: <1@x>\r\n\r\nx"
        for label in ("spam", "ham"):
            self.assertEqual(SUCCESS, self.post(f"/learn{label}", mail))
            text = f"<1@x> has been already learned as {label}, ignore it"
            self.assertEqual(error_bytes(208, text), self.post(f"/learn{label}", mail))
        self.post("/learnspam", b"x")
        text = "<undef> has been already learned as spam, ignore it"
        self.assertEqual(error_bytes(208, text), self.post("/learnspam", b"x"))

    def test_refused(self) -> None:
        self.teacher.refusal = "why not"
        expected = json_bytes(b'{"success":false,"error":"why not"}')
        self.assertEqual(expected, self.post("/learnspam", b"x"))

    def test_what_is_missing(self) -> None:
        for path in LEARN:
            self.assertEqual(EMPTY, self.post(path, headers="Class: spam\r\n"), path)
        self.assertEqual(
            error_bytes(400, "Class header is required for multiclass learning"),
            self.post("/learnclass", b"x"),
        )
        self.assertEqual(
            error_bytes(404, "class 'eggs' is not defined in classifier bayes"),
            self.post("/learnclass", b"x", "Class: eggs\r\n"),
        )
        self.assertEqual(
            error_bytes(404, "cannot find classifier with name other"),
            self.post("/learnspam", b"x", "Classifier: other\r\n"),
        )
        self.assertEqual(SUCCESS, self.post("/learnspam", b"x", "Classifier: bayes\r\n"))

    def test_figures(self) -> None:
        self.post("/learnspam", b"1")
        self.post("/learnspam", b"2")
        self.post("/learnham", b"3")
        found = self.value(self.get("/stat"))
        self.assertEqual((found["learned"], found["total_learns"]), (3, 3))
        told = {one["symbol"]: one["revision"] for one in found["statfiles"]}
        self.assertEqual(told, {"BAYES_SPAM": 2, "BAYES_HAM": 1})
        (one,) = self.value(self.get("/bayes/classifiers"))["classifiers"]
        self.assertEqual(one["classes"], ["spam", "ham"])

    def test_switched_off(self) -> None:
        self.services.teacher = None
        for path in LEARN:
            self.assertEqual(NO_CLASSIFIERS, self.post(path, b"x", "Class: x\r\n"), path)
        self.assertEqual(json_bytes(b'{"classifiers":[]}'), self.get("/bayes/classifiers"))
        self.assertEqual(self.value(self.get("/stat"))["statfiles"], [])

    def test_large(self) -> None:
        """As large a message may be learnt as is scanned, and no larger one."""
        self.assertEqual(SUCCESS, self.post("/learnspam", b"x" * 2**21))
        head = f"POST /learnspam HTTP/1.1\r\nContent-Length: {50 * 2**20 + 1}\r\n\r\n"
        self.assertTrue(self.ask(head.encode()).startswith(b"HTTP/1.1 413 "))


class NowTests(ControllerCase):
    """As a Rspamd without these features."""

    def test_fuzzy(self) -> None:
        for path in ("/fuzzyadd", "/fuzzydel", "/plugins/fuzzy/hashes?flag=1"):
            self.assertEqual(DISABLED, self.post(path, b"x", "Flag: 1\r\n"), path)
        self.assertEqual(error_bytes(400, "No hash defined"), self.get("/fuzzydelhash"))
        self.assertEqual(DISABLED, self.get("/fuzzydelhash", "Hash: 00\r\nFlag: 1\r\n"))
        self.assertEqual(
            json_bytes(b'{"success":true,"storages":{}}'), self.get("/plugins/fuzzy/storages")
        )

    def test_absent(self) -> None:
        for name in NEURAL:
            self.assertEqual(NOT_FOUND, self.post(f"/plugins/neural/{name}", b"x"), name)
        self.assertEqual(NOT_FOUND, self.get("/plugins/selectors/check_selector?selector=ip"))
        for name in ("list_extractors", "list_transforms"):
            self.assertEqual(json_bytes(b"{}"), self.get(f"/plugins/selectors/{name}"), name)
        for path in (
            "/plugins/selectors/check_message?selector=ip",
            "/addsymbol",
            "/addaction",
        ):
            self.assertEqual(NOT_FOUND, self.post(path, b"x"), path)

    def test_strangers(self) -> None:
        self.connect(STRANGER)
        for path in (*LEARN, "/fuzzyadd", "/fuzzydelhash", "/bayes/classifiers"):
            self.assertEqual(error_bytes(401, "Unauthorized"), self.post(path), path)


class ToCome(ControllerCase):
    """Each fails until its feature is there."""

    def test_fuzzy_add(self) -> None:
        found = self.value(self.post("/fuzzyadd", b"x" * 1000, "Flag: 1\r\n"))
        self.assertTrue(found["hashes"])

    test_fuzzy_add.todo = TODO_FUZZY  # type: ignore[attr-defined]

    def test_fuzzy_delete(self) -> None:
        found = self.value(self.post("/fuzzydel", b"x" * 1000, "Flag: 1\r\n"))
        self.assertTrue(found["hashes"])

    test_fuzzy_delete.todo = TODO_FUZZY  # type: ignore[attr-defined]

    def test_fuzzy_delete_hash(self) -> None:
        self.assertTrue(self.value(self.get("/fuzzydelhash", "Hash: 00\r\nFlag: 1\r\n"))["success"])

    test_fuzzy_delete_hash.todo = TODO_FUZZY  # type: ignore[attr-defined]

    def test_fuzzy_hashes(self) -> None:
        found = self.value(self.post("/plugins/fuzzy/hashes?flag=1", b"x" * 1000))
        self.assertTrue(found["hashes"])

    test_fuzzy_hashes.todo = TODO_FUZZY  # type: ignore[attr-defined]

    def test_fuzzy_storages(self) -> None:
        self.assertTrue(self.value(self.get("/plugins/fuzzy/storages"))["storages"])

    test_fuzzy_storages.todo = TODO_FUZZY  # type: ignore[attr-defined]

    def test_selectors(self) -> None:
        for name in SELECTORS:
            self.assertTrue(self.value(self.get(f"/plugins/selectors/{name}")), name)

    test_selectors.todo = TODO_SELECTORS  # type: ignore[attr-defined]

    def test_neural(self) -> None:
        self.assertTrue(self.value(self.get("/plugins/neural/config"))["success"])

    test_neural.todo = TODO_NEURAL  # type: ignore[attr-defined]
