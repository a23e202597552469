"""What is said of what is about to expire, and when."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.expiry import Life, Reminders
from mailfilter.app.keeper import CLOCK_SECONDS
from mailfilter.app.plan import draft
from tests.app.credential_case import MUTUAL, TEXT
from tests.app.keeper_case import DAY, KeeperCase


class ReminderTests(SynchronousTestCase):
    def test_once_a_day(self) -> None:
        """Also by a clock that was ahead, and has been set."""
        reminders = Reminders()
        told = [
            reminders.is_news(at * DAY, "x") for at in (90.0, 90.9, 91.0, 30.0, 30.5, 31.0, 31.5)
        ]
        self.assertEqual(told, [True, False, True, True, False, True, False])


class ExpiryTests(KeeperCase):
    def test_clock_set_back(self) -> None:
        """What was said by a wrong clock is said again by the right one."""
        self.renew((-20, 10))
        self.keep()
        self.assertEqual(len(self.alarms()), 1)
        self.begun -= 9 * DAY
        self.keeper.loaded = draft(
            self.write("m.toml", TEXT + "[tls]\nwarn_before = '90d'\n")
        ).loaded
        self.look(10)
        self.clock.pump([CLOCK_SECONDS])
        self.assertEqual(len(self.alarms()), 1)

    def test_certificate(self) -> None:
        """From two weeks before, once a day; then that it is over."""
        self.renew((-1, 16))
        self.keep()
        self.days(1)
        self.assertEqual(self.alarms(), [])
        self.days(2)
        (first, second) = self.alarms()
        self.assertIn("certificate mx expires in 14.0 days, at ", first)
        self.assertIn("certificate mx expires in 13.0 days, at ", second)
        self.days(11)
        self.alarms()
        self.days(2)
        texts = self.alarms()
        self.assertIn("certificate mx expires in 24.0 hours", texts[0])
        self.assertIn("certificate mx has expired at ", texts[-1])
        self.assertIn("those who connect will refuse it", texts[-1])

    def test_amounts(self) -> None:
        """In a unit that says something."""
        for left, expected in (
            (90000, "1.0 days"),
            (5400, "1.5 hours"),
            (600, "10 minutes"),
            (45, "45 seconds"),
        ):
            life = Life(("a", "b", "c"), "it", 0.0, 1e6, "then")
            _, text = life.trouble(1e6 - left, 1e6)
            self.assertIn(f"it expires in {expected}, at ", text)

    def test_renewed(self) -> None:
        self.renew((-1, 10))
        self.keep()
        self.assertEqual(len(self.alarms()), 1)
        self.renew()
        self.look()
        self.days(3)
        self.assertEqual(self.alarms(), [])

    def test_at_the_start(self) -> None:
        self.renew((-20, -10))
        self.keep()
        self.assertIn("certificate mx has expired at ", self.alarms()[0])

    def test_setting(self) -> None:
        self.renew((-1, 10))
        self.keep(TEXT + "[tls]\nwarn_before = '3d'\nwatch = '0s'\n")
        self.days(6)
        self.assertEqual(self.alarms(), [])
        self.days(2)
        self.assertNotEqual(self.alarms(), [])

    def test_certificate_for_redis(self) -> None:
        text = "[store]\nkind = 'redis'\n[store.redis]\nservers = ['127.0.0.1:6379']\n"
        text += "tls = true\ntls_certificate = 'mx.pem'\ntls_key = 'mx.key'\n"
        self.renew((-1, 15.5))
        self.keep(text)
        self.assertEqual(self.alarms(), [])
        self.days(2)
        (soon,) = self.alarms()
        self.assertIn("our certificate for Redis expires in 14.0 days, at ", soon)
        self.renew((-1, 90))
        self.days(2)
        self.assertEqual(self.alarms(), [])
        self.renew((-20, -10))
        self.days(1)
        (late,) = self.alarms()
        self.assertIn("our certificate for Redis has expired at ", late)
        self.assertTrue(late.endswith(": Redis will refuse it"), late)

    def test_list_and_answer(self) -> None:
        """They live for a week, and are made anew in it: no alarm on each of its days."""
        self.root.revoke(days=(-1, 7))
        self.put("mx.ocsp", self.root.vouch(self.folder / "mx.pem", days=(-1, 7)).read_bytes())
        text = TEXT.replace('key = "mx.key"', 'key = "mx.key"\nocsp = "mx.ocsp"') + MUTUAL
        self.keep(text)
        self.days(4)
        self.assertEqual(self.alarms(), [])
        self.days(2)
        texts = " ".join(self.alarms())
        self.assertIn("listener scan: the list of revoked certificates of CN=root expires", texts)
        self.assertIn("certificate mx: the answer of OCSP about it expires", texts)
        self.days(2)
        texts = " ".join(self.alarms())
        self.assertIn("all certificates of that authority are refused", texts)
        self.assertIn("it is not shown", texts)
