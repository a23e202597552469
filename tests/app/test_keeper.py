"""Certificates over time: what is noticed when, who is told, and what people hear of it."""

from collections.abc import Callable

from twisted.internet.defer import Deferred

from mailfilter.app import keeper as module
from mailfilter.app.certificate_status import tls_page
from mailfilter.app.keeper import STUCK_SECONDS
from mailfilter.codec.control import ControlError, Credentials
from tests.app.credential_case import MUTUAL, TEXT
from tests.app.keeper_case import DAY, WATCH, KeeperCase


class WatchTests(KeeperCase):
    def setUp(self) -> None:
        super().setUp()
        self.keep()

    def test_quiet(self) -> None:
        """Nothing is said or sent where nothing has happened."""
        self.look(100)
        self.assertEqual((self.pushed, self.alarms(), dict(self.hub.events)), ([], [], {}))

    def test_renewed(self) -> None:
        self.renew()
        self.assertEqual(self.pushed, [])
        self.look(3)
        self.assertEqual([item.pairs[0].chain for item in self.pushed], [self.file("mx.pem")])
        self.assertEqual(dict(self.hub.events), {"certificates_renewed": 1})
        self.assertEqual(self.alarms(), [])

    def test_other_names(self) -> None:
        """Taken, since somebody may mean it, with an alarm; not again at the next renewal."""
        for number, names in enumerate((("mx.example.net", "*.example.org"), ("a.example.com",))):
            chain, key = self.root.issue(*names, stem=f"other-{number}")
            self.put("mx.key", key.read_bytes())
            self.put("mx.pem", chain.read_bytes())
            self.look(3)
            self.assertEqual(len(self.pushed), number + 1)
            told = ["mx.example.net and *.example.org"] * number
            self.assertEqual(
                self.alarms(),
                [
                    f"certificate mx is no more for {lost}: those who connect by that name will"
                    " refuse it"
                    for lost in told
                ],
            )
        self.reload()
        self.assertEqual(self.alarms(), [])

    def test_other_files(self) -> None:
        """Who names other files has not renewed anything."""
        for part, file in zip(("pem", "key"), self.root.issue("mx.example.net"), strict=True):
            self.put(f"other.{part}", file.read_bytes())
        self.reload(TEXT.replace('"mx.', '"other.'))
        self.assertEqual(self.alarms(), [])

    def test_bad_for_a_moment(self) -> None:
        """Files that were being written are no reason for an alarm."""
        chain, key = self.issue()
        self.put("mx.pem", chain)
        self.look()
        self.put("mx.key", key)
        self.look(2)
        self.assertEqual(self.alarms(), [])
        self.assertEqual(len(self.pushed), 1)

    def test_bad(self) -> None:
        """Told at the second look, and not again until a day has passed."""
        self.put("mx.key", self.issue()[1])
        self.look()
        self.assertEqual(self.alarms(), [])
        self.look()
        (text,) = self.alarms()
        self.assertIn("certificates.mx.key", text)
        self.assertIn("does not belong to the certificate; what", text)
        self.look(int(DAY / WATCH) - 10)
        self.assertEqual(self.alarms(), [])
        self.look(20)
        self.assertEqual(len(self.alarms()), 1)
        self.assertEqual(self.pushed, [])
        self.assertEqual(dict(self.hub.events), {"certificates_refused": 2})

    def test_bad_in_another_way(self) -> None:
        self.put("mx.key", b"")
        self.look(2)
        (self.folder / "mx.key").unlink()
        self.look()
        self.assertEqual(len(self.alarms()), 2)

    def test_mended(self) -> None:
        """What was before is there again: nothing to send."""
        key = self.file("mx.key")
        self.put("mx.key", b"")
        self.look(2)
        self.put("mx.key", key)
        self.look()
        self.assertEqual(dict(self.keeper.held.troubles()), {})
        self.assertEqual(self.pushed, [])
        self.assertEqual(self.said(), ["certificate mx: its files can be used again"])
        self.look(3)
        self.reload()
        self.assertEqual(self.said(), [])

    def test_mended_before_it_was_told(self) -> None:
        """Nobody has to hear of it."""
        key = self.file("mx.key")
        self.put("mx.key", b"")
        self.look()
        self.put("mx.key", key)
        self.look(2)
        self.assertEqual(self.said(), [])

    def test_mended_by_a_renewal(self) -> None:
        """That is told as such."""
        self.put("mx.key", b"")
        self.look(2)
        self.renew()
        self.look()
        (text,) = self.said()
        self.assertIn("certificate mx renewed: ", text)

    def test_answer_alone(self) -> None:
        """Counted by itself, as the certificate is the same."""
        text = TEXT.replace('key = "mx.key"', 'key = "mx.key"\nocsp = "mx.ocsp"')
        for days, is_good in (((-1.0, 7.0), True), ((-1.0, 9.0), True), ((-1.0, 9.0), False)):
            answer = self.root.vouch(self.folder / "mx.pem", days=days, is_good=is_good)
            self.put("mx.ocsp", answer.read_bytes())
            if days[1] < 9:
                self.keep(text)
            self.look(2)
        self.assertEqual(
            self.said(),
            [
                "certificate mx: answer of OCSP renewed",
                "certificate mx: no answer of OCSP is shown any more",
            ],
        )
        (alarm,) = self.alarms()
        self.assertIn("is revoked; a new one is needed; no answer is shown", alarm)
        self.assertEqual(self.pushed[-1].pairs[0].ocsp, b"")
        events = {"staples_renewed": 1, "staples_dropped": 1, "certificates_refused": 1}
        self.assertEqual(dict(self.hub.events), events)

    def test_exposed(self) -> None:
        (self.folder / "mx.key").chmod(0o644)
        self.look(2)
        self.assertIn("everybody may read", self.alarms()[0])

    def test_key_of_the_store(self) -> None:
        """It reads that by itself; who else may is told all the same."""
        redis = "[store]\nkind = 'redis'\n[store.redis]\nservers = ['127.0.0.1:6379']\n"
        self.reload(redis + "tls = true\ntls_certificate = 'mx.pem'\ntls_key = 'mx.key'\n")
        (self.folder / "mx.key").chmod(0o644)
        self.look()
        self.assertEqual(self.alarms(), [])
        self.look(5)
        (text,) = self.alarms()
        self.assertIn("store.redis.tls_key", text)
        self.assertIn("everybody may read; chmod o-rw", text)
        self.assertNotIn("what was used before", text)

    def test_too_large_to_send(self) -> None:
        """What workers cannot be told is not taken for what they serve with."""

        def refuse(credentials: Credentials) -> None:
            raise ControlError("a message of 9 octets")

        self.patch(self.keeper, "_push", refuse)
        before = self.keeper.held
        self.renew()
        self.look(3)
        self.assertIs(self.keeper.held, before)
        self.assertEqual(
            self.alarms(), ["certificates and keypairs are not renewed: a message of 9 octets"]
        )
        self.assertEqual(dict(self.hub.events), {})

    def test_hangs(self) -> None:
        """Files of a server that does not answer: told, and it is not waited for for ever."""
        looks: list[Deferred[object]] = []

        def hang(_: object, work: object) -> Deferred[object]:
            looks.append(Deferred())
            return looks[-1]

        self.patch(module, "in_background", hang)
        self.look(int(STUCK_SECONDS / WATCH))
        self.assertEqual(self.alarms(), [])
        self.look(100)
        self.assertEqual(len(looks), 1)
        (text,) = self.alarms()
        self.assertIn("does not end", text)
        self.reload()
        self.look(5)
        self.assertEqual(len(looks), 2)
        looks[0].callback(None)
        self.look(5)
        self.assertEqual(len(looks), 2)
        looks[1].callback(None)
        self.look()
        self.assertEqual(len(looks), 3)

    def test_not_while_another_configuration_comes(self) -> None:
        self.is_settled = False
        self.renew()
        self.look(3)
        self.assertEqual(self.pushed, [])
        self.is_settled = True
        self.look()
        self.assertEqual(len(self.pushed), 1)

    def test_overtaken(self) -> None:
        """What was read before a reload is not what comes after it."""
        waiting: list[Callable[[], None]] = []

        def later(_: object, work: Callable[[], object]) -> Deferred[object]:
            done: Deferred[object] = Deferred()
            waiting.append(lambda: done.callback(work()))
            return done

        self.patch(module, "in_background", later)
        self.renew()
        self.look(5)
        self.assertEqual(len(waiting), 1)
        self.reload()
        held = self.keeper.held
        waiting[0]()
        self.assertIs(self.keeper.held, held)
        self.assertEqual(self.pushed, [])
        self.look()
        self.assertEqual(len(waiting), 2)

    def test_stopped(self) -> None:
        self.keeper.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_no_watch(self) -> None:
        self.reload(TEXT + "[tls]\nwatch = '0s'\n")
        self.renew()
        self.look(1000)
        self.assertEqual(self.pushed, [])

    def test_no_certificates(self) -> None:
        self.reload("")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def file(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


class ReloadTests(KeeperCase):
    def setUp(self) -> None:
        super().setUp()
        self.keep()

    def test_renewed(self) -> None:
        """New workers have it from the start."""
        self.renew()
        self.reload()
        self.assertEqual(self.pushed, [])
        self.assertEqual(dict(self.hub.events), {"certificates_renewed": 1})

    def test_bad(self) -> None:
        """Told at once, whenever somebody asks."""
        self.put("mx.key", b"")
        for _ in range(2):
            self.reload()
            self.assertEqual(len(self.alarms()), 1)
        self.look(5)
        self.assertEqual(self.alarms(), [])

    def test_mended(self) -> None:
        """Also by the next reload."""
        key = (self.folder / "mx.key").read_bytes()
        self.put("mx.key", b"")
        self.reload()
        self.put("mx.key", key)
        self.reload()
        self.assertEqual(self.said(), ["certificate mx: its files can be used again"])


class StatusTests(KeeperCase):
    def test_page(self) -> None:
        self.root.revoke()
        self.keep(TEXT + MUTUAL)
        page = tls_page(self.keeper.loaded.config, self.keeper.held, self.begun)
        item = page["certificates"]["mx"]
        self.assertEqual(item["chain"], str(self.folder / "mx.pem"))
        self.assertEqual(item["names"], ["mx.example.org"])
        self.assertEqual((item["subject"], item["issuer"]), ("CN=mx.example.org", "CN=root"))
        self.assertEqual((item["key"], item["listeners"]), ("P-256", ["scan"]))
        self.assertTrue(89.9 < item["days"] < 90.1)
        self.assertEqual((item["trouble"], item["ocsp_expires"]), ("", None))
        trust = page["client_trust"]["scan"]
        self.assertEqual(trust["file"], str(self.folder / "root.pem"))
        self.assertEqual(trust["authorities"][0]["subject"], "CN=root")
        self.assertEqual(trust["lists"][0]["issuer"], "CN=root")
        inside = (self.folder / "mx.key").read_text().splitlines()[1]
        self.assertNotIn(inside, repr(page))

    def test_expired(self) -> None:
        """In a field of its own: it is what the files hold."""
        self.renew((-20, -10))
        self.root.revoke(days=(-9, -1))
        self.keep(TEXT + MUTUAL)
        page = tls_page(self.keeper.loaded.config, self.keeper.held, self.begun)
        for item, expected in (
            (page["certificates"]["mx"], "certificate mx has expired at "),
            (page["client_trust"]["scan"], "the list of revoked certificates of CN=root has exp"),
        ):
            self.assertEqual(item["trouble"], "")
            (text,) = item["expired"]
            self.assertIn(expected, text)

    def test_trouble(self) -> None:
        self.keep()
        self.put("mx.key", b"")
        self.look()
        page = tls_page(self.keeper.loaded.config, self.keeper.held, self.begun)
        self.assertIn("the file is empty", page["certificates"]["mx"]["trouble"])
